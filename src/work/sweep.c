#include "work/sweep.h"

#include "model/account.h"
#include "model/export_files.h"
#include "model/idempotency.h"
#include "model/job.h"
#include "model/session.h"
#include "model/throttle.h"
#include "model/trace.h"
#include "model/user.h"

/* Of the whole database. */
static enum err_code (*const everywhere[])(struct db *db, struct err *e) = {
    job_release_dead,
    throttle_sweep,
    session_sweep,
    export_sweep_places,
};

/* Of each account. */
static enum err_code (*const of_account[])(
    struct site *s, const struct db_context *ctx, struct err *e) = {
    job_sweep,
    idempotency_sweep,
    refresh_sweep,
    trace_sweep,
    export_sweep,
};

static enum err_code
sweep_account(struct db *db, const struct db_context *ctx, const char *code,
    void *arg, struct err *e)
{
	enum err_code err = ERR_OK;
	size_t i;

	(void)db;
	(void)code;
	for (i = 0; i < sizeof(of_account) / sizeof(of_account[0]) && !err; i++)
		err = of_account[i](arg, ctx, e);
	return err ? err : ERR_NOT_FOUND; /* on to the next account */
}

enum err_code
sweep_all(struct site *s, struct err *e)
{
	enum err_code err = ERR_OK;
	size_t i;

	for (i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]) && !err; i++)
		err = everywhere[i](s->db, e);
	if (!err)
		err = account_walk(s->db, sweep_account, s, e);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}
