/* Changing and deleting segments. */
#include <stdio.h>
#include <stdlib.h>

#include "model/audit.h"
#include "model/job.h"
#include "model/runs.h"
#include "model/segment.h"
#include "vault/rand.h"

#define CLEAR_STEP 10000 /* positions in a chunk of JOB_KIND_CLEAR */

enum err_code
segment_members_delete(struct db *db, const struct db_context *ctx,
    uint32_t segment_id, const uint64_t *positions, unsigned n,
    uint64_t *affected_out, struct err *e)
{
	const struct runs rows = {.db = db,
	    .ctx = ctx,
	    .range = SQL_SEGMENT_MEMBERS_RANGE,
	    .list = SQL_SEGMENT_MEMBERS_LIST,
	    .args = DB_ARGS(db_int(segment_id))};

	return runs_exec(&rows, positions, n, affected_out, e);
}

enum err_code
segment_clear(struct db *db, const struct db_context *ctx, uint32_t segment_id,
    uint64_t first, uint64_t end, uint64_t *affected_out, struct err *e)
{
	return db_exec(db, ctx, SQL_SEGMENT_MEMBERS_RANGE,
	    DB_ARGS(db_int(segment_id), db_int((int64_t)first),
	        db_int((int64_t)end)),
	    affected_out, NULL, e);
}

static void
take_extent(struct db_rows *r, void *arg)
{
	struct segment_extent *x = arg;

	x->end = (uint64_t)db_get_int(r, 0);
	x->members = (uint64_t)db_get_int(r, 1);
	x->first = (uint64_t)db_get_int(r, 2) * BUCKET_SIZE;
}

enum err_code
segment_extent(struct db *db, const struct db_context *ctx, uint32_t segment_id,
    struct segment_extent *out, struct err *e)
{
	enum err_code rc = db_one(db, ctx, SQL_SEGMENT_EXTENT,
	    DB_ARGS(db_int(segment_id)), take_extent, out, e);

	return rc == ERR_NOT_FOUND ? err_set(e, ERR_NO_CUSTOMERS, NULL) : rc;
}

static void
take_segment(struct db_rows *r, void *arg)
{
	struct segment *s = arg;

	s->id = (uint32_t)db_get_int(r, 0);
	db_get_uuid(r, 1, &s->uuid);
}

/* What is done to one segment. */
struct change {
	struct site *site;
	const struct db_context *ctx;
	const struct segment_change *texts;
	struct segment *segment;         /* uuid: the caller's */
	struct segment_removal *removal; /* of a deletion */
};

/* Locks the segment, which must not be the built-in one. */
static enum err_code
lock(struct db *db, struct change *c, struct err *e)
{
	enum err_code rc = db_one(db, c->ctx, SQL_SEGMENT_BY_UUID_LOCK,
	    DB_ARGS(db_uuid(&c->segment->uuid)), take_segment, c->segment, e);

	if (rc == ERR_NOT_FOUND)
		return err_set(e, ERR_NO_CUSTOMERS, NULL);
	if (rc == ERR_OK && c->segment->id == SEGMENT_ALL)
		return err_set(e, ERR_BAD_REQUEST,
		    "the built-in group of all customers cannot be changed or "
		    "deleted");
	return rc;
}

static enum err_code
audit(struct change *c, enum audit_action action, struct err *e)
{
	struct audit_event event = {
	    .action = action, .subject = &c->segment->uuid};

	return audit_change(c->site, c->ctx, &event, 1, e);
}

static enum err_code
change_body(struct db *db, void *arg, struct err *e)
{
	struct change *c = arg;
	const struct segment_change *t = c->texts;
	enum err_code rc = lock(db, c, e);

	if (rc == ERR_OK)
		rc = db_exec(db, c->ctx, SQL_SEGMENT_UPDATE,
		    DB_ARGS(db_str(t->code), db_str(t->name),
		        db_str(t->description), db_int(c->segment->id)),
		    NULL, NULL, e);
	return rc ? rc : audit(c, AUDIT_GROUP_CHANGE, e);
}

static enum err_code
change_done(struct db *db, void *arg, struct err *e)
{
	struct change *c = arg;
	const struct segment_change *t = c->texts;

	return db_one(db, c->ctx, SQL_SEGMENT_IS,
	    DB_ARGS(db_uuid(&c->segment->uuid), db_str(t->code),
	        db_str(t->name), db_str(t->description)),
	    take_segment, c->segment, e);
}

