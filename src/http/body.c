#include "http/internal.h"

#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/utf8.h"

#define LENGTH_DIGITS 15
#define NAME_SHOWN 200 /* bytes of a name that is quoted back */

/* CONTENT_LENGTH; false if it is not a number that could be. */
static bool
length_parse(const struct request *rq, uint64_t *out)
{
	const char *s = request_param(rq, "CONTENT_LENGTH");

	*out = 0;
	if (!s)
		return true;
	if (strlen(s) > LENGTH_DIGITS || s[strspn(s, "0123456789")])
		return false;
	while (*s)
		*out = *out * 10 + (uint64_t)(*s++ - '0');
	return true;
}

uint64_t
request_length(const struct request *rq)
{
	uint64_t n;

	return length_parse(rq, &n) ? n : 0;
}

long
request_read(void *arg, char *p, size_t n)
{
	struct request *rq = arg;
	struct transport *t = rq->transport;
	int64_t start = clock_mono_ms();
	int got;

	if (t->cut_in)
		return -1;
	deadline_set(t->fcgx.ipcFd, t->budget);
	got = FCGX_GetStr(p, n > INT_MAX ? INT_MAX : (int)n, t->fcgx.in);
	deadline_clear();
	t->budget -= clock_mono_ms() - start;
	t->received += (uint64_t)got;
	if (FCGX_GetError(t->fcgx.in) || t->received > t->limit ||
	    t->budget <= 0 || (!got && t->received != request_length(rq)))
		t->cut_in = true;
	return t->cut_in ? -1 : got;
}

static enum err_code
missing(const struct request *rq, struct err *e)
{
	return rq->route->face == FACE_SCV
	           ? err_set(e, ERR_BAD_REQUEST, "Missing request body")
	           : err_set(e, ERR_MISSING_FIELDS, NULL);
}

/* No body is not a body of another type: 400 rather than 415. */
static enum err_code
check_type(const struct request *rq, uint64_t length, struct err *e)
{
	const char *type = request_param(rq, "CONTENT_TYPE");

	if (request_is_type(rq, "application/json"))
		return ERR_OK;
	if (rq->route->body == BODY_UPLOAD &&
	    request_is_type(rq, "multipart/form-data"))
		return ERR_OK;
	if (!length && (!type || !*type))
		return missing(rq, e);
	return err_set(e, ERR_MEDIA_TYPE, NULL);
}

/* Opens the workspace that the body names, where the route asks a right. */
static enum err_code
open_workspace(struct request *rq, struct err *e)
{
	const json_t *id = json_object_get(rq->json, "workspace_id");
	enum jv_type type = jv_type(id);
	const char *text = "";

	if (!rq->route->right || rq->route->face == FACE_SCV)
		return ERR_OK;
	if (type == JV_NONE || type == JV_NULL)
		text = NULL;
	else if (type == JV_STRING)
		text = json_string_value(id);
	return request_workspace(rq, text, e);
}

/* A json_member_fault. */
static void
note_member(void *arg, const char *name, const char *reason)
{
	struct request *rq = arg;

	request_invalid(rq,
	    arena_strndup(rq->arena, name, utf8_cut(name, NAME_SHOWN)), "%s",
	    reason);
}

static enum err_code
read_json(struct request *rq, struct err *e)
{
	const struct conf *c = rq->site->conf;
	bool scv = rq->route->face == FACE_SCV;
	struct json_limits lim = {.max_bytes = (size_t)c->limits_json_bytes,
	    .max_tree = (size_t)c->limits_json_memory,
	    .fault = scv ? note_member : NULL,
	    .fault_arg = rq};
	enum err_code rc = json_read(request_read, rq, &lim, &rq->json, e);

	if (rc == ERR_BAD_REQUEST && scv) {
		if (!rq->ninvalid)
			request_invalid(rq, "body", "%s", err_text(e));
		return err_set(e, ERR_BAD_REQUEST, "Invalid JSON");
	}
	if (rc == ERR_MISSING_FIELDS)
		return missing(rq, e);
	if (rc)
		return rc;
	if (jv_type(rq->json) != JV_OBJECT)
		return err_set(
		    e, ERR_BAD_REQUEST, "the body must be a JSON object");
	return open_workspace(rq, e);
}

enum err_code
body_open(struct request *rq, struct err *e)
{
	const struct conf *c = rq->site->conf;
	struct transport *t = rq->transport;
	uint64_t length;
	enum err_code rc;

	if (rq->route->body == BODY_NONE)
		return ERR_OK;
	if (!length_parse(rq, &length))
		return err_set(e, ERR_BAD_REQUEST, "malformed Content-Length");
	if (!length && rq->route->body == BODY_OPTIONAL) {
		rq->json = json_object();
		return ERR_OK;
	}
	rc = check_type(rq, length, e);
	if (rc)
		return rc;
	if (!length && rq->route->face == FACE_SCV)
		return missing(rq, e);
	t->limit = (uint64_t)(request_is_type(rq, "application/json")
	                          ? c->limits_json_bytes
	                          : c->limits_upload_bytes);
	if (length > t->limit)
		return err_set(e, ERR_TOO_LARGE, NULL);
	return rq->route->body == BODY_UPLOAD ? ERR_OK : read_json(rq, e);
}
