/* GET /v1/jobs: what the user may see, by filters, page by page. */
#include <stdlib.h>
#include <string.h>

#include "http/handlers.h"
#include "base/clock.h"
#include "http/route.h"
#include "model/cursor.h"
#include "model/job.h"

#define LIMIT 50
#define CURSOR_LIST "jobs"
#define PLACE_LEN (8 + UUID_LEN)
#define NAME_SHOWN 40

enum param {
	PARAM_WORKSPACE_ID,
	PARAM_STATUS,
	PARAM_OPERATION,
	PARAM_CREATED_AFTER,
	PARAM_CREATED_BEFORE,
	PARAM_LIMIT,
	PARAM_CURSOR,
	PARAMS
};

struct ask {
	struct request *rq;
	const char *given[PARAMS]; /* NULL: not given */
	struct job_filter filter;
	unsigned limit;
	struct buf wrong; /* what is wrong, each thing */
};

static void
add_wrong(struct ask *q, const char *name, const char *what)
{
	buf_addf(&q->wrong, "%s%s: %s", q->wrong.len ? "; " : "", name, what);
}

static bool
set_status(struct ask *q, const char *s)
{
	q->filter.state = job_state_parse(s);
	return q->filter.state < JOB_STATES;
}

static bool
set_operation(struct ask *q, const char *s)
{
	q->filter.kind = job_kind_find(s);
	return q->filter.kind < JOB_KINDS;
}

static bool
set_after(struct ask *q, const char *s)
{
	return clock_parse(s, &q->filter.after);
}

static bool
set_before(struct ask *q, const char *s)
{
	return clock_parse(s, &q->filter.before);
}

static bool
set_limit(struct ask *q, const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 3 || strspn(s, "0123456789") != n)
		return false;
	q->limit = (unsigned)atoi(s);
	return q->limit >= 1 && q->limit <= JOB_LIST_MAX;
}

/* workspace and cursor are asked of the database, when the rest is right */
static bool
set_later(struct ask *q, const char *s)
{
	(void)q;
	return *s;
}

static const struct {
	const char *name, *wants;
	bool (*set)(struct ask *q, const char *s);
} params[PARAMS] = {
    [PARAM_WORKSPACE_ID] = {"workspace_id", "an id is needed", set_later},
    [PARAM_STATUS] = {"status", "no job has such a status", set_status},
    [PARAM_OPERATION] = {"operation", "no job has such an operation",
        set_operation},
    [PARAM_CREATED_AFTER] = {"created_after",
        "a time in ISO 8601 (UTC) is needed", set_after},
    [PARAM_CREATED_BEFORE] = {"created_before",
        "a time in ISO 8601 (UTC) is needed", set_before},
    [PARAM_LIMIT] = {"limit", "a whole number from 1 to 100 is needed",
        set_limit},
    [PARAM_CURSOR] = {"cursor", "a cursor is needed", set_later},
};

