#include "model/runs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Numbers in a row that are worth a statement of their own: a list may have to
 * be cut short before them. */
#define RUN_LEAST 100

/* How a piece is run, by either form. */
struct how {
	const struct runs *runs;
	db_take *take; /* NULL: a changing statement */
	void *arg;
	bool counts; /* the rows that it changes */
	uint64_t affected;
};

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

unsigned
runs_sort(uint64_t *v, unsigned n)
{
	unsigned i, m = 0;

	qsort(v, n, sizeof(*v), compare);
	for (i = 0; i < n; i++)
		if (!i || v[i] != v[i - 1])
			v[m++] = v[i];
	return m;
}

static enum err_code
read_rows(struct how *h, struct db_rows *r, struct err *e)
{
	while (db_next(r))
		h->take(r, h->arg);
	return db_done(&r, e);
}

static enum err_code
run_range(struct how *h, uint64_t first, uint64_t end, struct err *e)
{
	const struct runs *u = h->runs;
	struct db_val v[RUNS_ARGS_MAX + 2];
	struct db_args args = {v, u->args.n + 2};
	struct db_rows *r;
	uint64_t affected = 0;
	enum err_code err;

	if (u->args.n)
		memcpy(v, u->args.v, u->args.n * sizeof(*v));
	v[u->args.n] = db_int((int64_t)first);
	v[u->args.n + 1] = db_int((int64_t)end);
	if (h->take) {
		err = db_query(u->db, u->ctx, u->range, args, &r, e);
		return err ? err : read_rows(h, r, e);
	}
	err = db_exec(u->db, u->ctx, u->range, args,
	    h->counts ? &affected : NULL, NULL, e);
	h->affected += err ? 0 : affected;
	return err;
}

static enum err_code
run_list(struct how *h, const uint64_t *numbers, unsigned n, struct err *e)
{
	const struct runs *u = h->runs;
	struct db_val v[DB_LIST_MAX];
	struct db_args list = {v, n};
	struct db_rows *r;
	uint64_t affected = 0;
	enum err_code err;
	unsigned i;

	for (i = 0; i < n; i++)
		v[i] = db_int((int64_t)numbers[i]);
	if (h->take) {
		err =
		    db_query_list(u->db, u->ctx, u->list, u->args, list, &r, e);
		return err ? err : read_rows(h, r, e);
	}
	err = db_exec_list(u->db, u->ctx, u->list, u->args, list,
	    h->counts ? &affected : NULL, e);
	h->affected += err ? 0 : affected;
	return err;
}

/* How many numbers follow each other from v[0] on. */
static unsigned
run_length(const uint64_t *v, unsigned n)
{
	unsigned i = 1;

	while (i < n && v[i] == v[i - 1] + 1)
		i++;
	assert(i == n || v[i] > v[i - 1]);
	return i;
}

static enum err_code
walk(struct how *h, const uint64_t *v, unsigned n, struct err *e)
{
	unsigned lone = 0, i, run; /* lone: the first that is in no run */
	enum err_code err = ERR_OK;

	for (i = 0; i < n && !err; i += run) {
		run = run_length(v + i, n - i);
		if (run < RUN_LEAST) {
			if (i + run - lone <= DB_LIST_MAX)
				continue;
			err = run_list(h, v + lone, i - lone, e);
			lone = i;
			continue;
		}
		if (lone < i)
			err = run_list(h, v + lone, i - lone, e);
		if (!err)
			err = run_range(h, v[i], v[i] + run, e);
		lone = i + run;
	}
	if (!err && lone < n)
		err = run_list(h, v + lone, n - lone, e);
	return err;
}

enum err_code
runs_exec(const struct runs *r, const uint64_t *v, unsigned n,
    uint64_t *affected_out, struct err *e)
{
	struct how h = {.runs = r, .counts = affected_out != NULL};
	enum err_code err = walk(&h, v, n, e);

	if (affected_out)
		*affected_out = h.affected;
	return err;
}

enum err_code
runs_query(const struct runs *r, const uint64_t *v, unsigned n, db_take *take,
    void *arg, struct err *e)
{
	struct how h = {.runs = r, .take = take, .arg = arg};

	return walk(&h, v, n, e);
}
