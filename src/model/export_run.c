/* The work on an export: from its beginning to its end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/api_key.h"
#include "model/export_files.h"
#include "model/export_row.h"

enum err_code
export_check(struct db *db, const struct db_context *ctx,
    const struct export *x, struct err *e)
{
	enum err_code err =
	    api_key_check(db, ctx, &x->api_key, PRIVILEGE_CUSTOMERS_EXPORT, e);

	if (err == ERR_FORBIDDEN)
		return err_fault(e, ERR_FORBIDDEN,
		    "the API key of the export has lost the right to it");
	return err;
}

/* A run of an export, or what ends it. */
struct run {
	struct site *site;
	const struct db_context *ctx;
	const struct claim *claim;
	struct export *x;
	const struct seq_set *members;
	const char *temp;
	char path[EXPORT_PATH_MAX];
	bool renamed, last, *stale;
};

static struct db_args
claim_args(const struct claim *c, struct db_val v[4])
{
	v[0] = db_uuid(&c->job);
	v[1] = db_int(c->n);
	v[2] = db_str(c->owner);
	v[3] = db_int(c->attempt);
	return (struct db_args){v, 4};
}

/* Locks the record, which must still be to be written. */
static enum err_code
lock(struct run *g, struct export *out, struct err *e)
{
	enum err_code err = export_read(
	    g->site->db, g->ctx, SQL_EXPORT_LOCK, db_int(g->x->id), out, e);

	if (err == ERR_NOT_FOUND || (!err && out->state != EXPORT_QUEUED &&
	                                out->state != EXPORT_RUNNING))
		return err_set(e, ERR_SUPERSEDED, NULL);
	return err;
}

static enum err_code
begin_body(struct db *db, void *arg, struct err *e)
{
	struct run *g = arg;
	struct export *x = g->x;
	struct segment_extent at;
	struct db_val v[4];
	enum err_code err;

	err = db_one(db, g->ctx, SQL_EXPORT_CLAIM, claim_args(g->claim, v),
	    NULL, NULL, e);
	if (err == ERR_NOT_FOUND)
		return err_set(e, ERR_SUPERSEDED, NULL);
	if (!err)
		err = lock(g, x, e);
	if (!err)
		err = segment_extent(db, g->ctx, x->segment_id, &at, e);
	if (err)
		return err;
	x->state = EXPORT_RUNNING;
	x->members = at.members;
	x->written = x->bytes = 0;
	err = db_exec(db, g->ctx, SQL_EXPORT_START,
	    DB_ARGS(db_int((int64_t)x->members), db_int(clock_now_ms()),
	        db_int(x->id)),
	    NULL, NULL, e);
	return err ? err
	           : export_drop(db, g->ctx, SQL_EXPORT_GONE_DELETE, x->id, e);
}

/* What is in doubt is done again. */
static enum err_code
begin_done(struct db *db, void *arg, struct err *e)
{
	(void)db, (void)arg;
	return err_set(e, ERR_NOT_FOUND, NULL);
}

static enum err_code
wait_for_deletions(struct run *g, struct err *e)
{
	struct db_rows *r;
	enum err_code err = db_query(
	    g->site->db, g->ctx, SQL_EXPORT_WAIT_COUNTS, DB_NOARGS, &r, e);

	return err ? err : db_done(&r, e);
}

enum err_code
export_begin(struct site *s, const struct db_context *ctx,
    const struct claim *c, struct export *x, struct err *e)
{
	struct run g = {.site = s, .ctx = ctx, .claim = c, .x = x};
	enum err_code err =
	    db_transaction(s->db, begin_body, begin_done, &g, e);

	return err ? err : wait_for_deletions(&g, e);
}

enum err_code
export_beat(struct site *s, const struct db_context *ctx, const struct claim *c,
    const struct export *x, struct err *e)
{
	struct db_val v[5] = {db_int(clock_now_ms() + s->conf->worker_lease)};
	uint64_t n = 0;
	enum err_code err;

	claim_args(c, v + 1);
	err = db_exec(
	    s->db, ctx, SQL_EXPORT_RENEW, (struct db_args){v, 5}, &n, NULL, e);
	if (!err && !n)
		return err_set(e, ERR_SUPERSEDED, NULL);
	if (!err)
		err = db_exec(s->db, ctx, SQL_EXPORT_WRITTEN,
		    DB_ARGS(db_int((int64_t)x->written), db_int(x->id)), NULL,
		    NULL, e);
	if (!err)
		err = db_exec(s->db, ctx, SQL_EXPORT_JOB_WRITTEN,
		    DB_ARGS(db_int((int64_t)x->written),
		        db_int((int64_t)x->members), db_uuid(&c->job)),
		    NULL, NULL, e);
	return err;
}

/* Whether somebody who is in the file has been deleted since the snapshot.
 * Deletions that have looked at this export are at their end: its record is
 * locked. */
static enum err_code
look_for_gone(struct run *g, bool *found_out, struct err *e)
{
	struct db_rows *r;
	enum err_code err;

	*found_out = false;
	err = db_query(g->site->db, g->ctx, SQL_EXPORT_GONE_LIST,
	    DB_ARGS(db_int(g->x->id)), &r, e);
	if (err)
		return err;
	while (!*found_out && db_next(r))
		*found_out =
		    seq_set_has(g->members, (uint64_t)db_get_int(r, 0));
	return db_done(&r, e);
}

#define BLOCK_CELLS 3
#define BLOCK_BATCH 256

