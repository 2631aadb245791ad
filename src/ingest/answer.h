/* The bodies of the answers to an upload (contract, POST /v1/customer/check).
 * Each call appends one JSON object. */
#ifndef COFFER_INGEST_ANSWER_H
#define COFFER_INGEST_ANSWER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "model/record.h"

/* Clean, and nothing was stored. */
void answer_clean(struct buf *out, uint32_t rows);

/* Clean, and waiting as a job. */
void answer_queued(struct buf *out, const char *job_id, uint32_t rows);

/* Clean and done: n customers were made. */
void answer_completed(struct buf *out, const char *job_id, uint32_t rows,
    const struct uuid *ids, uint32_t n);

/* Not clean. Errors of row 0 are of the header: no row was looked at. */
void answer_invalid(
    struct buf *out, uint32_t rows, const struct row_errors *errs);

#endif
