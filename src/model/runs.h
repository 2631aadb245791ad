/*
 * Runs: statements over many ascending numbers (seqs, positions). Numbers that
 * follow each other without a gap go as a range, others in lists; always in
 * ascending order, so that rows are locked in it.
 */
#ifndef COFFER_MODEL_RUNS_H
#define COFFER_MODEL_RUNS_H

#include <stdint.h>

#include "db/db.h"

/* One statement in two forms: `range` ends with "... >= ? AND ... < ?", `list`
 * with "IN (?...)". Other values come first in both. */
struct runs {
	struct db *db;
	const struct db_context *ctx;
	enum stmt range, list;
	struct db_args args;
};
#define RUNS_ARGS_MAX 4

/* Sorts numbers and drops repeated ones; how many are left. */
unsigned runs_sort(uint64_t *v, unsigned n);

/* Runs a changing statement over n ascending numbers; *affected_out (may be
 * NULL): rows changed. */
MUST_CHECK enum err_code runs_exec(const struct runs *r, const uint64_t *v,
    unsigned n, uint64_t *affected_out, struct err *e);

/* Runs a reading one, and hands each row to `take`. */
MUST_CHECK enum err_code runs_query(const struct runs *r, const uint64_t *v,
    unsigned n, db_take *take, void *arg, struct err *e);

#endif
