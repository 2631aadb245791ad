/*
 * Seqs: the positions in segment `all`, by which customers are stored and in
 * whose order they have joined. Each is given once; what is not used is a hole,
 * which every reader skips.
 *
 * A customer that is made singly draws its seq from a range that the processes
 * of the pool share (model/seq_cache.h), so that creates wait for none of each
 * other; a program without a pool reserves each in its transaction.
 *
 * The order of joining. On one host: whoever begins after another has been
 * answered (a customer made, an upload accepted) comes after it, whichever
 * processes answer. Those who are made at once may be committed in another
 * order than that of their seqs, as rows of uploads are. Hosts draw from ranges
 * of their own: customers that are made by two of them within SEQ_RANGE creates
 * stand in the order of the ranges, and after an upload that another host has
 * accepted up to SEQ_RANGE - 1 may stand before its rows.
 */
#ifndef COFFER_MODEL_SEQ_H
#define COFFER_MODEL_SEQ_H

#include "model/site.h"

/* Seqs that are reserved at a time: the statements for it are a sixty-fourth
 * of a create's, and what a restart or an upload leaves unused are a few rows'
 * places. */
#define SEQ_RANGE 64

/* Before a transaction in which seq_take may be called: makes sure that the
 * pool has seqs, by a transaction of its own if need be. Of a workspace that is
 * gone nothing is told. */
MUST_CHECK enum err_code seq_prepare(
    struct site *s, const struct db_context *ctx, struct err *e);

/* A new customer's seq, in the transaction that stores it: after the account's
 * keys were held or required there, whose key epoch is `epoch`. No statement, as a rule; if
 * there is nothing to draw, segment_reserve. ERR_NO_CUSTOMERS: the workspace is
 * gone. Another try of the transaction takes another one. */
MUST_CHECK enum err_code seq_take(struct site *s, const struct db_context *ctx,
    uint32_t epoch, uint64_t *seq_out, struct err *e);

/* Takes n seqs in the caller's transaction: *first_out and the n - 1 after it;
 * whoever draws after COMMIT comes after them. A row lock is held until then:
 * see segment_reserve. */
MUST_CHECK enum err_code seq_reserve(struct site *s,
    const struct db_context *ctx, uint32_t n, uint64_t *first_out,
    struct err *e);

/* From here on this pool draws no seqs below where they end now (or ended
 * since): for who has read next_position and tells by it who came earlier; and
 * for who has found a seq taken. */
void seq_drop(struct site *s, const struct db_context *ctx);

#endif
