/*
 * Existing: which rows of an upload bring a value that a customer of the store
 * already has. Rows are gathered and looked up some hundred at a time, their
 * digests in order, so that the index is read along.
 */
#ifndef COFFER_INGEST_EXISTING_H
#define COFFER_INGEST_EXISTING_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/customer.h"
#include "model/field.h"
#include "model/job.h"
#include "model/record.h"

struct existing;

/* For `nfields` unique fields of a schema (pointers stay the caller's). */
struct existing *existing_new(
    const struct field *const *fields, unsigned nfields);
void existing_free(struct existing **x);

/* Forgets the rows that wait. */
void existing_reset(struct existing *x);

/* Begins a row, then takes digests of its values by the field's place in
 * `fields`. existing_full says that existing_look is due before the next. */
void existing_row(struct existing *x, uint32_t row, uint32_t line);
void existing_value(
    struct existing *x, unsigned field, const uint8_t digest[INDEX_LEN]);
bool existing_full(const struct existing *x);

/* Looks up what waits, and forgets it: calls `found` for each value that the
 * store has, with its row's place among those that waited (from 0), the field's
 * place and the customer; all of one field, then all of the next. */
typedef void existing_found(
    void *arg, unsigned at, unsigned field, uint64_t seq);
MUST_CHECK enum err_code existing_find(struct existing *x, struct db *db,
    const struct db_context *ctx, existing_found *found, void *arg,
    struct err *e);

/* The same for an upload. A value that is taken is ROW_UNIQUE with
 * EXISTING_ERROR; otherwise one is if the row has another value of another
 * customer. *found_out counts these errors. Texts of errors live in `a`. */
MUST_CHECK enum err_code existing_look(struct existing *x, struct db *db,
    const struct db_context *ctx, enum on_existing on_existing,
    struct row_errors *errs, struct arena *a, unsigned *found_out,
    struct err *e);

#endif
