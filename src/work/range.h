/*
 * Jobs that walk a range of numbers: deletion of a group's customers, what a
 * deleted group leaves, conversion of stored values, rotation of a key. A chunk
 * is a piece of the range and runs in one transaction, which also ends its
 * claim. Inside src/work.
 */
#ifndef COFFER_WORK_RANGE_H
#define COFFER_WORK_RANGE_H

#include "base/arena.h"
#include "model/job.h"
#include "model/site.h"
#include "work/apply.h"

/* A chunk in hand. */
struct range {
	struct site *site;
	const struct claim *claim;
	struct db_context ctx; /* of the job: account, workspace, user */
	struct job job;
	struct uuid workspace;
	uint64_t first, end; /* from first to before end */
	struct arena *arena; /* emptied before each try */
	/* What the body did, for the job's counts. */
	uint32_t succeeded, failed;
};

/* What a kind does. `body` runs within the transaction and may run again from
 * the start; `finish` (may be NULL) runs after the last chunk's body, in its
 * transaction, when the job is counted to its end. Errors as work_apply. */
struct range_kind {
	enum err_code (*body)(struct range *r, struct err *e);
	enum err_code (*finish)(struct range *r, struct err *e);
};

/* The kinds: work/rotate.c, convert.c, delete.c, clear.c. */
MUST_CHECK enum err_code rotate_body(struct range *r, struct err *e);
MUST_CHECK enum err_code rotate_finish(struct range *r, struct err *e);
MUST_CHECK enum err_code convert_body(struct range *r, struct err *e);
MUST_CHECK enum err_code convert_finish(struct range *r, struct err *e);
MUST_CHECK enum err_code delete_body(struct range *r, struct err *e);
MUST_CHECK enum err_code delete_finish(struct range *r, struct err *e);
MUST_CHECK enum err_code clear_body(struct range *r, struct err *e);

/* Applies a claimed chunk: see work_apply. */
MUST_CHECK enum err_code range_apply(struct site *s, const struct claim *claim,
    struct applied *out, struct err *e);

#endif
