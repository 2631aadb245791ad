#include "http/internal.h"

#include <string.h>

#define RETRY_SECONDS "2"

/* The face whose shape an error takes, also before a route was found. */
static enum route_face
face_of(const struct request *rq)
{
	static const char *const scv[] = {"/scv/", "/__dxp/", "/exports/"};
	size_t i;

	if (rq->route)
		return rq->route->face;
	for (i = 0; rq->path && i < sizeof(scv) / sizeof(scv[0]); i++) {
		if (!strncmp(rq->path, scv[i], strlen(scv[i])))
			return FACE_SCV;
	}
	return FACE_V1;
}

static void
add_text(struct buf *b, const char *name, const char *text)
{
	buf_addf(b, "\"%s\":", name);
	buf_add_json(b, text, strlen(text));
}

static void
answer_v1(struct request *rq, const struct err *e)
{
	int status = err_status(e->code);
	struct buf *b = resp_json(rq, status);

	buf_addf(b, "{\"status\":%d,", status);
	add_text(b, "message", err_text(e));
	buf_adds(b, ",\"errors\":[]}");
}

/* RFC 9457; but every refusal of a key is one and the same 401. */
static void
answer_scv(struct request *rq, const struct err *e)
{
	int status = err_status(e->code);
	const struct invalid_param *p;
	struct buf *b;

	if (e->code == ERR_AUTH || e->code == ERR_NO_CONTEXT) {
		b = resp_json(rq, 401);
		buf_adds(b, "{\"message\":\"Unauthorized\"}");
		return;
	}
	b = resp_json(rq, status);
	rq->resp.type = "application/problem+json";
	buf_addc(b, '{');
	add_text(b, "title", err_text(e));
	buf_addf(b, ",\"status\":%d,\"invalid-params\":[", status);
	for (p = rq->invalid; p; p = p->next) {
		buf_addc(b, '{');
		add_text(b, "name", p->name);
		buf_addc(b, ',');
		add_text(b, "reason", p->reason);
		buf_adds(b, p->next ? "}," : "}");
	}
	buf_adds(b, "]}");
}

void
problem_answer(struct request *rq, const struct err *e)
{
	const char *headers;
	int status = err_status(e->code);

	if (face_of(rq) == FACE_SCV)
		answer_scv(rq, e);
	else
		answer_v1(rq, e);
	headers = rq->resp.headers.data;
	if ((status == 503 || status == 429) &&
	    !(headers && strstr(headers, "Retry-After: ")))
		resp_header(rq, "Retry-After", RETRY_SECONDS);
}
