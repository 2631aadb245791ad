#include "work/range.h"

#include "model/export_files.h"

static const struct range_kind kinds[JOB_KINDS] = {
    [JOB_KIND_CONVERT] = {convert_body, convert_finish},
    [JOB_KIND_ROTATE] = {rotate_body, rotate_finish},
    [JOB_KIND_REINDEX] = {rotate_body, rotate_finish},
    [JOB_KIND_DELETE] = {delete_body, delete_finish},
    [JOB_KIND_CLEAR] = {clear_body, NULL},
};

static enum err_code
finish(struct db *db, struct range *r, struct err *e)
{
	struct job job;
	enum err_code err;

	if (!kinds[r->job.kind].finish)
		return ERR_OK;
	err = job_find(db, &r->ctx, &r->job.uuid, r->arena, &job, e);
	if (err || job.chunks_left)
		return err;
	return kinds[r->job.kind].finish(r, e);
}

static enum err_code
body(struct db *db, void *arg, struct err *e)
{
	struct range *r = arg;
	enum err_code err;

	arena_reset(r->arena);
	r->succeeded = r->failed = 0;
	err = job_chunk_fence(db, &r->ctx, r->claim, e);
	if (!err)
		err = kinds[r->job.kind].body(r, e);
	if (!err)
		err = job_chunk_done(
		    r->site, &r->ctx, r->claim, r->succeeded, r->failed, e);
	return err ? err : finish(db, r, e);
}

static enum err_code
done(struct db *db, void *arg, struct err *e)
{
	struct range *r = arg;

	return job_chunk_mark(db, &r->ctx, r->claim, e);
}

static enum err_code
load(struct range *r, struct arena *a, struct err *e)
{
	struct db *db = r->site->db;
	enum err_code err;

	err = job_find(db, &r->ctx, &r->claim->job, a, &r->job, e);
	if (err == ERR_NOT_FOUND)
		return err_set(e, ERR_SUPERSEDED, NULL);
	if (!err)
		err = job_check(db, &r->ctx, &r->job, &r->workspace, e);
	if (!err && !kinds[r->job.kind].body)
		err = err_fault(e, ERR_FORBIDDEN,
		    "a job of a kind that this program does not know");
	r->ctx.user_id = r->job.user_id;
	r->first = r->job.first_seq + (uint64_t)r->claim->n * r->job.step;
	r->end = r->first + r->job.step;
	return err;
}

enum err_code
range_apply(struct site *s, const struct claim *claim, struct applied *out,
    struct err *e)
{
	struct range r = {.site = s,
	    .claim = claim,
	    .ctx = {.account_id = claim->account_id,
	        .workspace_id = claim->workspace_id}};
	struct arena *a = arena_new(4096);
	enum err_code err;

	r.arena = arena_new(65536);
	err = load(&r, a, e);
	if (!err)
		err = db_transaction(s->db, body, done, &r, e);
	if (!err && r.job.kind == JOB_KIND_DELETE)
		export_clean_now(s, &r.ctx);
	out->rows = r.succeeded + r.failed;
	out->succeeded = r.succeeded;
	out->failed = r.failed;
	arena_free(&r.arena);
	arena_free(&a);
	return err;
}
