/*
 * Applying a chunk of a job, exactly once: its rows become customers or change
 * them, or its range of numbers is worked through (work/range.h). The same code
 * runs in the worker and, for small uploads and updates, within the request.
 */
#ifndef COFFER_WORK_APPLY_H
#define COFFER_WORK_APPLY_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "model/job.h"
#include "model/site.h"

#define CHUNK_ROWS_MAX 1000

/* What became of a chunk. */
struct applied {
	uint32_t rows, succeeded, failed; /* failed: those with a job_error */
	uint32_t created;                 /* or, by an update, changed */
	struct uuid ids[CHUNK_ROWS_MAX];  /* of these, in order of rows */
	uint32_t revision;   /* of the customer, if one row was updated; or 0 */
	enum row_code wrong; /* with `failed`: of the last that failed */
};

/* Applies a claimed chunk, of whatever kind of job, in one transaction, which
 * also ends the claim. A row that the store refuses (a unique value that
 * somebody else took since the upload was validated) is put down as the job's
 * error and fails alone.
 * ERR_SUPERSEDED: the chunk is somebody else's or done; nothing was changed.
 * ERR_FORBIDDEN and ERR_PRECONDITION (the customer has another revision than
 * the row asks for): no retry will help, see job_fail. Any other error: nothing
 * was changed, and another try may help: job_chunk_retry. */
MUST_CHECK enum err_code work_apply(struct site *s, const struct claim *claim,
    struct applied *out, struct err *e);

#endif
