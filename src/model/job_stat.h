/*
 * What is in the queue of jobs, over all accounts: for those who run Coffer.
 */
#ifndef COFFER_MODEL_JOB_STAT_H
#define COFFER_MODEL_JOB_STAT_H

#include "model/job.h"

struct job_stat {
	uint64_t jobs;    /* that have not ended */
	uint64_t running; /* those of them with a chunk in hand */
	/* Chunks, by what they wait for: a worker works on them, or may take
	 * them, or their time has not come (a retry, a lease). */
	uint64_t claimed, due, delayed;
	int64_t oldest_ms; /* how long the oldest has been due; 0 if none is */
};

/* Fills a row for each kind. */
MUST_CHECK enum err_code job_stat_read(
    struct db *db, struct job_stat out[JOB_KINDS], struct err *e);

#endif
