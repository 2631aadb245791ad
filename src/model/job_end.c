/* How chunks and jobs end: done, failed, cancelled. */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/export.h"
#include "model/job_queue.h"
#include "model/job_row.h"

enum err_code
job_audit(struct site *s, const struct db_context *ctx,
    enum audit_action action, const struct job *job, struct err *e)
{
	char detail[200];
	struct audit_event event = {
	    .action = action, .subject = &job->uuid, .detail = detail};

	snprintf(detail, sizeof(detail),
	    "{\"operation\":\"%s\",\"status\":\"%s\",\"rows\":%u,"
	    "\"processed\":%u,\"succeeded\":%u,\"failed\":%u}",
	    job_kind_name(job->kind), job_state_name(job->state), job->rows,
	    job->processed, job->succeeded, job->failed);
	return audit_change(s, ctx, &event, 1, e);
}

/* The job as it is now, without its texts. */
static enum err_code
read_job(struct db *db, const struct db_context *ctx, const struct uuid *uuid,
    struct job *out, struct err *e)
{
	struct arena *a = arena_new(4096);
	enum err_code err = job_find(db, ctx, uuid, a, out, e);

	out->columns = out->detail = NULL;
	arena_free(&a);
	return err;
}

enum err_code
job_chunk_fence(struct db *db, const struct db_context *ctx,
    const struct claim *c, struct err *e)
{
	uint64_t affected;
	enum err_code err;

	err = db_exec(db, ctx, SQL_JOB_QUEUE_FENCE,
	    DB_ARGS(db_uuid(&c->job), db_int(c->n), db_str(c->owner),
	        db_int(c->attempt)),
	    &affected, NULL, e);
	if (!err && affected != 1)
		return err_set(e, ERR_SUPERSEDED, NULL);
	return err;
}

/* Moves the job's counts on, and ends it with its last chunk. */
static enum err_code
count(struct site *s, const struct db_context *ctx, const struct claim *c,
    uint32_t succeeded, uint32_t failed, struct err *e)
{
	struct job job;
	uint64_t affected;
	enum err_code err;

	err = db_exec(s->db, ctx, SQL_JOB_COUNT,
	    DB_ARGS(db_int(failed), db_int(clock_now_ms()),
	        db_int((int64_t)succeeded + failed), db_int(succeeded),
	        db_int(failed), db_uuid(&c->job)),
	    &affected, NULL, e);
	if (!err && affected != 1)
		return err_set(e, ERR_SUPERSEDED, NULL);
	if (!err)
		err = read_job(s->db, ctx, &c->job, &job, e);
	if (err || job.chunks_left)
		return err;
	return job_audit(s, ctx, AUDIT_JOB_END, &job, e);
}

enum err_code
job_chunk_done(struct site *s, const struct db_context *ctx,
    const struct claim *c, uint32_t succeeded, uint32_t failed, struct err *e)
{
	enum err_code err;

	err = db_exec(s->db, ctx, SQL_JOB_CHUNK_DELETE,
	    DB_ARGS(db_uuid(&c->job), db_int(c->n)), NULL, NULL, e);
	return err ? err : count(s, ctx, c, succeeded, failed, e);
}

enum err_code
job_chunk_mark(struct db *db, const struct db_context *ctx,
    const struct claim *c, struct err *e)
{
	enum err_code err;

	err = db_one(db, ctx, SQL_JOB_QUEUE_MARK,
	    DB_ARGS(db_uuid(&c->job), db_int(c->n)), NULL, NULL, e);
	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	return err ? err : err_set(e, ERR_NOT_FOUND, NULL);
}

struct ending {
	struct site *site;
	const struct db_context *ctx;
	const struct claim *claim; /* of a failure */
	struct job *job;
	enum job_state state;
	enum audit_action action;
	const char *reason; /* of a failure */
};

/* Takes the rest out of the queue first: chunks that are being applied hold
 * their queue row, and want the job's row after it. *ended_out is false of a
 * job that has ended by then. */
