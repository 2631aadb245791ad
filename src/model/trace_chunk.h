/* Inside src/model: erasing records of chunks that wait in the queue, and of
 * wrong rows that are kept. */
#ifndef COFFER_MODEL_TRACE_CHUNK_H
#define COFFER_MODEL_TRACE_CHUNK_H

#include "model/field.h"
#include "model/site.h"

/* Every record of a waiting chunk of the workspace that is about one of these
 * (sorted) traces becomes an erased one. Chunks are held in the order of their
 * keys until the transaction ends; one that is being applied is waited for. The
 * arena is used as scratch. */
MUST_CHECK enum err_code erase_chunks(struct site *s,
    const struct db_context *ctx, const struct schema *schema,
    struct keyring *ring, const struct buf *traces, struct arena *row,
    struct err *e);

/* Wrong rows that are kept of jobs whose rows were judged by other fields than
 * those of now: their own traces may be others than they would be now, so each
 * is opened, and goes if it is about one of these. */
MUST_CHECK enum err_code erase_stale(struct site *s,
    const struct db_context *ctx, const struct schema *schema,
    struct keyring *ring, const struct buf *traces, struct arena *row,
    struct err *e);

#endif
