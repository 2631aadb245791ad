/*
 * Upload: the whole of a check, or of an update. One transaction reads the
 * rows, judges them, and, if all are right, stores them as the chunks of a job,
 * with the answer under its Idempotency-Key. If one row is wrong, nothing is
 * stored.
 */
#ifndef COFFER_INGEST_UPLOAD_H
#define COFFER_INGEST_UPLOAD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "ingest/intake.h"
#include "ingest/spool.h"
#include "model/idempotency.h"
#include "model/job.h"
#include "model/site.h"

struct upload {
	/* What is asked; the caller's. */
	const char *account_code;
	/* With fields in it; loaded anew, in place, if they have changed. */
	struct schema *schema;
	struct uuid workspace;
	uint32_t segment_id;
	enum job_kind kind; /* JOB_KIND_UPLOAD or JOB_KIND_UPDATE */
	/* Of an update: the name of the unique field that names the customers
	 * (or NULL), and what the one customer must be (or NULL); such an
	 * update is always claimed, and never left to the worker. */
	const char *match_by;
	const struct precondition *condition;
	bool validate_only;
	enum on_existing on_existing;
	struct spool *file;       /* the rows: a CSV, */
	const json_t *data;       /* or an object or an array of objects */
	struct idempotency again; /* route and key; the content comes here */

	/* What comes of it. */
	int status;        /* the answer, with ERR_OK */
	struct buf answer; /* ended by upload_free */
	struct job job;    /* rows is always there */
	bool claimed;      /* the caller has to apply `claim` */
	struct claim claim;
};

/* Runs an upload in the context's workspace. ERR_OK: `status` and `answer` say
 * that it is clean (and, but for validate_only, queued), or repeat the first
 * answer of its Idempotency-Key. A small upload is stored claimed: its one
 * chunk is the caller's to apply at once, or to give back by job_chunk_retry.
 * ERR_INVALID: `answer` lists what is wrong. ERR_PRECONDITION. Other errors
 * have no answer: ERR_BAD_REQUEST (match_by too), ERR_TOO_MANY_ROWS,
 * ERR_CONFLICT (the key was used with other content), and those of the
 * database. The arena keeps job.columns and texts.
 */
MUST_CHECK enum err_code upload_run(struct site *site,
    const struct db_context *ctx, struct upload *u, struct arena *a,
    struct err *e);

/* After a claimed upload was applied without a wrong row: the answer becomes
 * that of a completed job that made or changed the n customers, and so does the
 * one that its Idempotency-Key keeps. */
MUST_CHECK enum err_code upload_completed(struct site *site,
    const struct db_context *ctx, struct upload *u, const struct uuid *ids,
    uint32_t n, struct arena *a, struct err *e);

/* Wipes and frees the answer. */
void upload_free(struct upload *u);

#endif
