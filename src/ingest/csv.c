#include "ingest/csv.h"

#include <assert.h>
#include <csv.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"

/* What a callback of libcsv's found, which cannot say so itself. */
enum fault { FAULT_NONE, FAULT_COLUMNS, FAULT_CELL, FAULT_ROW };

struct csv {
	csv_source *source;
	void *arg;
	struct csv_limits limits;
	struct csv_parser parser;

	char in[16384];
	size_t pos, len;
	bool started, end;

	uint32_t line;       /* of the byte at pos */
	uint32_t row_line;   /* on which the row began */
	uint32_t quote_line; /* on which the open quote stands */
	bool quoted;         /* between quotes */
	bool closed;         /* the last byte was a closing quote */
	bool cr;             /* the last byte was a CR outside of quotes */

	enum fault fault;
	bool complete; /* a row is */
	unsigned n;    /* cells of the row */
	struct buf text;
	size_t ends[CSV_COLUMNS_MAX]; /* of the cells, in text */
	struct csv_cell cells[CSV_COLUMNS_MAX];
	struct csv_row row;
	uint32_t rows; /* seen so far, the header too */
	unsigned columns;
};

/* Cells are personal data: memory is wiped before it is given back. */
static void
wipe_free(void *p)
{
	if (p)
		wipe(p, malloc_usable_size(p));
	free(p);
}

static void *
wipe_realloc(void *old, size_t n)
{
	size_t had = old ? malloc_usable_size(old) : 0;
	void *p = malloc(n);

	if (!p)
		abort();
	if (had)
		memcpy(p, old, had < n ? had : n);
	wipe_free(old);
	return p;
}

/* libcsv's idea of space, which it trims: there is none. */
static int
no_space(unsigned char c)
{
	(void)c;
	return 0;
}

struct csv *
csv_open(csv_source *source, void *arg, const struct csv_limits *limits)
{
	struct csv *c = calloc(1, sizeof(*c));

	if (!c || csv_init(&c->parser, CSV_STRICT))
		abort();
	csv_set_space_func(&c->parser, no_space);
	csv_set_realloc_func(&c->parser, wipe_realloc);
	csv_set_free_func(&c->parser, wipe_free);
	csv_set_blk_size(&c->parser, 4096);
	c->source = source;
	c->arg = arg;
	c->limits = *limits;
	c->text.max = limits->row_bytes;
	c->line = c->row_line = 1;
	return c;
}

static enum err_code
fail_at(uint32_t line, struct err *e, const char *what)
{
	return err_set(e, ERR_BAD_REQUEST, "CSV, line %u: %s", line, what);
}

static void
on_cell(void *s, size_t n, void *arg)
{
	struct csv *c = arg;

	if (c->fault)
		return;
	if (c->n == CSV_COLUMNS_MAX) {
		c->fault = FAULT_COLUMNS;
		return;
	}
	if (n > c->limits.cell_bytes) {
		c->fault = FAULT_CELL;
		return;
	}
	buf_add(&c->text, s, n);
	if (c->text.overflow)
		c->fault = FAULT_ROW;
	c->ends[c->n++] = c->text.len;
}

static void
on_row(int end, void *arg)
{
	struct csv *c = arg;

	(void)end;
	c->complete = true;
}

/* A cell that is not at its end yet already counts. */
static enum err_code
check_limits(struct csv *c, struct err *e)
{
	size_t open = c->parser.entry_pos;

	if (c->fault == FAULT_COLUMNS)
		return err_set(e, ERR_BAD_REQUEST,
		    "CSV, line %u: more than %d columns", c->row_line,
		    CSV_COLUMNS_MAX);
	/* The closing quote is in libcsv's buffer until the next byte. */
	if (c->fault == FAULT_CELL || open > c->limits.cell_bytes + 1)
		return err_set(e, ERR_BAD_REQUEST,
		    "CSV, line %u: a cell is over %zu bytes", c->row_line,
		    c->limits.cell_bytes);
	if (c->fault == FAULT_ROW ||
	    c->text.len + open > c->limits.row_bytes + 1)
		return err_set(e, ERR_BAD_REQUEST,
		    "CSV, line %u: the row is over %zu bytes", c->row_line,
		    c->limits.row_bytes);
	return ERR_OK;
}

/* Hands n bytes of one line to libcsv. */
static enum err_code
feed(struct csv *c, const char *s, size_t n, struct err *e)
{
	if (csv_parse(&c->parser, s, n, on_cell, on_row, c) == n)
		return check_limits(c, e);
	assert(csv_error(&c->parser) == CSV_EPARSE);
	return fail_at(c->line, e,
	    c->parser.quoted
	        ? "something other than a comma follows a closing quote"
	        : "a quote in a cell that does not begin with one");
}

static void
see_quote(struct csv *c)
{
	if (c->quoted) {
		c->quoted = false;
		c->closed = true;
		return;
	}
	/* Right after a closing one it is the second of a pair. */
	if (!c->closed)
		c->quote_line = c->line;
	c->quoted = true;
	c->closed = false;
}

