#include "model/customer_delete.h"
#include "model/runs.h"

static void
count_row(struct db_rows *r, void *arg)
{
	(void)r;
	++*(unsigned *)arg;
}

enum err_code
customer_hold(struct db *db, const struct db_context *ctx, uint64_t *seqs,
    unsigned n, bool *all_out, struct err *e)
{
	const struct runs locks = {.db = db,
	    .ctx = ctx,
	    .range = SQL_CUSTOMER_HOLD_RANGE,
	    .list = SQL_CUSTOMER_HOLD_LIST};
	unsigned there = 0;
	enum err_code err;

	n = runs_sort(seqs, n);
	err = runs_query(&locks, seqs, n, count_row, &there, e);
	*all_out = there == n;
	return err;
}
