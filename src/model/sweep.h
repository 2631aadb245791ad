/* Inside src/model: deleting what has outlived its time, so that no lock is
 * held for long. */
#ifndef COFFER_MODEL_SWEEP_H
#define COFFER_MODEL_SWEEP_H

#include "db/db.h"

#define SWEEP_ROWS 1000 /* the LIMIT of the statements */

/* Runs a DELETE of at most SWEEP_ROWS rows until it finds fewer, or for some
 * dozen times. */
MUST_CHECK enum err_code sweep_rows(struct db *db, const struct db_context *ctx,
    enum stmt st, struct db_args args, struct err *e);

#endif