/* A name that an answer may repeat, for it is but a name. */
static const char *
shown(const char *name)
{
	size_t n = name ? strlen(name) : 0;

	if (!n || n > NAME_SHOWN ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz"
	                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-[].") != n)
		return "a parameter";
	return name;
}

static void
take_param(struct ask *q, const char *name, const char *value)
{
	unsigned i;

	for (i = 0; i < PARAMS; i++)
		if (name && !strcmp(params[i].name, name))
			break;
	if (i == PARAMS)
		add_wrong(q, shown(name), "there is no such parameter");
	else if (q->given[i])
		add_wrong(q, params[i].name, "it is given twice");
	else if (!value || !params[i].set(q, value))
		add_wrong(q, params[i].name, params[i].wants);
	if (i < PARAMS)
		q->given[i] = value ? value : "";
}

static enum err_code
read_cursor(struct ask *q, struct err *e)
{
	uint8_t place[PLACE_LEN];
	struct job_place *out = &q->filter.place;
	struct request *rq = q->rq;
	enum err_code rc;

	if (!q->given[PARAM_CURSOR])
		return ERR_OK;
	rc = cursor_read(rq->site, &rq->ctx, CURSOR_LIST,
	    q->given[PARAM_CURSOR], place, sizeof(place), e);
	if (rc)
		return rc;
	q->filter.has_place = true;
	out->created_at =
	    (int64_t)((uint64_t)get_u32(place + 4) << 32 | get_u32(place));
	memcpy(out->uuid.b, place + 8, UUID_LEN);
	return ERR_OK;
}

static enum err_code
read_query(struct ask *q, struct err *e)
{
	const char *name, *value;
	size_t pos = 0;
	enum err_code rc = ERR_OK;

	while (request_query_next(q->rq, &pos, &name, &value))
		take_param(q, name, value);
	if (q->wrong.len)
		rc = err_set(e, ERR_BAD_REQUEST, "%s", q->wrong.data);
	buf_free(&q->wrong);
	if (!rc && q->given[PARAM_WORKSPACE_ID])
		rc = request_workspace(q->rq, q->given[PARAM_WORKSPACE_ID], e);
	return rc ? rc : read_cursor(q, e);
}

static enum err_code
make_cursor(
    struct ask *q, const struct job *last, const char **out, struct err *e)
{
	struct request *rq = q->rq;
	uint8_t place[PLACE_LEN];
	uint64_t at = (uint64_t)last->created_at;

	put_u32(place, (uint32_t)at);
	put_u32(place + 4, (uint32_t)(at >> 32));
	memcpy(place + 8, last->uuid.b, UUID_LEN);
	return cursor_make(rq->site, &rq->ctx, CURSOR_LIST, place,
	    sizeof(place), rq->arena, out, e);
}

/* RFC 8288: the same list, from the cursor on. The values are words, ids and
 * times that were found good; only a time may hold a space. */
static void
add_link(struct ask *q, const char *cursor)
{
	struct buf b = {.max = 2000};
	const char *p;
	unsigned i;

	buf_addf(
	    &b, "<https://%s/v1/jobs?", q->rq->site->conf->server_hostname);
	for (i = 0; i < PARAM_CURSOR; i++) {
		if (!q->given[i])
			continue;
		buf_addf(&b, "%s=", params[i].name);
		for (p = q->given[i]; *p; p++)
			buf_addc(&b, *p == ' ' ? 'T' : *p);
		buf_addc(&b, '&');
	}
	buf_addf(&b, "cursor=%s>; rel=\"next\"", cursor);
	if (!b.overflow)
		resp_header(q->rq, "Link", b.data);
	buf_free(&b);
}

static void
answer(struct ask *q, const struct job_list *list, const char *cursor)
{
	struct request *rq = q->rq;
	struct buf *out = resp_json(rq, 200);
	unsigned i;

	request_audit(rq, NULL, "{\"jobs\":%u}", list->n);
	buf_adds(out, "{\"jobs\":[");
	for (i = 0; i < list->n; i++) {
		buf_adds(out, i ? "," : "");
		job_write_brief(rq->site->conf, rq->account_code,
		    &list->jobs[i], rq->arena, out);
	}
	buf_adds(out, "],\"next_cursor\":");
	if (cursor) {
		buf_addf(out, "\"%s\"", cursor);
		add_link(q, cursor);
	} else {
		buf_adds(out, "null");
	}
	buf_addc(out, '}');
}

enum err_code
api_job_list(struct request *rq, struct err *e)
{
	struct ask q = {.rq = rq, .filter = job_filter_all(), .limit = LIMIT};
	struct job_list *list = arena_alloc(rq->arena, sizeof(*list));
	const char *cursor = NULL;
	enum err_code rc = read_query(&q, e);

	if (!rc)
		rc = job_list_read(rq->site->db, &rq->ctx, &q.filter,
		    rq->route->right, q.limit, rq->arena, list, e);
	if (!rc && list->more)
		rc = make_cursor(&q, &list->jobs[list->n - 1], &cursor, e);
	if (!rc)
		answer(&q, list, cursor);
	return rc;
}
