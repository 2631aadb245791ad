/*
 * CSV in (RFC 4180): libcsv behind a guard, one row at a time, from a stream.
 * csv.c is the only user of libcsv.
 *
 * Lines end with LF or CRLF; a UTF-8 byte order mark is passed over, blank
 * lines are passed over but counted; cells are kept to the byte, spaces too.
 * The first row is the header; every other one has as many cells as it.
 *
 * Refused with ERR_BAD_REQUEST and a text that names the line and quotes
 * nothing: UTF-16 and UTF-32, NUL, CR without LF outside of quotes, a quote in
 * a cell without quotes, anything but a comma or the end of the line after a
 * closing quote, a quote that is never closed, a row with other than the
 * header's number of cells, and what passes a limit. More rows than the limit
 * are ERR_TOO_MANY_ROWS. Whether cells are UTF-8 is for the fields to say.
 */
#ifndef COFFER_INGEST_CSV_H
#define COFFER_INGEST_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CSV_COLUMNS_MAX 2000

/* Reads up to n bytes into p; *n_out is 0 at the end alone. */
typedef enum err_code csv_source(
    void *arg, char *p, size_t n, size_t *n_out, struct err *e);

struct csv_limits {
	size_t cell_bytes;
	size_t row_bytes; /* of all its cells */
	uint32_t rows;    /* without the header */
};

struct csv_cell {
	const char *s; /* no NUL after it */
	size_t n;
};

struct csv_row {
	uint32_t row;  /* the header is 0, data rows count from 1 */
	uint32_t line; /* on which the row begins, from 1 */
	unsigned n;
	const struct csv_cell *cells;
};

struct csv;

/* A reader of a stream; never NULL. */
struct csv *csv_open(
    csv_source *source, void *arg, const struct csv_limits *limits);

/* The next row, good until the next call; NULL at the end. After an error the
 * reader is of no more use. Errors: above, and those of the source. */
MUST_CHECK enum err_code csv_next(
    struct csv *c, const struct csv_row **out, struct err *e);

/* Wipes and frees; *c may be NULL. */
void csv_close(struct csv **c);

#endif
