/* Exports of /scv, and the download of their files. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "http/handlers.h"
#include "model/cursor.h"
#include "model/export.h"
#include "model/export_url.h"
#include "work/wake.h"

#define PAGE_DEFAULT 50
#define PAGE_MAX 1000

/* What is known of a file once there is (or was) one. */
static void
add_file(struct buf *b, const struct export *x)
{
	char sha256[2 * sizeof(x->sha256) + 1];

	if (!x->has_sha256) {
		buf_adds(b, ",\"rows\":null,\"bytes\":null,\"sha256\":null");
		return;
	}
	hex_encode(x->sha256, sizeof(x->sha256), sha256);
	buf_addf(b, ",\"rows\":%llu,\"bytes\":%llu,\"sha256\":\"%s\"",
	    (unsigned long long)x->written, (unsigned long long)x->bytes,
	    sha256);
}

/* Appends the record, with a URL that is made for this answer. */
static void
add_record(struct request *rq, struct buf *b, const struct export *x)
{
	char id[EXPORT_ID_MAX + 1];

	export_id(x, id);
	buf_adds(b, "{\"exportid\":");
	buf_add_json(b, id, strlen(id));
	buf_adds(b, ",\"signedURL\":");
	if (x->state == EXPORT_COMPLETED) {
		buf_addc(b, '"');
		export_url(rq->site, &rq->workspace, x, b);
		buf_addc(b, '"');
	} else {
		buf_adds(b, "null");
	}
	buf_add_member(b, "status", export_state_name(x->state));
	buf_add_member(b, "segment", x->code);
	buf_addf(b, ",\"spreadsheet_safe\":%s",
	    x->spreadsheet_safe ? "true" : "false");
	add_file(b, x);
	buf_addf(b, ",\"progress\":%.2f", export_progress(x));
	buf_add_member(b, "message", *x->message ? x->message : NULL);
	buf_add_member_time(b, "created", x->id);
	buf_add_member_time(b, "started", x->started_at);
	buf_add_member_time(b, "finished", x->finished_at);
	buf_add_member_time(b, "expires", x->expires_at);
	buf_addc(b, '}');
}

/* What the body of POST asks for. */
struct asked {
	const char *segment;
	bool spreadsheet_safe;
};

static enum err_code
read_body(struct request *rq, struct asked *out, struct err *e)
{
	const char *name;
	json_t *v;

	*out = (struct asked){0};
	json_object_foreach(rq->json, name, v)
	{
		if (!strcmp(name, "segment") && jv_type(v) == JV_STRING)
			out->segment = json_string_value(v);
		else if (!strcmp(name, "segment"))
			request_invalid(rq, name, "must be a string");
		else if (strcmp(name, "spreadsheet_safe") != 0)
			request_invalid(rq, name, "is not known");
		else if (jv_type(v) != JV_BOOL)
			request_invalid(rq, name, "must be true or false");
		else
			out->spreadsheet_safe = json_is_true(v);
	}
	if (jv_type(json_object_get(rq->json, "segment")) == JV_NONE)
		request_invalid(rq, "segment", "is missing");
	return rq->ninvalid ? err_set(e, ERR_BAD_REQUEST, NULL) : ERR_OK;
}

enum err_code
scv_export_create(struct request *rq, struct err *e)
{
	char id[EXPORT_ID_MAX + 1];
	struct asked asked;
	struct export x;
	struct buf *b;
	enum err_code err = read_body(rq, &asked, e);

	if (!err)
		err = export_create(rq->site, &rq->ctx, asked.segment,
		    asked.spreadsheet_safe, &rq->api_key, &x, e);
	if (err == ERR_NOT_FOUND) {
		request_invalid(rq, "segment", "there is no such segment");
		return err_set(e, ERR_BAD_REQUEST, NULL);
	}
	if (err)
		return err;
	wake_send(rq->site->conf, 1);
	export_id(&x, id);
	b = resp_json(rq, 202);
	buf_adds(b, "{\"exportid\":");
	buf_add_json(b, id, strlen(id));
	buf_addc(b, '}');
	return ERR_OK;
}

/* Which part of the list is asked for. */
struct page {
	unsigned size;
	const char *before, *after; /* cursors, or NULL */
	int64_t id;
};

static bool
read_size(const char *text, unsigned *out)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > PAGE_MAX)
		return false;
	*out = (unsigned)n;
	return true;
}

static void
read_parameter(
    struct request *rq, struct page *p, const char *name, const char *value)
{
	if (!value)
		request_invalid(rq, "query", "is not text");
	else if (!strcmp(name, "page[before]"))
		p->before = value;
	else if (!strcmp(name, "page[after]"))
		p->after = value;
	else if (strcmp(name, "page[size]") != 0)
		request_invalid(rq, name, "is not known");
	else if (!read_size(value, &p->size))
		request_invalid(
		    rq, name, "must be a number from 1 to %d", PAGE_MAX);
}

/* The list's name within the account. */
static const char *
list_name(struct request *rq)
{
	return arena_printf(rq->arena, "scv exports\n%s", rq->workspace_text);
}

