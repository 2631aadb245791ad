/* Inside src/model: a row of the table export, as EXPORT_COLUMNS name it. */
#ifndef COFFER_MODEL_EXPORT_ROW_H
#define COFFER_MODEL_EXPORT_ROW_H

#include "model/audit.h"
#include "model/export.h"

/* A db_take; out is a struct export. */
void export_take(struct db_rows *r, void *out);

/* Reads one by a statement of EXPORT_COLUMNS and one key; ERR_NOT_FOUND. */
MUST_CHECK enum err_code export_read(struct db *db,
    const struct db_context *ctx, enum stmt st, struct db_val key,
    struct export *out, struct err *e);

/* An entry about an export, within the caller's transaction. */
MUST_CHECK enum err_code export_audit(struct site *s,
    const struct db_context *ctx, enum audit_action action,
    const struct export *x, struct err *e);

/* Deletes all rows that a statement with LIMIT 1000 finds for an export. */
MUST_CHECK enum err_code export_drop(struct db *db,
    const struct db_context *ctx, enum stmt st, int64_t id, struct err *e);

#endif
