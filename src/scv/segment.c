/* /scv/segments: the segments of a workspace, which are the customer groups of
 * /v1/cg, and who is in them. */
#include <string.h>

#include "base/conf.h"
#include "base/log.h"
#include "base/utf8.h"
#include "http/handlers.h"
#include "http/route.h"
#include "model/segment.h"
#include "scv/query.h"
#include "work/wake.h"

#define NAME_SHOWN 200 /* bytes of a name that is quoted back */

static const struct query_param NO_PARAMS[] = {{NULL, false}};

static enum err_code
no_query(struct request *rq, struct err *e)
{
	struct query q;

	query_read(rq, NO_PARAMS, &q);
	return query_end(rq, e);
}

/* Segments are told apart from customers that are not found by a status of
 * their own on /v1 alone. */
static enum err_code
not_found(enum err_code rc, struct err *e)
{
	return rc == ERR_NO_CUSTOMERS ? err_set(e, ERR_NOT_FOUND, NULL) : rc;
}

/* The segment that the path names. */
static enum err_code
open_segment(struct request *rq, struct segment *out, struct err *e)
{
	enum err_code rc = no_query(rq, e);

	return rc ? rc
	          : segment_find_code(
	                rq->site->db, &rq->ctx, rq->vars[0], out, e);
}

/* The same, for a change that the built-in segment is not open to. */
static enum err_code
open_own_segment(struct request *rq, struct segment *out, struct err *e)
{
	enum err_code rc = open_segment(rq, out, e);

	if (rc || out->id != SEGMENT_ALL)
		return rc;
	request_invalid(rq, "code",
	    "the built-in segment of all customers cannot be changed");
	return query_end(rq, e);
}

static enum err_code
answer_segment(
    struct request *rq, int status, const struct segment *s, struct err *e)
{
	struct buf *out = resp_json(rq, status);

	return not_found(segment_write(rq->site->db, &rq->ctx, s, out, e), e);
}

enum err_code
scv_segment_show(struct request *rq, struct err *e)
{
	struct segment s;
	enum err_code rc = open_segment(rq, &s, e);

	if (rc)
		return rc;
	request_audit(rq, &s.uuid, "{}");
	return answer_segment(rq, 200, &s, e);
}

static void
refuse_member(struct request *rq, const char *name)
{
	size_t n = strlen(name);

	if (n > NAME_SHOWN)
		n = utf8_cut(name, NAME_SHOWN);
	request_invalid(rq, arena_strndup(rq->arena, name, n),
	    "a segment has code, name and description");
}

/* Notes what is wrong with one text. */
static void
check_text(
    struct request *rq, const char *name, const struct segment_change *one)
{
	struct err e;

	if (segment_texts_check(one, &e))
		request_invalid(rq, name, "%s", err_text(&e));
}

/* Reads code, name and description from the body into *out, which is empty;
 * null is not given. */
static enum err_code
read_body(struct request *rq, struct segment_change *out, struct err *e)
{
	const char *name, **place;
	json_t *v;

	json_object_foreach(rq->json, name, v)
	{
		place = !strcmp(name, "code")          ? &out->code
		        : !strcmp(name, "name")        ? &out->name
		        : !strcmp(name, "description") ? &out->description
		                                       : NULL;
		if (!place)
			refuse_member(rq, name);
		else if (jv_type(v) == JV_STRING)
			*place = json_string_value(v);
		else if (jv_type(v) != JV_NULL)
			request_invalid(rq, name, "must be a string");
	}
	check_text(rq, "code", &(struct segment_change){.code = out->code});
	check_text(rq, "name", &(struct segment_change){.name = out->name});
	check_text(rq, "description",
	    &(struct segment_change){.description = out->description});
	return query_end(rq, e);
}

