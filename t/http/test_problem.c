#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/internal.h"
#include "t/tap.h"

static struct request rq;

static void
fresh(const char *path)
{
	struct buf headers = rq.resp.headers, body = rq.resp.body;

	buf_reset(&headers);
	buf_reset(&body);
	rq = (struct request){
	    .path = path, .resp = {.headers = headers, .body = body}};
}

static void
answer(const char *path, enum err_code code, const char *text)
{
	struct err e;

	fresh(path);
	err_set(&e, code, "%s", text);
	problem_answer(&rq, &e);
}

static void
test_v1(void)
{
	struct err e;

	answer("/v1/x", ERR_BAD_REQUEST, "no \"name\"\n");
	is_int(rq.resp.status, 400, "the status of the code");
	is_str(rq.resp.type, "application/json", "JSON");
	is_str(rq.resp.body.data,
	    "{\"status\":400,\"message\":"
	    "\"no \\\"name\\\"\\n\",\"errors\":[]}",
	    "the shape of /v1");
	fresh("/v1/x");
	(void)err_fault(&e, ERR_DATABASE, "SELECT secret FROM place");
	problem_answer(&rq, &e);
	is_str(rq.resp.body.data,
	    "{\"status\":500,\"message\":"
	    "\"database error\",\"errors\":[]}",
	    "S33: the cause stays with us");
	answer(NULL, ERR_INTERNAL, "");
	is_int(rq.resp.status, 500, "without a path");
}

static void
test_retry(void)
{
	answer("/v1/x", ERR_UNAVAILABLE, "");
	is_int(rq.resp.status, 503, "unavailable");
	is_str(rq.resp.headers.data, "Retry-After: 2\r\n", "Retry-After");
	fresh("/v1/x");
	resp_header(&rq, "Retry-After", "60");
	problem_answer(&rq, &(struct err){.code = ERR_TOO_MANY_REQUESTS});
	is_str(rq.resp.headers.data, "Retry-After: 60\r\n",
	    "the handler's own Retry-After stays alone");
}

static void
test_scv(void)
{
	static const enum err_code REFUSALS[] = {ERR_AUTH, ERR_NO_CONTEXT};
	size_t i;

	answer("/scv/customers", ERR_NOT_FOUND, "not found");
	is_str(rq.resp.type, "application/problem+json", "its type");
	is_str(rq.resp.body.data,
	    "{\"title\":\"not found\",\"status\":404,"
	    "\"invalid-params\":[]}",
	    "the shape of /scv");
	answer("/__dxp/au/scv/acme/nothing", ERR_NOT_FOUND, "not found");
	is_str(rq.resp.type, "application/problem+json", "so is a portal's");
	answer("/exports/x", ERR_NOT_FOUND, "not found");
	is_str(rq.resp.type, "application/problem+json", "and an export's");
	for (i = 0; i < sizeof(REFUSALS) / sizeof(REFUSALS[0]); i++) {
		answer("/scv/customers", REFUSALS[i], "why");
		is_int(rq.resp.status, 401, "S6: a refusal is 401");
		is_str(rq.resp.body.data, "{\"message\":\"Unauthorized\"}",
		    "S6: and says the same");
	}
	answer("/v1/x", ERR_AUTH, "why");
	is_int(rq.resp.status, 403, "where /v1 says 403");
}

/* True if a header of that value ends the process. */
static bool
header_aborts(const char *value)
{
	struct rlimit none = {0, 0};
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		fresh("/v1/x");
		resp_header(&rq, "X-Test", value);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void
test_headers(void)
{
	fresh("/v1/x");
	resp_header(&rq, "X-One", "a b");
	resp_header(&rq, "X-Two", "\xc3\xa9");
	is_str(rq.resp.headers.data, "X-One: a b\r\nX-Two: \xc3\xa9\r\n",
	    "headers in order");
	ok(header_aborts("a\r\nX-Evil: b"), "S29: CR LF makes no header");
	ok(header_aborts("a\nb"), "S29: nor LF alone");
	ok(header_aborts("\x7f"), "S29: nor other controls");
	ok(!header_aborts("plain"), "a plain value does");
}

int
main(void)
{
	test_v1();
	test_retry();
	test_scv();
	test_headers();
	buf_free(&rq.resp.headers);
	buf_free(&rq.resp.body);
	return done_testing();
}