static enum err_code
read_page(struct request *rq, struct page *p, struct err *e)
{
	const char *name, *value, *cursor;
	enum err_code err = ERR_OK;
	size_t pos = 0;

	*p = (struct page){.size = PAGE_DEFAULT, .id = INT64_MAX};
	while (request_query_next(rq, &pos, &name, &value))
		read_parameter(
		    rq, p, name ? name : "query", name ? value : NULL);
	cursor = p->before ? p->before : p->after;
	if (p->before && p->after) {
		request_invalid(
		    rq, "page[before]", "page[after] is given as well");
		request_invalid(
		    rq, "page[after]", "page[before] is given as well");
	} else if (cursor) {
		err = cursor_read(rq->site, &rq->ctx, list_name(rq), cursor,
		    &p->id, sizeof(p->id), e);
	}
	if (err == ERR_BAD_REQUEST)
		request_invalid(rq, p->before ? "page[before]" : "page[after]",
		    "is not a cursor of this list");
	else if (err)
		return err;
	return rq->ninvalid ? err_set(e, ERR_BAD_REQUEST, NULL) : ERR_OK;
}

/* A link to the exports before or after one. */
static enum err_code
add_link(struct request *rq, struct buf *b, const struct page *p,
    const char *name, const char *where, const struct export *x, struct err *e)
{
	const char *cursor;
	enum err_code err;

	buf_addf(b, "\"%s\":", name);
	if (!x) {
		buf_adds(b, "null");
		return ERR_OK;
	}
	err = cursor_make(rq->site, &rq->ctx, list_name(rq), &x->id,
	    sizeof(x->id), rq->arena, &cursor, e);
	if (!err)
		buf_addf(b,
		    "\"https://%s/scv/exports?page%%5Bsize%%5D=%u"
		    "&page%%5B%s%%5D=%s\"",
		    rq->site->conf->server_hostname, p->size, where, cursor);
	return err;
}

/* Writes n of the list; beyond: one more was found. */
static enum err_code
write_list(struct request *rq, const struct page *p, const struct export *list,
    unsigned n, bool beyond, struct err *e)
{
	const struct export *first = n ? &list[0] : NULL;
	const struct export *last = n ? &list[n - 1] : NULL;
	struct buf *b = resp_json(rq, 200);
	enum err_code err;
	unsigned i;

	buf_adds(b, "{\"data\":[");
	for (i = 0; i < n; i++) {
		if (i)
			buf_addc(b, ',');
		add_record(rq, b, &list[i]);
	}
	buf_adds(b, "],\"links\":{");
	err = add_link(rq, b, p, "prev", "before",
	    p->after || (p->before && beyond) ? first : NULL, e);
	buf_addc(b, ',');
	if (!err)
		err = add_link(rq, b, p, "next", "after",
		    p->before || beyond ? last : NULL, e);
	buf_adds(b, "}}");
	return err;
}

enum err_code
scv_export_list(struct request *rq, struct err *e)
{
	struct export *list;
	struct page p;
	bool beyond;
	unsigned n;
	enum err_code err = read_page(rq, &p, e);

	if (err)
		return err;
	list = arena_calloc(rq->arena, p.size + 1, sizeof(*list));
	err = export_list(
	    rq->site->db, &rq->ctx, p.id, p.before, p.size + 1, list, &n, e);
	if (err)
		return err;
	beyond = n > p.size;
	if (beyond && p.before)
		list++;
	n -= beyond;
	request_audit(rq, NULL, "{\"exports\":%u}", n);
	return write_list(rq, &p, list, n, beyond, e);
}

enum err_code
scv_export_show(struct request *rq, struct err *e)
{
	struct export x;
	enum err_code err;

	err = export_find(rq->site->db, &rq->ctx, rq->vars[0], &x, e);
	if (err)
		return err;
	request_audit(rq, &x.job, "{\"exportid\":\"%s\"}", rq->vars[0]);
	add_record(rq, resp_json(rq, 200), &x);
	return ERR_OK;
}

/* The query of a signed URL has its two parameters and nothing else. */
static bool
read_link(struct request *rq, struct export_link *out)
{
	const char *name, *value, **place;
	size_t pos = 0;

	*out = (struct export_link){
	    .workspace = rq->vars[0], .exportid = rq->vars[1]};
	while (request_query_next(rq, &pos, &name, &value)) {
		place = !name                        ? NULL
		        : !strcmp(name, "expires")   ? &out->expires
		        : !strcmp(name, "signature") ? &out->signature
		                                     : NULL;
		if (!place || *place || !value)
			return false;
		*place = value;
	}
	return true;
}

/* nginx sends the file. A name for it that every file system takes. */
static void
hand_over(struct request *rq, const struct export *x)
{
	char id[EXPORT_ID_MAX + 1], place[UUID_TEXT], *p;

	export_id(x, id);
	uuid_format(&rq->workspace, place);
	resp_stream(rq, 200, "text/csv; charset=utf-8; header=present");
	resp_header(rq, "X-Accel-Redirect",
	    arena_printf(rq->arena, "/-/exports/%s/%s.csv", place, id));
	for (p = id; *p; p++)
		if (*p == ':')
			*p = '-';
	resp_header(rq, "Content-Disposition",
	    arena_printf(
	        rq->arena, "attachment; filename=\"customers_%s.csv\"", id));
}

enum err_code
scv_export_download(struct request *rq, struct err *e)
{
	struct export_link link;
	struct export x;
	enum err_code err;

	if (!read_link(rq, &link))
		return err_set(e, ERR_FORBIDDEN, NULL);
	err = export_link_check(rq->site, &link, &rq->ctx, &rq->workspace, e);
	if (!err)
		err = export_find(rq->site->db, &rq->ctx, link.exportid, &x, e);
	if (err)
		return err;
	request_audit(rq, &x.job, "{\"exportid\":\"%s\",\"status\":\"%s\"}",
	    link.exportid, export_state_name(x.state));
	if (x.state != EXPORT_COMPLETED)
		return err_set(e, ERR_GONE, "the export's file is gone");
	hand_over(rq, &x);
	return ERR_OK;
}
