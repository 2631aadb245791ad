/*
 * Deletion of customers: the row, its unique values, its memberships of every
 * group and all counts, and its traces elsewhere (model/trace_erase.h).
 *
 * Order of locks, with the others' in mind: queue rows of waiting chunks, then
 * customers by seq, then what hangs on them, then counts, those of `all` first.
 */
#ifndef COFFER_MODEL_CUSTOMER_DELETE_H
#define COFFER_MODEL_CUSTOMER_DELETE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "model/idempotency.h"
#include "model/job.h"
#include "model/precondition.h"
#include "model/segment.h"
#include "model/site.h"

#define DELETE_MAX 10000 /* customers in one transaction */

/* Customers to delete, through a group. */
struct deletion {
	const struct segment *group;
	/* The caller's: different ids, in any order. */
	const struct uuid *ids;
	unsigned n;
	/* Which each of them must meet; NULL: none is asked for. */
	const struct precondition *condition;
	/* Room for n, the caller's: gone_out[i] is set if ids[i] was deleted;
	 * others do not exist, or are not in the group. */
	bool *gone_out;
	unsigned deleted;
};

/* Deletes 1 to DELETE_MAX customers, all or none, in one transaction, each
 * with its audit entry. ERR_PRECONDITION: one of them has another revision. */
MUST_CHECK enum err_code customer_delete(struct site *s,
    const struct db_context *ctx, struct deletion *d, struct arena *a,
    struct err *e);

/* Deletes those members of a group that stand at positions from `first` to
 * before `end` and came no later than `until`, within the caller's transaction;
 * *n_out: how many. */
MUST_CHECK enum err_code customer_delete_range(struct site *s,
    const struct db_context *ctx, const struct segment *group, uint64_t first,
    uint64_t end, int64_t until, struct arena *a, uint32_t *n_out,
    struct err *e);

/* When a job that deletes a whole group ends: its rows are what it has deleted.
 */
MUST_CHECK enum err_code customer_delete_settle(struct db *db,
    const struct db_context *ctx, const struct uuid *job, struct err *e);

/* Locks customers of seqs in any order, which are put into ascending order and
 * may repeat, so that none is deleted before COMMIT; *all_out: all are there.
 */
MUST_CHECK enum err_code customer_hold(struct db *db,
    const struct db_context *ctx, uint64_t *seqs, unsigned n, bool *all_out,
    struct err *e);

/* Deletion of a whole group, as a job. */
struct deletion_job {
	const char *account_code;
	struct segment group;
	struct idempotency again; /* route and key; the content comes here */
	int status;               /* of the answer, with ERR_OK */
	struct buf answer;        /* the caller frees it */
	bool queued;              /* false: the answer repeats an earlier one */
};

/* Queues it: members who come later stay. ERR_NO_CUSTOMERS if the group is
 * empty, ERR_CONFLICT if the Idempotency-Key was used otherwise. */
MUST_CHECK enum err_code customer_delete_all(struct site *s,
    const struct db_context *ctx, struct deletion_job *d, struct arena *a,
    struct err *e);

#endif
