#include "base/json.h"
#include "base/log.h"
#include "t/tap.h"

#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/coffer-log-XXXXXX";
static char path[64], moved[64];

/* Line `n` (from 0) of a file as a JSON object; NULL if there is none. */
static json_t *
line_of(const char *file, int n)
{
	char s[20000];
	FILE *f = fopen(file, "r");
	json_t *v = NULL;
	struct err e;
	int i;

	for (i = 0; f && i <= n; i++) {
		if (!fgets(s, sizeof(s), f))
			break;
	}
	if (f && i > n && json_read_mem(s, strlen(s), &v, &e))
		printf("# %s", s);
	if (f)
		fclose(f);
	return v;
}

static const char *
member(const json_t *v, const char *name)
{
	return json_string_value(json_object_get(v, name));
}

static void
test_lines(void)
{
	json_t *v;
	int64_t pid;

	ok(log_open("prog", path, LOG_INFO), "opened");
	log_request("req-1");
	log_warning("quote \" %d\n", 5);
	log_debug("not at this level");
	log_request(NULL);
	log_error("broken \xff bytes");
	v = line_of(path, 0);
	is_str(member(v, "level"), "warning", "level");
	is_str(member(v, "program"), "prog", "program");
	is_str(member(v, "request"), "req-1", "S33: request id");
	is_str(member(v, "text"), "quote \" 5\n", "text, one line a message");
	is_int(strlen(member(v, "time")), 24, "time");
	ok(jv_int(json_object_get(v, "pid"), &pid) && pid == getpid(), "pid");
	json_decref(v);
	v = line_of(path, 1);
	is_str(member(v, "text"), "broken ? bytes", "valid UTF-8 at any rate");
	ok(!member(v, "request"), "no request, no member");
	json_decref(v);
}

static void
test_long(void)
{
	static char s[9000];
	json_t *v;

	memset(s, 1, sizeof(s) - 1);
	log_info("%s", s);
	v = line_of(path, 2);
	is_int(json_string_length(json_object_get(v, "text")), 2047,
	    "a long text is cut, the line is whole");
	json_decref(v);
}

static void
test_reopen(void)
{
	json_t *v;

	rename(path, moved);
	log_info("to the moved file");
	ok(log_reopen(), "reopened");
	log_info("to the new file");
	v = line_of(moved, 3);
	is_str(member(v, "text"), "to the moved file", "before");
	json_decref(v);
	v = line_of(path, 0);
	is_str(member(v, "text"), "to the new file", "after");
	json_decref(v);
}

static void
is_err(int line, enum err_code code, const char *level, const char *text)
{
	struct err e;
	json_t *v;

	if (code == ERR_DATABASE)
		err_fault(&e, code, "errno 2006");
	else
		err_set(&e, code, "ann@example.com is taken");
	log_err("saving", &e);
	v = line_of(path, line);
	is_str(
	    member(v, "level"), level, "log_err: level of %s", err_name(code));
	is_str(member(v, "text"), text, "log_err: text of %s", err_name(code));
	json_decref(v);
}

int
main(void)
{
	static const uint8_t seed[32] = {1, 2, 3};
	enum log_level level;
	json_t *v;

	json_setup(seed);
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(moved, sizeof(moved), "%s/log.1", dir);
	test_lines();
	test_long();
	test_reopen();
	is_err(1, ERR_DATABASE, "error", "saving: DATABASE: errno 2006");
	is_err(2, ERR_UNAVAILABLE, "warning", "saving: UNAVAILABLE");
	is_err(3, ERR_CONFLICT, "info", "saving: CONFLICT");
	ok(!log_open("prog", "/nonexistent/log", LOG_INFO), "cannot open");
	log_info("still here");
	v = line_of(path, 4);
	is_str(member(v, "text"), "still here", "a failure changes nothing");
	json_decref(v);
	ok(log_level_parse("debug", &level) && level == LOG_DEBUG, "debug");
	ok(!log_level_parse("loud", &level), "no such level");
	unlink(path);
	unlink(moved);
	ok(log_reopen() && !access(path, F_OK), "a lost file is made again");
	unlink(path);
	ok(log_open("prog", NULL, LOG_ERROR), "standard error");
	ok(log_reopen(), "which needs no reopening");
	rmdir(dir);
	return done_testing();
}
