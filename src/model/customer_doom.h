/* Inside src/model: customers that are being deleted in a transaction. */
#ifndef COFFER_MODEL_CUSTOMER_DOOM_H
#define COFFER_MODEL_CUSTOMER_DOOM_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/precondition.h"
#include "model/segment.h"
#include "model/trace_erase.h"

/* What is being deleted. */
struct doom {
	struct site *site;
	const struct db_context *ctx;
	const struct segment *group;
	const struct precondition *condition; /* or NULL */
	struct arena *arena;                  /* emptied with each try */
	struct doomed *list; /* whose seqs are ascending in the end */
	uint64_t *seqs;      /* theirs */
	unsigned n;
	struct buf belongs; /* some of their memberships */
	bool withdrew;      /* exports: export_clean_now after COMMIT */
};

/* Deletes the customers of the list, which may be in any order, as far as they
 * are there and in the group: the others are taken off the list. ERR_RETRY if
 * somebody else changed one of them meanwhile, ERR_PRECONDITION. The caller
 * frees `belongs`. */
MUST_CHECK enum err_code doom_run(struct doom *m, struct err *e);

/* Takes the customers, who are locked, out of the counts of `all`, then out of
 * their groups in ascending order, members and counts. What it needs of memory
 * does not grow with the number of groups. */
MUST_CHECK enum err_code doom_leave(struct doom *m, struct err *e);

/* The customer of the (sorted) list, or NULL. */
struct doomed *doom_find(const struct doom *m, uint64_t seq);

#endif
