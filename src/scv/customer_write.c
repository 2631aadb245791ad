/* POST /scv/customers, PATCH and PUT /scv/customers/{customerid}: one customer
 * is created or changed. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "http/etag.h"
#include "http/handlers.h"
#include "http/route.h"
#include "model/audit.h"
#include "model/idempotency.h"
#include "scv/change.h"
#include "scv/query.h"
#include "scv/scv.h"
#include "work/single.h"

/* A request in hand; what stays over all attempts. */
struct writing {
	enum single_mode mode;
	enum projection_default shows;
	struct uuid id;
	bool conditional;
	struct precondition condition;
	const char *key;
	/* It is done, and only has to be answered. */
	bool written;
	int status;
	uint32_t revision; /* 0: not known */
};

/* The first is for PUT alone. */
static const struct query_param params[] = {
    {"mode", false}, {"retAllProps", true}, {"retProps", true}, {NULL, false}};

/* The new resource (RFC 9110, section 15.3.2). */
static void
add_location(struct request *rq, const struct uuid *id)
{
	char text[UUID_TEXT];

	uuid_format(id, text);
	resp_header(rq, "Location",
	    arena_printf(rq->arena, "https://%s/scv/customers/%s",
	        rq->site->conf->server_hostname, text));
}

static void
answer_bare(
    struct request *rq, const struct writing *w, const struct projection *p)
{
	struct open_customer bare = {.uuid = w->id};
	struct buf *out = resp_json(rq, w->status);

	if (projection_is_bare(p))
		projection_write(out, p, &bare);
	else
		buf_adds(out, "{}");
	if (w->revision)
		etag_header(rq, w->revision);
}

/* What was written is read by whoever wrote it: that is in the log as well. */
static void
note_read(struct request *rq, const struct writing *w, unsigned n)
{
	char detail[40];

	snprintf(detail, sizeof(detail), "{\"attributes\":%u}", n);
	audit_note(rq->site, &rq->ctx,
	    &(struct audit_event){AUDIT_CUSTOMER_READ, &w->id, detail});
}

/* A customer that is read again may have been changed once more by then, or
 * deleted, which leaves nothing to tell. */
static enum err_code
answer(struct request *rq, const struct writing *w, const struct projection *p,
    struct err *e)
{
	const struct schema *same;
	struct keyring *ring;
	enum err_code rc;

	if (projection_is_bare(p) && w->revision) {
		answer_bare(rq, w, p);
		return ERR_OK;
	}
	rc = scv_open(rq, &same, &ring, e);
	assert(rc || same == p->schema);
	if (!rc)
		rc = scv_answer_customer(
		    rq, w->status, &w->id, p, ring, false, e);
	if (!rc && !projection_is_bare(p))
		note_read(rq, w, p->n);
	if (rc != ERR_NOT_FOUND)
		return rc;
	answer_bare(rq, w, p);
	return ERR_OK;
}

static enum err_code
write_once(struct request *rq, struct writing *w, const struct schema *schema,
    const struct change *change, struct err *e)
{
	struct single o = {.mode = w->mode,
	    .schema = schema,
	    .record = &change->record,
	    .condition = w->conditional ? &w->condition : NULL,
	    .proof = &rq->proof,
	    .key = w->key,
	    .route = rq->route->name,
	    .who = &rq->api_key,
	    .id = w->id,
	    .wrong = change->wrong};
	enum err_code rc = work_single(rq->site, &rq->ctx, &o, e);

	if (rc)
		return change_refused(rq, schema, change, rc, e);
	w->written = true;
	w->id = o.id;
	w->revision = o.revision;
	w->status = o.created || o.again ? 201 : 200;
	if (w->status == 201)
		add_location(rq, &w->id);
	return ERR_OK;
}

/* The other mode never gets here. */
static void
check_mode(struct request *rq)
{
	const char *mode = request_query(rq, "mode");

	if (*mode && strcmp(mode, "merge") != 0)
		request_invalid(rq, "mode", "must be merge or overwrite");
}

/* What was written is not written again where its reading meets newer fields.
 */
static enum err_code
attempt(struct request *rq, void *arg, struct err *e)
{
	struct writing *w = arg;
	const struct schema *schema;
	struct projection p;
	struct change change;
	struct keyring *ring;
	struct query query;
	struct err also;
	enum err_code rc = scv_open(rq, &schema, &ring, e), wrong;

	if (rc)
		return rc;
	query_read(rq, params + (w->mode != SINGLE_MERGE), &query);
	if (w->mode == SINGLE_MERGE)
		check_mode(rq);
	if (!w->written && w->mode != SINGLE_CREATE)
		rc = scv_customer_id(rq, &w->id, e);
	wrong = projection_read(rq, schema, w->shows, PROJECT_BACKEND, &p, e);
	rc = rc ? rc : wrong;
	if (!w->written &&
	    change_read(rq, schema, PROJECT_BACKEND, &change, &also) && !rc) {
		*e = also;
		rc = also.code;
	}
	if (!rc)
		rc = query_end(rq, e);
	if (!rc && !w->written)
		rc = write_once(rq, w, schema, &change, e);
	return rc ? rc : answer(rq, w, &p, e);
}

/* If-Match and If-None-Match at once: nothing holds. */
static enum err_code
read_condition(struct request *rq, struct writing *w, struct err *e)
{
	bool none = false;
	enum err_code rc;

	if (w->mode == SINGLE_CREATE)
		return ERR_OK;
	rc = etag_if_match(rq, &w->conditional, &w->condition, e);
	if (!rc && w->mode == SINGLE_MERGE)
		rc = etag_if_none(rq, &none, e);
	if (none)
		w->condition = (struct precondition){.none = !w->conditional};
	w->conditional |= none;
	return rc;
}

static enum err_code
write_customer(struct request *rq, struct writing *w, struct err *e)
{
	enum err_code rc = read_condition(rq, w, e);

	return rc ? rc : scv_run(rq, attempt, w, e);
}

enum err_code
scv_customer_create(struct request *rq, struct err *e)
{
	struct writing w = {.mode = SINGLE_CREATE,
	    .shows = PROJECT_ID,
	    .key = request_header(rq, "idempotency-key")};
	enum err_code rc = ERR_OK;

	if (w.key)
		rc = idempotency_key_check(w.key, e);
	return rc ? rc : write_customer(rq, &w, e);
}

enum err_code
scv_customer_patch(struct request *rq, struct err *e)
{
	struct writing w = {.mode = SINGLE_UPDATE, .shows = PROJECT_NONE};

	return write_customer(rq, &w, e);
}

/* PUT merges, if it is asked to; what it would be by itself does not exist. */
enum err_code
scv_customer_put(struct request *rq, struct err *e)
{
	struct writing w = {.mode = SINGLE_MERGE, .shows = PROJECT_NONE};
	const char *mode = request_query(rq, "mode");

	if (!mode || !strcmp(mode, "overwrite"))
		return err_set(e, ERR_NOT_IMPLEMENTED,
		    "mode overwrite is not implemented: use mode=merge");
	if (!request_length(rq))
		return err_set(e, ERR_BAD_REQUEST, "Missing request body");
	return write_customer(rq, &w, e);
}
