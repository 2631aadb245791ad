/*
 * Rows: what a CSV row or a JSON object says, checked against the workspace's
 * fields and turned into a record. All rules but uniqueness are looked at
 * here; what is wrong goes into the upload's list of errors.
 */
#ifndef COFFER_INGEST_ROWS_H
#define COFFER_INGEST_ROWS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "ingest/csv.h"
#include "model/field.h"
#include "model/record.h"

struct rows {
	const struct schema *schema;
	struct row_errors *errs;
	struct arena *arena;   /* where the errors' texts live */
	struct arena *scratch; /* emptied at each row */
	size_t value_bytes, row_bytes;
	bool nulls; /* null in JSON clears, and is kept; else it is not given */
	/* Of an update: a row names its customer, by customer_id, or by field
	 * `match`, or, if that is NULL, by the first unique field that it
	 * gives; nothing else is required, but null clears no required field.
	 */
	bool update;
	const struct field *match;

	struct column *columns; /* of the CSV, in its order */
	unsigned ncolumns;

	/* By field of the schema. */
	enum cell_state { CELL_NONE, CELL_GIVEN, CELL_WRONG } * state;
	size_t *starts; /* of the values, in text */
	bool *used;     /* some row of the upload gives it */
	bool used_id;   /* the same of customer_id */
	enum cell_state id_state;
	struct buf text;
	struct record record; /* the row that was read last */
	bool right;           /* it has no errors so far */
};

/* Starts on an upload. Limits are in bytes, of one value and of all values of a
 * row, as stored. r->nulls, update and match are the caller's to set. Ends
 * with rows_free. */
void rows_init(struct rows *r, const struct schema *schema, struct arena *a,
    struct row_errors *errs, size_t value_bytes, size_t row_bytes);
void rows_free(struct rows *r);

/* Takes the header of a CSV: each cell is a field's name or display name;
 * error_row, error_field and error_code (what the file of wrong rows adds) are
 * passed over. False if columns are unknown, repeated, or missing though their
 * field is required; the errors list has them as row 0. */
bool rows_header(struct rows *r, const struct csv_row *header);

/* Reads a row into r->record, which is good until the next call. False if it
 * has errors, which have been listed; the record then holds the values that
 * are right. An empty cell gives nothing. Of an update, the record that names
 * its customer has_customer; matched is the field that it does it by, and the
 * UUID then none yet. */
bool rows_from_csv(struct rows *r, const struct csv_row *row);

/* The same from a JSON value, the row-th of the upload, from 1. null gives
 * nothing; neither does a blank string where a value is required. */
bool rows_from_json(struct rows *r, const json_t *v, uint32_t row);

/* Appends the names of the upload's fields as a JSON array: the CSV's columns
 * in their order, or the fields that any object has given, customer_id first.
 */
void rows_names(const struct rows *r, struct buf *out);

#endif
