/*
 * A record: the values that one row gives, checked and in the form in which
 * they are stored. Packed, records are what waits in the queue and in the
 * kept error rows.
 */
#ifndef COFFER_MODEL_RECORD_H
#define COFFER_MODEL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "model/field.h"

/* One value: the JSON text to store; NULL: the row does not give it. The text
 * null clears what a customer has, and gives a new one nothing. */
struct value {
	const char *json;
	uint32_t n;
};

/* True for a value that clears. */
bool value_is_null(const struct value *v);

/* The column, and the name in errors, of the customer that a row is about; no
 * field may have it. */
#define RECORD_CUSTOMER_ID "customer_id"

/* values[i] belongs to schema->fields[i]. */
struct record {
	uint32_t row;  /* data rows count from 1 */
	uint32_t line; /* of the file; the row's number in a JSON body */
	/* Of an update: the customer that it is about, and, if not 0, the
	 * revision that it must have (If-Match). */
	bool has_customer;
	struct uuid customer;
	uint32_t revision;
	/* The id of the unique field whose value named the customer, and is no
	 * change; 0 if customer_id did. */
	uint32_t matched;
	/* Its customer was deleted while it waited: nothing of it is left, and
	 * the row fails. */
	bool erased;
	struct value *values;
};

/* Appends the packed form: row, line, flags, then, as the flags say, the
 * customer's UUID, the revision and what was matched; count, then (field id,
 * length, JSON) for each given value in the order of the schema; integers are
 * 32 bits little-endian. The same record always packs to the same bytes. */
void record_pack(
    struct buf *out, const struct schema *s, const struct record *r);

/* Write into, and read from, a packed record that was packed with has_customer,
 * or with a revision, what became known later. */
void record_point(char *packed, const struct uuid *customer);
void record_pointed(const char *packed, struct uuid *out);
void record_revise(char *packed, uint32_t revision);

/* Reads one packed record at *p, moving *p on; values point into the packed
 * bytes, the array lives in the arena. A value whose field no longer exists is
 * passed over. False at `end` or if the bytes are not a record. */
bool record_unpack(const uint8_t **p, const uint8_t *end,
    const struct schema *s, struct arena *a, struct record *out);

/* One wrong cell or row of an upload. Strings live in an arena. */
struct row_error {
	uint32_t row, line;
	const char *field; /* "" for the whole row */
	enum row_code code;
	const char *text;
};

/* What an upload found wrong: at most ROW_ERRORS_MAX are kept. */
#define ROW_ERRORS_MAX 1000
#define ROW_ERRORS_ROWS 10000 /* the most rows of an upload */
struct row_errors {
	struct row_error list[ROW_ERRORS_MAX];
	unsigned n;
	unsigned total;                        /* errors found */
	unsigned invalid_rows;                 /* rows that have at least one */
	uint8_t seen[ROW_ERRORS_ROWS / 8 + 1]; /* a bit a row */
};

/* Adds an error in its place: the list stays in the order of the rows and,
 * within a row, of the calls, in whichever order rows come. When it is full
 * the last rows' errors go. row is at most ROW_ERRORS_ROWS; field and text are
 * copied. */
void row_errors_add(struct row_errors *errs, struct arena *a, uint32_t row,
    uint32_t line, const char *field, const struct cell_error *ce);

#endif