/* A segment without a name is named by its code. */
static enum err_code
create(struct request *rq, const struct segment_change *t, struct err *e)
{
	struct segment s;
	enum err_code rc = segment_create(rq->site->db, &rq->ctx, t->code,
	    t->name ? t->name : t->code, t->description, &s, e);

	if (rc)
		return rc;
	resp_header(rq, "Location",
	    arena_printf(rq->arena, "https://%s/scv/segments/%s",
	        rq->site->conf->server_hostname, t->code));
	return answer_segment(rq, 201, &s, e);
}

enum err_code
scv_segment_create(struct request *rq, struct err *e)
{
	struct segment_change texts = {NULL, NULL, NULL};
	enum err_code rc = no_query(rq, e);

	if (!rc)
		rc = read_body(rq, &texts, e);
	if (!rc && !texts.code) {
		request_invalid(rq, "code", "is required");
		rc = query_end(rq, e);
	}
	if (!rc)
		rc = create(rq, &texts, e);
	if (rc == ERR_CONFLICT)
		request_invalid(rq, "code", "a segment has this code");
	return rc;
}

/* What is not given stays as it is. */
static enum err_code
change(struct request *rq, struct segment *s, struct segment_change t,
    struct err *e)
{
	char text[UUID_TEXT];
	enum err_code rc = ERR_OK;

	t.code = NULL;
	uuid_format(&s->uuid, text);
	if (t.name || t.description)
		rc = segment_change(rq->site, &rq->ctx, text, &t, s, e);
	return rc ? not_found(rc, e) : answer_segment(rq, 200, s, e);
}

enum err_code
scv_segment_put(struct request *rq, struct err *e)
{
	struct segment_change texts = {NULL, NULL, NULL};
	struct segment s;
	enum err_code found = open_own_segment(rq, &s, e), rc;

	if (found && found != ERR_NOT_FOUND)
		return found;
	rc = read_body(rq, &texts, e);
	if (!rc && texts.code && strcmp(texts.code, rq->vars[0]) != 0)
		request_invalid(rq, "code", "must be the one of the path");
	texts.code = rq->vars[0];
	check_text(rq, "code", &(struct segment_change){.code = texts.code});
	rc = query_end(rq, e);
	if (rc)
		return rc;
	rc = found ? create(rq, &texts, e) : change(rq, &s, texts, e);
	if (rc != ERR_CONFLICT || !found)
		return rc;
	/* Somebody else has just made it. */
	rc = open_own_segment(rq, &s, e);
	return rc ? rc : change(rq, &s, texts, e);
}

enum err_code
scv_segment_delete(struct request *rq, struct err *e)
{
	struct segment_removal gone = {0};
	struct segment s;
	char text[UUID_TEXT];
	enum err_code rc = open_own_segment(rq, &s, e);

	if (rc)
		return rc;
	uuid_format(&s.uuid, text);
	rc = segment_delete(rq->site, &rq->ctx, text, &gone, e);
	if (rc)
		return not_found(rc, e);
	log_warning("segment %s deleted, with %llu memberships", text,
	    (unsigned long long)gone.members);
	if (gone.queued)
		wake_send(rq->site->conf, 1);
	resp_json(rq, 204);
	return ERR_OK;
}

typedef enum err_code member_change(struct site *s,
    const struct db_context *ctx, const struct segment *segment,
    const struct uuid *customer, struct err *e);

static enum err_code
change_member(struct request *rq, member_change *what, struct err *e)
{
	const char *text = rq->vars[1];
	struct segment s;
	struct uuid id;
	enum err_code rc = open_own_segment(rq, &s, e);

	if (!rc && !uuid_parse(text, strlen(text), &id)) {
		request_invalid(
		    rq, "customerid", "must be a UUID of version 4");
		rc = query_end(rq, e);
	}
	if (!rc)
		rc = what(rq->site, &rq->ctx, &s, &id, e);
	if (!rc)
		resp_json(rq, 204);
	return rc;
}

enum err_code
scv_segment_join(struct request *rq, struct err *e)
{
	return change_member(rq, segment_member_add, e);
}

enum err_code
scv_segment_leave(struct request *rq, struct err *e)
{
	return change_member(rq, segment_member_remove, e);
}
