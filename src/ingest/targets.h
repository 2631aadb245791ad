/*
 * Targets: the customers that the rows of an update are about, found in the
 * store some hundred rows at a time, and what the rows do to each other: two
 * rows of one customer, values that are another customer's, and values that
 * one row gives up for another to take (a handover).
 */
#ifndef COFFER_INGEST_TARGETS_H
#define COFFER_INGEST_TARGETS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "db/db.h"
#include "ingest/existing.h"
#include "model/record.h"

struct targets;

/* For the unique fields of a schema, as existing_new. Ends with targets_free.
 */
struct targets *targets_new(
    const struct field *const *unique, unsigned nunique);
void targets_free(struct targets **t);

/* Forgets all rows. */
void targets_reset(struct targets *t);

/* Takes a row, after existing_row: `named` is the place in `unique` of the
 * field that names the customer, TARGET_BY_ID, or TARGET_UNNAMED for a row that
 * has no customer. A row that is right comes packed (model/record.h). */
#define TARGET_BY_ID UINT16_MAX
#define TARGET_UNNAMED (UINT16_MAX - 1)
void targets_add(struct targets *t, const struct record *r, uint16_t named,
    const char *packed, size_t n);

/* Notes that the last row says something about unique field `field`: that it
 * gives or clears it. */
void targets_says(struct targets *t, unsigned field);

/* Finds the customers of the rows that wait in x and here, in a group; rows
 * without one are ROW_UNKNOWN. Then hands on each packed row, which now names
 * its customer, in order, by `put`. *unknown_out counts those errors. */
typedef enum err_code targets_put(
    void *arg, uint32_t row, char *packed, size_t n, struct err *e);
MUST_CHECK enum err_code targets_look(struct targets *t, struct existing *x,
    struct db *db, const struct db_context *ctx, uint32_t segment_id,
    struct row_errors *errs, struct arena *a, unsigned *unknown_out,
    targets_put *put, void *arg, struct err *e);

/* After the last row. A second row of a customer is ROW_DUPLICATE; a value of
 * another customer is ROW_UNIQUE, unless that one's row gives it up: both rows
 * are then `connected`. *taken_out counts ROW_UNIQUE. */
void targets_judge(struct targets *t, struct row_errors *errs, struct arena *a,
    unsigned *taken_out);
bool targets_connected(const struct targets *t, uint32_t row);

#endif
