#include "base/clock.h"
#include "model/job.h"

#define SWEEP_ROWS 1000    /* the LIMIT of the statements */
#define SWEEP_ACCOUNTS 100 /* the LIMIT of ACCOUNT_AFTER */
#define SWEEP_STEPS 50     /* of one table of one account in one call */

/* Deletes step by step, so that no lock is held for long. */
static enum err_code
sweep_table(
    struct db *db, const struct db_context *ctx, enum stmt st, struct err *e)
{
	uint64_t affected = SWEEP_ROWS;
	enum err_code err = ERR_OK;
	int i;

	for (i = 0; i < SWEEP_STEPS && affected == SWEEP_ROWS && !err; i++)
		err = db_exec(db, ctx, st, DB_ARGS(db_int(clock_now_ms())),
		    &affected, NULL, e);
	return err;
}

static enum err_code
sweep_account(struct db *db, uint32_t id, struct err *e)
{
	struct db_context ctx = {.account_id = id};
	enum err_code err = sweep_table(db, &ctx, SQL_JOB_SWEEP_ERRORS, e);

	if (!err)
		err = sweep_table(db, &ctx, SQL_JOB_SWEEP_ANSWERS, e);
	if (!err)
		err = sweep_table(db, &ctx, SQL_JOB_SWEEP_TOKENS, e);
	return err;
}

static enum err_code
read_accounts(struct db *db, uint32_t after, uint32_t ids[SWEEP_ACCOUNTS],
    unsigned *n_out, struct err *e)
{
	struct db_rows *r;
	unsigned n = 0;
	enum err_code err;

	err = db_query(
	    db, NULL, SQL_ACCOUNT_AFTER, DB_ARGS(db_int(after)), &r, e);
	if (err)
		return err;
	while (n < SWEEP_ACCOUNTS && db_next(r))
		ids[n++] = (uint32_t)db_get_int(r, 0);
	*n_out = n;
	return db_done(&r, e);
}

enum err_code
job_sweep(struct db *db, struct err *e)
{
	uint32_t ids[SWEEP_ACCOUNTS], after = 0;
	enum err_code err;
	unsigned n, i;

	do {
		err = read_accounts(db, after, ids, &n, e);
		for (i = 0; i < n && !err; i++)
			err = sweep_account(db, ids[i], e);
		if (n)
			after = ids[n - 1];
	} while (!err && n == SWEEP_ACCOUNTS);
	return err;
}
