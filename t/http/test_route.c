#include <string.h>

#include "http/internal.h"
#include "t/tap.h"

static struct transport transport;
static struct request rq;

static enum err_code
match(const char *method, const char *path)
{
	struct buf headers = rq.resp.headers;
	struct err e;

	buf_reset(&headers);
	arena_reset(rq.arena);
	rq = (struct request){.arena = rq.arena,
	    .transport = &transport,
	    .method = method,
	    .path = path,
	    .resp.headers = headers};
	return route_match(&rq, &e);
}

static const char *
name(void)
{
	return rq.route ? rq.route->name : NULL;
}

static void
test_rows(void)
{
	unsigned i;

	for (i = 0; i < routes_count; i++) {
		if (strchr(routes[i].path, '{'))
			continue;
		is_int(match(routes[i].method, routes[i].path), ERR_OK,
		    "%s %s is found", routes[i].method, routes[i].path);
		ok(rq.route == &routes[i], "and is its own row");
	}
}

static void
test_vars(void)
{
	is_int(match("GET", "/v1/jobs"), ERR_OK, "no variable");
	is_int(match("DELETE", "/v1/jobs/abc"), ERR_OK, "another method");
	is_int(match("GET", "/v1/jobs/abc"), ERR_OK, "a variable");
	is_str(name(), "api_job_show", "its row");
	is_str(rq.vars[0], "abc", "its value");
	is_int(match("GET", "/v1/jobs/abc/errors"), ERR_OK, "a tail after it");
	is_str(name(), "api_job_errors", "the longer row");
	is_int(match("GET", "/acme/upload_customers/abc"), ERR_OK,
	    "a job id is an address");
	is_str(name(), "api_job_by_id", "its row");
	is_str(rq.vars[0], "acme", "account");
	is_str(rq.vars[1], "upload_customers", "operation");
	is_str(rq.vars[2], "abc", "uuid");
}

static void
test_unknown(void)
{
	static const char *const PATHS[] = {"", "/", "/nope", "/healthz/",
	    "/healthz/x", "healthz", "//healthz", "/v1", "/v1/", "/v1/job",
	    "/v1/jobs/", "/v1/jobs//errors", "/v1/jobs/a/errors/b",
	    "/v1/customer/check/x", "/v1/upload_customers/abc",
	    "/scv/upload_customers/abc", "/acme/upload/abc",
	    "/acme/_customers/abc", "/acme/upload_customers/",
	    "/a.b/upload_customers/abc", "/%7Buuid%7D"};
	size_t i;

	for (i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++)
		is_int(match("GET", PATHS[i]), ERR_NOT_FOUND,
		    "nothing is at '%s'", PATHS[i]);
}

static void
test_method(void)
{
	is_int(match("GET", "/v1/cpf"), ERR_METHOD, "another method");
	is_str(rq.resp.headers.data, "Allow: PUT, POST, PATCH, DELETE\r\n",
	    "Allow");
	ok(!rq.route, "no row");
	is_int(match("GET", "/v1/customer/check"), ERR_METHOD,
	    "a literal path hides one with variables");
	is_str(rq.resp.headers.data, "Allow: POST\r\n", "Allow");
	is_int(
	    match("HEAD", "/scv/segments"), ERR_OK, "HEAD is there with GET");
	is_str(name(), "scv_segment_list", "GET's row");
	is_int(match("PATCH", "/scv/segments"), ERR_METHOD, "another method");
	is_str(rq.resp.headers.data, "Allow: GET, HEAD, POST\r\n",
	    "HEAD is allowed");
	is_int(match("HEAD", "/v1/cpf"), ERR_METHOD, "HEAD without GET");
	is_int(match("HEAD", "/v1/auth"), ERR_METHOD,
	    "nor where it would spend a token");
	is_str(rq.resp.headers.data, "Allow: POST, GET, PATCH, DELETE\r\n",
	    "Allow");
	is_int(match("get", "/healthz"), ERR_METHOD, "methods have a case");
	is_int(match("GETX", "/healthz"), ERR_METHOD, "and an end");
}

int
main(void)
{
	rq.arena = arena_new(4096);
	test_rows();
	test_vars();
	test_unknown();
	test_method();
	buf_free(&rq.resp.headers);
	arena_free(&rq.arena);
	return done_testing();
}
