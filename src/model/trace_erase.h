/*
 * Erase: what is left of customers that are being deleted in other places than
 * their rows: in chunks that wait in the queue, in kept error rows, in
 * idempotent answers.
 */
#ifndef COFFER_MODEL_TRACE_ERASE_H
#define COFFER_MODEL_TRACE_ERASE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "model/site.h"

/* A customer that is being deleted. */
struct doomed {
	uint64_t seq;
	struct uuid uuid;
	/* Of the profile that erase_traces has read; 0: it read none. */
	uint32_t revision;
};

/* Erases the traces of n customers but answers, in ascending order of seq,
 * within the deletion's transaction and before their rows are locked: chunks
 * are held first, as those who apply them do. The caller compares revisions
 * after locking, for a value may have changed in between. Costs two look-ups
 * where nothing waits and nothing is kept. */
MUST_CHECK enum err_code erase_traces(struct site *s,
    const struct db_context *ctx, struct doomed *list, unsigned n,
    struct arena *a, struct err *e);

/* Erases the kept answers that name them, after their rows are locked: whoever
 * keeps an answer holds its customers, and finds them gone from then on. Costs
 * a look-up where no answer is kept. */
MUST_CHECK enum err_code erase_answers(struct site *s,
    const struct db_context *ctx, const struct doomed *list, unsigned n,
    struct err *e);

#endif
