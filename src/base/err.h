/*
 * Errors: what went wrong, in words for the caller and words for the log.
 *
 * Every call that can fail returns an enum err_code (ERR_OK is 0) and, on
 * failure, has filled the struct err it was handed. `text` may be shown to
 * anybody: it never holds SQL, keys, paths, personal data or another tenant's
 * data. `cause` is for the log alone (and holds no personal data either). Only
 * the response code turns an enum err_code into a status, by tbl/errors.h. (Not
 * "enum err": the tags of enums and structs are one name space in C.)
 */
#ifndef COFFER_BASE_ERR_H
#define COFFER_BASE_ERR_H

enum err_code {
#define X(name, status, text) ERR_##name,
#include "tbl/errors.h"
#undef X
	ERR_COUNT
};

#define ERR_TEXT_MAX 320

struct err {
	enum err_code code;
	char text[ERR_TEXT_MAX];  /* for the caller; "" means the table's */
	char cause[ERR_TEXT_MAX]; /* for the log; "" when there is none */
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Fills *e with `code` and a text for the caller; returns `code`.
 * Text past ERR_TEXT_MAX-1 bytes is cut. `fmt` NULL takes the table's text. */
enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* A fault of ours: the caller gets the table's text for `code`, the log gets
 * `fmt`. Returns `code`. */
enum err_code err_fault(struct err *e, enum err_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* The text for the caller: e->text, or the table's text. Never NULL. */
const char *err_text(const struct err *e);

/* The name of a code as written in tbl/errors.h, for logs. */
const char *err_name(enum err_code code);

/* The HTTP status of a code, as the table gives it. */
int err_status(enum err_code code);

#endif
