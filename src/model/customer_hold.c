#include <stdlib.h>

#include "model/customer_delete.h"
#include "model/runs.h"

static int
compare_seqs(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

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
	unsigned i, m = 0, there = 0;
	enum err_code err;

	qsort(seqs, n, sizeof(*seqs), compare_seqs);
	for (i = 0; i < n; i++)
		if (!i || seqs[i] != seqs[i - 1])
			seqs[m++] = seqs[i];
	err = runs_query(&locks, seqs, m, count_row, &there, e);
	*all_out = there == m;
	return err;
}
