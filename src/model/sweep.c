#include "model/sweep.h"

#define STEPS_MAX 50

enum err_code
sweep_rows(struct db *db, const struct db_context *ctx, enum stmt st,
    struct db_args args, struct err *e)
{
	uint64_t affected = SWEEP_ROWS;
	enum err_code err = ERR_OK;
	int i;

	for (i = 0; i < STEPS_MAX && affected == SWEEP_ROWS && !err; i++)
		err = db_exec(db, ctx, st, args, &affected, NULL, e);
	return err;
}