static enum err_code
put_blocks(struct run *g, struct err *e)
{
	struct db_val *cells =
	    calloc(BLOCK_BATCH * BLOCK_CELLS, sizeof(*cells));
	const struct seq_set *set = g->members;
	enum err_code err = ERR_OK;
	size_t block, n = 0;

	if (!cells)
		abort();
	for (block = 0; block < set->n && !err; block++) {
		struct db_val *v = cells + n * BLOCK_CELLS;

		if (!set->blocks[block])
			continue;
		v[0] = db_int((int64_t)block);
		v[1] = db_int(g->x->id);
		v[2] = db_bytes(set->blocks[block], SEQ_BLOCK_BYTES);
		if (++n < BLOCK_BATCH)
			continue;
		err = db_bulk(g->site->db, g->ctx, SQL_EXPORT_BLOCK_INSERT,
		    cells, n, BLOCK_CELLS, e);
		n = 0;
	}
	if (!err && n)
		err = db_bulk(g->site->db, g->ctx, SQL_EXPORT_BLOCK_INSERT,
		    cells, n, BLOCK_CELLS, e);
	free(cells);
	return err;
}

/* The file gets its name before COMMIT: until then the record says that there
 * is none. */
static enum err_code
show_file(struct run *g, struct err *e)
{
	if (g->renamed)
		return ERR_OK;
	if (rename(g->temp, g->path))
		return err_fault(e, ERR_INTERNAL,
		    "an export file cannot be renamed: %s", strerror(errno));
	g->renamed = true;
	return export_dir_sync(g->path, e);
}

static const char WITHDRAWN[] = "withdrawn: a customer in it has been deleted";

static enum err_code
put_record(struct run *g, struct err *e)
{
	struct export *x = g->x;
	bool done = x->state == EXPORT_COMPLETED;

	x->finished_at = clock_now_ms();
	x->expires_at =
	    done ? x->finished_at + g->site->conf->exports_ttl * 1000 : 0;
	snprintf(x->message, sizeof(x->message), "%s", done ? "" : WITHDRAWN);
	return db_exec(g->site->db, g->ctx, SQL_EXPORT_DONE,
	    DB_ARGS(db_str(export_state_name(x->state)), db_int(done),
	        db_int((int64_t)x->written), db_int((int64_t)x->bytes),
	        done ? db_bytes(x->sha256, sizeof(x->sha256)) : db_null(),
	        db_str(x->message), db_int(x->finished_at),
	        done ? db_int(x->expires_at) : db_null(), db_int(x->id)),
	    NULL, NULL, e);
}

/* The job's counts, and its end. */
static enum err_code
end_job(struct run *g, struct err *e)
{
	enum err_code err;

	err = db_exec(g->site->db, g->ctx, SQL_EXPORT_JOB_WRITTEN,
	    DB_ARGS(db_int(0), db_int((int64_t)g->x->written),
	        db_uuid(&g->claim->job)),
	    NULL, NULL, e);
	return err ? err
	           : job_chunk_done(g->site, g->ctx, g->claim,
	                 (uint32_t)g->x->written, 0, e);
}

static enum err_code
finish_body(struct db *db, void *arg, struct err *e)
{
	struct run *g = arg;
	struct export now;
	enum err_code err = job_chunk_fence(db, g->ctx, g->claim, e);

	if (!err)
		err = lock(g, &now, e);
	if (!err)
		err = look_for_gone(g, g->stale, e);
	if (err)
		return err;
	if (*g->stale && !g->last)
		return err_set(
		    e, ERR_CONFLICT, "customers were deleted meanwhile");
	g->x->state = *g->stale ? EXPORT_WITHDRAWN : EXPORT_COMPLETED;
	err = export_drop(db, g->ctx, SQL_EXPORT_GONE_DELETE, g->x->id, e);
	if (!err && !*g->stale)
		err = put_blocks(g, e);
	if (!err && !*g->stale)
		err = show_file(g, e);
	if (!err)
		err = put_record(g, e);
	if (!err && *g->stale)
		err = export_audit(
		    g->site, g->ctx, AUDIT_EXPORT_WITHDRAW, g->x, e);
	return err ? err : end_job(g, e);
}

static enum err_code
finish_done(struct db *db, void *arg, struct err *e)
{
	struct run *g = arg;

	return job_chunk_mark(db, g->ctx, g->claim, e);
}

enum err_code
export_finish(struct site *s, const struct db_context *ctx,
    const struct claim *c, struct export *x, const struct uuid *workspace,
    const struct seq_set *members, const char *temp, bool last, bool *stale_out,
    struct err *e)
{
	struct run g = {.site = s,
	    .ctx = ctx,
	    .claim = c,
	    .x = x,
	    .members = members,
	    .temp = temp,
	    .last = last,
	    .stale = stale_out};
	enum err_code err;

	*stale_out = false;
	x->has_sha256 = true;
	err = export_path(s->conf, workspace, x, 0, g.path, e);
	if (!err)
		err = db_transaction(s->db, finish_body, finish_done, &g, e);
	return err;
}

enum err_code
export_end(struct db *db, const struct db_context *ctx, const struct job *job,
    enum export_state state, const char *message, struct err *e)
{
	struct db_context in = *ctx;

	if (job->kind != JOB_KIND_EXPORT)
		return ERR_OK;
	in.workspace_id = job->workspace_id;
	return db_exec(db, &in, SQL_EXPORT_END,
	    DB_ARGS(db_str(export_state_name(state)), db_str(message),
	        db_int(clock_now_ms()), db_uuid(&job->uuid)),
	    NULL, NULL, e);
}
