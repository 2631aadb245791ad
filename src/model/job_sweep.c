#include "base/clock.h"
#include "model/account.h"
#include "model/job.h"

#define SWEEP_ROWS 1000 /* the LIMIT of the statements */
#define SWEEP_STEPS 50  /* of one table of one account in one call */

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
sweep_account(struct db *db, const struct db_context *ctx, const char *code,
    void *arg, struct err *e)
{
	enum err_code err = sweep_table(db, ctx, SQL_JOB_SWEEP_ERRORS, e);

	(void)code;
	(void)arg;
	if (!err)
		err = sweep_table(db, ctx, SQL_JOB_SWEEP_ANSWERS, e);
	if (!err)
		err = sweep_table(db, ctx, SQL_TRACE_SWEEP, e);
	if (!err)
		err = sweep_table(db, ctx, SQL_JOB_SWEEP_TOKENS, e);
	return err ? err : ERR_NOT_FOUND; /* on to the next account */
}

enum err_code
job_sweep(struct db *db, struct err *e)
{
	enum err_code err = account_walk(db, sweep_account, NULL, e);

	return err == ERR_NOT_FOUND ? ERR_OK : err;
}
