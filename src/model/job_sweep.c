#include "base/clock.h"
#include "model/job.h"
#include "model/sweep.h"

#define DAY_MS (86400 * 1000LL)
#define LISTED 100 /* the LIMIT of JOB_SWEEP_LIST */
#define ROUNDS 10  /* of LISTED jobs in one call */

static enum err_code
list_old(struct db *db, const struct db_context *ctx, int64_t before,
    struct uuid list[LISTED], unsigned *n_out, struct err *e)
{
	struct db_rows *r;
	enum err_code err;

	*n_out = 0;
	err = db_query(
	    db, ctx, SQL_JOB_SWEEP_LIST, DB_ARGS(db_int(before)), &r, e);
	if (err)
		return err;
	while (*n_out < LISTED && db_next(r))
		db_get_uuid(r, 0, &list[(*n_out)++]);
	return db_done(&r, e);
}

/* The job last: what hangs on it is found by it. */
static enum err_code
drop(struct db *db, const struct db_context *ctx, const struct uuid *job,
    struct err *e)
{
	struct db_val id = db_uuid(job);
	enum err_code err;

	err = sweep_rows(db, ctx, SQL_JOB_ERROR_CLEAR, DB_ARGS(id), e);
	if (!err)
		err = db_exec(
		    db, ctx, SQL_JOB_CHUNK_CLEAR, DB_ARGS(id), NULL, NULL, e);
	if (!err)
		err = db_exec(
		    db, ctx, SQL_JOB_DELETE, DB_ARGS(id), NULL, NULL, e);
	return err;
}

static enum err_code
drop_old(
    struct db *db, const struct db_context *ctx, int64_t before, struct err *e)
{
	struct uuid list[LISTED];
	unsigned n = LISTED, i, round;
	enum err_code err = ERR_OK;

	for (round = 0; round < ROUNDS && n == LISTED && !err; round++) {
		err = list_old(db, ctx, before, list, &n, e);
		for (i = 0; i < n && !err; i++)
			err = drop(db, ctx, &list[i], e);
	}
	return err;
}

enum err_code
job_sweep(struct site *s, const struct db_context *ctx, struct err *e)
{
	int64_t now = clock_now_ms();
	enum err_code err;

	err = sweep_rows(
	    s->db, ctx, SQL_JOB_SWEEP_ERRORS, DB_ARGS(db_int(now)), e);
	if (err)
		return err;
	return drop_old(s->db, ctx, now - s->conf->jobs_keep_days * DAY_MS, e);
}