static enum err_code
end_rest(const struct ending *end, bool *ended_out, struct err *e)
{
	uint64_t affected = 0;
	enum err_code err;

	err = queue_clear(end->site, end->ctx, end->job, e);
	if (!err)
		err = db_exec(end->site->db, end->ctx, SQL_JOB_END,
		    DB_ARGS(db_str(job_state_name(end->state)),
		        db_int(clock_now_ms()), db_str(end->reason),
		        db_uuid(&end->job->uuid)),
		    &affected, NULL, e);
	*ended_out = !err && affected == 1;
	if (*ended_out)
		err = export_end(end->site->db, end->ctx, end->job,
		    end->state == JOB_CANCELLED ? EXPORT_CANCELLED
		                                : EXPORT_FAILED,
		    end->reason ? end->reason : "", e);
	if (*ended_out && !err)
		err = read_job(
		    end->site->db, end->ctx, &end->job->uuid, end->job, e);
	if (*ended_out && !err)
		err = job_audit(end->site, end->ctx, end->action, end->job, e);
	return err;
}

static enum err_code
fail_body(struct db *db, void *arg, struct err *e)
{
	const struct ending *f = arg;
	bool ended;
	enum err_code err = job_chunk_fence(db, f->ctx, f->claim, e);

	if (!err)
		err = read_job(db, f->ctx, &f->claim->job, f->job, e);
	return err ? err : end_rest(f, &ended, e);
}

static enum err_code
fail_done(struct db *db, void *arg, struct err *e)
{
	const struct ending *f = arg;

	return job_chunk_mark(db, f->ctx, f->claim, e);
}

/* What the job resource says of a failure. */
static const char *
reason_of(enum err_code why)
{
	if (why == ERR_FORBIDDEN)
		return "its user or its group is gone, or the user has lost "
		       "the right to it";
	if (why == ERR_STORAGE)
		return "the disk for export files is full: nothing was kept";
	if (why == ERR_PRECONDITION)
		return "the customer had changed: the request was answered 412";
	return "it met a fault at each try; the server's log tells which";
}

enum err_code
job_fail(struct site *s, const struct db_context *ctx, const struct claim *c,
    enum err_code why, struct err *e)
{
	struct job job;
	struct ending f = {.site = s,
	    .ctx = ctx,
	    .claim = c,
	    .job = &job,
	    .state = JOB_FAILED,
	    .reason = reason_of(why),
	    .action = AUDIT_JOB_END};
	char id[UUID_TEXT];
	enum err_code err = db_transaction(s->db, fail_body, fail_done, &f, e);

	uuid_format(&c->job, id);
	if (!err)
		log_error(
		    "job %s failed at chunk %u, try %u", id, c->n, c->attempt);
	return err == ERR_SUPERSEDED ? ERR_OK : err;
}

static enum err_code
cancel_body(struct db *db, void *arg, struct err *e)
{
	const struct ending *c = arg;
	bool ended = false;
	enum err_code err;

	(void)db;
	err = end_rest(c, &ended, e);
	if (!err && !ended)
		return err_set(e, ERR_CONFLICT, "the job has ended already");
	return err;
}

static enum err_code
cancel_done(struct db *db, void *arg, struct err *e)
{
	const struct ending *c = arg;
	enum err_code err = read_job(db, c->ctx, &c->job->uuid, c->job, e);

	if (!err && c->job->state != JOB_CANCELLED)
		return err_set(e, ERR_NOT_FOUND, NULL);
	return err;
}

enum err_code
job_cancel(struct site *s, const struct db_context *ctx, struct job *job,
    struct err *e)
{
	struct ending c = {.site = s,
	    .ctx = ctx,
	    .job = job,
	    .state = JOB_CANCELLED,
	    .action = AUDIT_JOB_CANCEL};

	if (job_kind_is_endless(job->kind))
		return err_set(e, ERR_CONFLICT,
		    "a job of operation %s cannot be cancelled: what it has "
		    "begun has to come to its end",
		    job_kind_name(job->kind));
	return db_transaction(s->db, cancel_body, cancel_done, &c, e);
}
