/* Inside src/model: a row of the table job, as JOB_COLUMNS name it, and what
 * the audit log says of one. */
#ifndef COFFER_MODEL_JOB_ROW_H
#define COFFER_MODEL_JOB_ROW_H

#include "model/audit.h"
#include "model/job.h"

/* Reads a row of the context's account; texts live in the arena. */
void job_take(struct db_rows *r, const struct db_context *ctx, struct arena *a,
    struct job *out);

/* Writes an entry about a job, with its kind, state and counts, within the
 * caller's transaction. */
MUST_CHECK enum err_code job_audit(struct site *s, const struct db_context *ctx,
    enum audit_action action, const struct job *job, struct err *e);

#endif
