#include "model/job_queue.h"

#include <stdlib.h>

#include "base/clock.h"

#define SMALL_ROWS 100   /* a job of so many rows is small */
#define OWN_WEIGHT 4     /* what a row of a job of the programs costs */
#define WHOLE_LIGHTER 16 /* so many rows that are read cost as one */

/* Kinds of flows that an account has. */
enum share { SHARE_LARGE, SHARE_SMALL, SHARE_OWN };

static enum share
share_of(const struct site *s, const struct job *job)
{
	if (job_kind_is_endless(job->kind))
		return SHARE_OWN;
	return job->rows <= SMALL_ROWS ||
	               job->rows <= s->conf->limits_inline_rows
	           ? SHARE_SMALL
	           : SHARE_LARGE;
}

/* What one chunk of the job costs: its rows, all alike. */
static uint32_t
cost_of(const struct job *job)
{
	uint32_t n = job->chunks_left;

	if (job_kind_is_endless(job->kind))
		return OWN_WEIGHT * job->step;
	if (job->step)
		return job->step;
	if (job_kind_payload(job->kind) == JOB_PAYLOAD_WHOLE)
		return job->rows / WHOLE_LIGHTER + 1;
	return job->rows > n ? (job->rows + n - 1) / n : 1;
}

static void
take_start(struct db_rows *r, void *out)
{
	*(int64_t *)out = db_get_int(r, 0) - db_get_int(r, 1);
}

/* The virtual time: when the first in the queue starts that does not wait for
 * another try, or, of an empty queue, when the last chunk of all was to
 * finish. */
static enum err_code
virtual_time(struct db *db, int64_t *out, struct err *e)
{
	enum err_code err;

	err = db_one(db, NULL, SQL_JOB_QUEUE_FRONT,
	    DB_ARGS(db_int(clock_now_ms())), take_start, out, e);
	if (err == ERR_NOT_FOUND)
		err = db_one(db, NULL, SQL_JOB_QUEUE_FIRST, DB_NOARGS,
		    take_start, out, e);
	if (err == ERR_NOT_FOUND)
		err = db_one(db, NULL, SQL_JOB_SHARE_LAST, DB_NOARGS,
		    db_take_int, out, e);
	return err;
}

/* Takes `length` of virtual time for a flow; *start_out is where it begins. */
static enum err_code
take_share(struct db *db, const struct db_context *ctx, enum share share,
    int64_t length, int64_t *start_out, struct err *e)
{
	struct db_val flow = db_int(share);
	int64_t tail = 0;
	enum err_code err = virtual_time(db, start_out, e);

	if (!err)
		err = db_one(db, ctx, SQL_JOB_SHARE_LOCK, DB_ARGS(flow),
		    db_take_int, &tail, e);
	if (err && err != ERR_NOT_FOUND)
		return err;
	if (tail > *start_out)
		*start_out = tail;
	return db_exec(db, ctx, SQL_JOB_SHARE_SET,
	    DB_ARGS(flow, db_int(*start_out + length)), NULL, NULL, e);
}

#define QUEUE_CELLS 8

enum err_code
queue_insert(struct site *s, const struct db_context *ctx,
    const struct job *job, const char *owner, struct err *e)
{
	int64_t at = job->created_at + (owner ? s->conf->worker_lease : 0);
	uint32_t n, count = job->chunks_left, cost = cost_of(job);
	struct db_val *cells, *v;
	enum err_code err = ERR_OK;
	int64_t tag = 0;

	if (!owner)
		err = take_share(s->db, ctx, share_of(s, job),
		    (int64_t)cost * count, &tag, e);
	if (err)
		return err;
	v = cells = calloc(count, QUEUE_CELLS * sizeof(*cells));
	if (!cells)
		abort();
	for (n = 0; n < count; n++) {
		*v++ = db_uuid(&job->uuid);
		*v++ = db_int(n);
		*v++ = db_int(job->attempts);
		*v++ = db_str(owner ? owner : "");
		*v++ = db_int(at);
		*v++ = db_int(job->kind);
		*v++ = db_int(owner ? 0 : tag + (int64_t)cost * (n + 1));
		*v++ = db_int(owner ? 0 : cost);
	}
	err = db_bulk(
	    s->db, ctx, SQL_JOB_QUEUE_INSERT, cells, count, QUEUE_CELLS, e);
	free(cells);
	return err;
}

/* Locks what is left of a job, chunk by chunk; *out is its cost. */
static enum err_code
lock_rest(struct db *db, const struct db_context *ctx, const struct job *job,
    int64_t *out, struct err *e)
{
	struct db_rows *r;
	enum err_code err;

	*out = 0;
	err = db_query(
	    db, ctx, SQL_JOB_QUEUE_LOCK, DB_ARGS(db_uuid(&job->uuid)), &r, e);
	if (err)
		return err;
	while (db_next(r))
		*out += db_get_int(r, 0);
	return db_done(&r, e);
}

enum err_code
queue_clear(struct site *s, const struct db_context *ctx, const struct job *job,
    struct err *e)
{
	struct db_val id = db_uuid(&job->uuid);
	int64_t rest;
	enum err_code err = lock_rest(s->db, ctx, job, &rest, e);

	if (!err)
		err = db_exec(s->db, ctx, SQL_JOB_QUEUE_CLEAR, DB_ARGS(id),
		    NULL, NULL, e);
	if (!err)
		err = db_exec(s->db, ctx, SQL_JOB_CHUNK_CLEAR, DB_ARGS(id),
		    NULL, NULL, e);
	if (!err && rest)
		err = db_exec(s->db, ctx, SQL_JOB_SHARE_GIVE_BACK,
		    DB_ARGS(db_int(rest), db_int(share_of(s, job))), NULL, NULL,
		    e);
	return err;
}