enum err_code
segment_change(struct site *s, const struct db_context *ctx, const char *text,
    const struct segment_change *change, struct segment *out, struct err *e)
{
	struct change c = {
	    .site = s, .ctx = ctx, .texts = change, .segment = out};
	enum err_code rc = segment_texts_check(change, e);

	if (rc == ERR_OK)
		rc = segment_find(s->db, ctx, text, out, e);
	if (rc)
		return rc;
	rc = db_transaction(s->db, change_body, change_done, &c, e);
	if (rc == ERR_DUPLICATE)
		return err_set(
		    e, ERR_CONFLICT, "a group with this code exists");
	return rc;
}

struct positions {
	uint64_t list[SEGMENT_CLEAR_NOW + 1];
	unsigned n;
};

/* Deletes the rows of a small group: exactly those that are committed, so that
 * rows of uploads that will find the group gone are not waited for. */
static enum err_code
clear_now(struct db *db, struct change *c, struct positions *p, struct err *e)
{
	struct db_rows *r;
	enum err_code rc;

	p->n = 0;
	rc = db_query(db, c->ctx, SQL_SEGMENT_POSITIONS,
	    DB_ARGS(db_int(c->segment->id), db_int(SEGMENT_CLEAR_NOW + 1)), &r,
	    e);
	if (rc)
		return rc;
	while (p->n <= SEGMENT_CLEAR_NOW && db_next(r))
		p->list[p->n++] = (uint64_t)db_get_int(r, 0);
	rc = db_done(&r, e);
	if (rc || p->n > SEGMENT_CLEAR_NOW)
		return rc;
	return segment_members_delete(
	    db, c->ctx, c->segment->id, p->list, p->n, NULL, e);
}

/* Leaves a large group's rows to a job, which stands under `all`, for the
 * segment is gone. */
static enum err_code
clear_later(struct change *c, const struct segment_extent *x, struct err *e)
{
	char detail[40];
	struct job job = {.kind = JOB_KIND_CLEAR,
	    .segment_id = SEGMENT_ALL,
	    .detail = detail,
	    .rows = (uint32_t)x->members,
	    .first_seq = 0,
	    .step = CLEAR_STEP};

	snprintf(detail, sizeof(detail), "{\"segment_id\":%u}", c->segment->id);
	rand_uuid(&job.uuid);
	c->removal->queued = true;
	return job_enqueue_range(c->site, c->ctx, &job, x->end, e);
}

static enum err_code
clear(struct db *db, struct change *c, const struct segment_extent *x,
    struct err *e)
{
	struct positions *p;
	enum err_code rc;
	bool large = x->members > SEGMENT_CLEAR_NOW;

	if (!large) {
		p = malloc(sizeof(*p));
		if (!p)
			abort();
		rc = clear_now(db, c, p, e);
		large = p->n > SEGMENT_CLEAR_NOW;
		free(p);
		if (rc)
			return rc;
	}
	return large ? clear_later(c, x, e) : ERR_OK;
}

static enum err_code
delete_body(struct db *db, void *arg, struct err *e)
{
	struct change *c = arg;
	struct segment_extent x;
	enum err_code rc = lock(db, c, e);

	c->removal->queued = false;
	if (rc == ERR_OK)
		rc = segment_extent(db, c->ctx, c->segment->id, &x, e);
	if (rc)
		return rc;
	c->removal->members = x.members;
	rc = db_exec(db, c->ctx, SQL_SEGMENT_DELETE,
	    DB_ARGS(db_int(c->segment->id)), NULL, NULL, e);
	if (rc == ERR_OK)
		rc = db_exec(db, c->ctx, SQL_SEGMENT_BUCKETS_DELETE,
		    DB_ARGS(db_int(c->segment->id)), NULL, NULL, e);
	if (rc == ERR_OK)
		rc = clear(db, c, &x, e);
	return rc ? rc : audit(c, AUDIT_GROUP_DELETE, e);
}

static enum err_code
delete_done(struct db *db, void *arg, struct err *e)
{
	struct change *c = arg;
	enum err_code rc = db_one(db, c->ctx, SQL_SEGMENT_BY_UUID,
	    DB_ARGS(db_uuid(&c->segment->uuid)), NULL, NULL, e);

	if (rc == ERR_NOT_FOUND)
		return ERR_OK;
	return rc ? rc : err_set(e, ERR_NOT_FOUND, NULL);
}

enum err_code
segment_delete(struct site *s, const struct db_context *ctx, const char *text,
    struct segment_removal *out, struct err *e)
{
	struct change c = {
	    .site = s, .ctx = ctx, .segment = &out->segment, .removal = out};
	enum err_code rc = segment_find(s->db, ctx, text, &out->segment, e);

	return rc ? rc : db_transaction(s->db, delete_body, delete_done, &c, e);
}
