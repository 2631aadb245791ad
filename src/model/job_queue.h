/*
 * Inside src/model: the order of the queue.
 *
 * Start-time fair queueing (Goyal, Vin, Cheng 1996), in rows: an account's
 * flow of chunks gets a start tag, which is the virtual time or the end of what
 * the flow has queued before, whichever is later, and a finish tag, which is
 * later by the chunk's cost; the least finish tag goes first. Accounts with
 * much to do so take turns, whoever queued first, a small job waits for no more
 * than the chunks in hand, and nothing starves, for whatever is queued moves
 * its own flow on. Small jobs are a flow of their own, and so are those of the
 * programs (conversion, rotation), whose rows cost more.
 */
#ifndef COFFER_MODEL_JOB_QUEUE_H
#define COFFER_MODEL_JOB_QUEUE_H

#include "model/job.h"

/* Puts the chunks of a new job down, job->chunks_left of them; with `owner`
 * they are claimed by it. Within the job's transaction. */
MUST_CHECK enum err_code queue_insert(struct site *s,
    const struct db_context *ctx, const struct job *job, const char *owner,
    struct err *e);

/* Takes all that is left of a job out of the queue, payloads too, and gives
 * its flow back what was not used. Waits for chunks that are being applied:
 * each is then done and counted, or gone. */
MUST_CHECK enum err_code queue_clear(struct site *s,
    const struct db_context *ctx, const struct job *job, struct err *e);

#endif