/* The length of what can be fed at once from pos: at most up to the end of
 * the line, its LF included; never a NUL, nor a CR outside of quotes. */
static size_t
scan(struct csv *c)
{
	static const bool SPECIAL[256] = {
	    ['\0'] = true, ['\n'] = true, ['\r'] = true, ['"'] = true};
	const char *s = c->in + c->pos;
	size_t i, n = c->len - c->pos;

	for (i = 0; i < n; i++) {
		if (!SPECIAL[(unsigned char)s[i]]) {
			c->closed = false;
			continue;
		}
		if (s[i] == '\0' || (s[i] == '\r' && !c->quoted))
			break;
		if (s[i] == '\n')
			return i + 1;
		if (s[i] == '"')
			see_quote(c);
	}
	return i;
}

static void
next_line(struct csv *c)
{
	c->line++;
	c->closed = false;
	if (!c->quoted)
		c->row_line = c->line;
}

/* Takes one stretch of input: of one line, or the byte that cannot be fed. */
static enum err_code
take(struct csv *c, struct err *e)
{
	const char *s = c->in + c->pos;
	enum err_code code;
	size_t n;

	if (c->cr && *s != '\n')
		return fail_at(c->line, e, "CR that no LF follows");
	c->cr = false;
	n = scan(c);
	if (n) {
		code = feed(c, s, n, e);
		if (code)
			return code;
		c->pos += n;
		if (s[n - 1] != '\n')
			return ERR_OK;
		/* The row that has just ended keeps the line it began on. */
		c->row.line = c->row_line;
		next_line(c);
		return ERR_OK;
	}
	if (*s == '\0')
		return fail_at(c->line, e, "NUL: this is not text");
	c->cr = true;
	c->pos++;
	return ERR_OK;
}

static enum err_code
fill(struct csv *c, struct err *e)
{
	size_t got = 0;
	enum err_code code;

	if (c->pos == c->len)
		c->pos = c->len = 0;
	code =
	    c->source(c->arg, c->in + c->len, sizeof(c->in) - c->len, &got, e);
	c->len += got;
	if (!code && !got)
		c->end = true;
	return code;
}

/* Looks at the first bytes for a byte order mark. */
static enum err_code
start(struct csv *c, struct err *e)
{
	enum err_code code;

	c->started = true;
	while (c->len < 3 && !c->end) {
		code = fill(c, e);
		if (code)
			return code;
	}
	if (c->len >= 2 &&
	    (!memcmp(c->in, "\xff\xfe", 2) || !memcmp(c->in, "\xfe\xff", 2)))
		return fail_at(1, e, "UTF-16 or UTF-32; save it as UTF-8");
	if (c->len >= 3 && !memcmp(c->in, "\xef\xbb\xbf", 3))
		c->pos = 3;
	return ERR_OK;
}

/* The last line need not have an end. */
static enum err_code
finish(struct csv *c, struct err *e)
{
	enum err_code code;

	if (c->quoted)
		return fail_at(
		    c->quote_line, e, "a quote opens here and never closes");
	if (c->cr)
		return fail_at(c->line, e, "CR that no LF follows");
	code = feed(c, "\n", 1, e);
	c->row.line = c->row_line;
	return code;
}

static void
begin_row(struct csv *c)
{
	buf_reset(&c->text);
	c->n = 0;
	c->complete = false;
}

static enum err_code
end_row(struct csv *c, struct err *e)
{
	const char *text = c->text.data ? c->text.data : "";
	size_t from = 0;
	unsigned i;

	if (!c->rows)
		c->columns = c->n;
	if (c->n != c->columns)
		return err_set(e, ERR_BAD_REQUEST,
		    "CSV, line %u: %u cells where the header has %u",
		    c->row.line, c->n, c->columns);
	if (c->rows > c->limits.rows)
		return err_set(e, ERR_TOO_MANY_ROWS,
		    "File cannot be larger than %u rows", c->limits.rows);
	for (i = 0; i < c->n; i++) {
		c->cells[i].s = text + from;
		c->cells[i].n = c->ends[i] - from;
		from = c->ends[i];
	}
	c->row.row = c->rows++;
	c->row.n = c->n;
	c->row.cells = c->cells;
	return ERR_OK;
}

enum err_code
csv_next(struct csv *c, const struct csv_row **out, struct err *e)
{
	enum err_code code = c->started ? ERR_OK : start(c, e);

	begin_row(c);
	*out = NULL;
	while (!code && !c->complete) {
		if (c->pos < c->len)
			code = take(c, e);
		else if (!c->end)
			code = fill(c, e);
		else if (!c->source)
			return ERR_OK;
		else {
			code = finish(c, e);
			c->source = NULL;
		}
	}
	if (!code)
		code = end_row(c, e);
	if (!code)
		*out = &c->row;
	return code;
}

void
csv_close(struct csv **c)
{
	if (!*c)
		return;
	csv_free(&(*c)->parser);
	buf_free(&(*c)->text);
	wipe(*c, sizeof(**c));
	free(*c);
	*c = NULL;
}
