/*
 * The rows of tbl/field_types.h, and what several types share.
 */
#ifndef COFFER_MODEL_TYPES_TYPES_H
#define COFFER_MODEL_TYPES_TYPES_H

#include "model/field.h"

#define X(name, text, module) \
	extern const struct field_type field_type_##module;
#include "tbl/field_types.h"
#undef X

#define NUMBER_CHARS_MAX 100
#define NUMBER_EXPONENT_MAX 9999
#define ARRAY_ELEMENTS_MAX 1000

/* Fills *ce; returns false, so that a check ends with it. Texts finish the
 * sentence "the value ..." and never hold the value. */
bool cell_wrong(struct cell_error *ce, enum row_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* ROW_LENGTH if n bytes of text have more code points than max_length; `what`
 * is the subject of the sentence, "" for the value itself. */
bool length_fits(const struct field *f, const char *what, const char *s,
    size_t n, struct cell_error *ce);

/* As strcmp, for n bytes and a string. */
int text_compare(const char *s, size_t n, const char *with);

/* The text of a stored JSON string: between its quotes if nothing is escaped,
 * else unescaped into the arena. */
const char *string_text(
    struct arena *a, const char *json, size_t n, size_t *len_out);

/* to_text and fold of types that are stored as JSON strings. A value of another
 * form (kept since before its field had this type) is given as it is. */
void string_to_text(const struct field *f, struct arena *a, const char *json,
    size_t n, struct buf *out);
const char *string_fold(const struct field *f, struct arena *a,
    const char *json, size_t n, size_t *len_out);

/* to_text of types whose stored JSON is their text; of a JSON string, what it
 * holds. */
void plain_to_text(const struct field *f, struct arena *a, const char *json,
    size_t n, struct buf *out);

/* A date as it is stored, whatever the field's format: appends its JSON. */
bool date_from_answer(const json_t *v, struct buf *out);

/* A JSON number that can be stored: no more than NUMBER_CHARS_MAX characters,
 * one without point and exponent within 64 bits (so that it can be read
 * again), an exponent within NUMBER_EXPONENT_MAX. Else ROW_TYPE or
 * ROW_LENGTH; `rule` says what the value must be. */
bool number_check(
    const char *rule, const char *s, size_t n, struct cell_error *ce);

/* The text of a JSON number, or of a JSON string in its place; NULL for any
 * other value. */
const char *number_text(const json_t *v, size_t *len_out);

/* fold of all numbers: sign, digits without outer zeros, exponent of ten; equal
 * numbers have equal folds, however they are written. */
const char *number_fold(const struct field *f, struct arena *a,
    const char *json, size_t n, size_t *len_out);

#endif
