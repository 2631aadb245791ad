/*
 * CSV. Input: a byte for the size of the stretches it comes in, then the file.
 * Rows do not depend on the stretches, keep the limits, and written as CSV
 * again are read as the same (S27).
 */
#include "t/fuzz/fuzz.h"

#include "base/buf.h"
#include "ingest/csv.h"
#include "t/ingest/bytes.h"

static const struct csv_limits LIMITS = {
    .cell_bytes = 40, .row_bytes = 120, .rows = 12};

/* A file as it was read: cells with their lengths before them. */
struct sheet {
	struct buf cells;
	struct buf text; /* as CSV again */
	unsigned columns;
	uint32_t rows, line;
};

static void
add_cell(struct sheet *t, const struct csv_row *row, unsigned i)
{
	const struct csv_cell *c = &row->cells[i];

	assert(c->n <= LIMITS.cell_bytes && !memchr(c->s, '\0', c->n));
	buf_addf(&t->cells, "%zu:", c->n);
	buf_add(&t->cells, c->s, c->n);
	if (i)
		buf_addc(&t->text, ',');
	/* A lone empty cell would be a blank line, and the file's first bytes
	 * may look like a byte order mark. */
	if ((!c->n && row->n == 1) || !t->text.len) {
		buf_addc(&t->text, '"');
		for (size_t k = 0; k < c->n; k++) {
			if (c->s[k] == '"')
				buf_addc(&t->text, '"');
			buf_addc(&t->text, c->s[k]);
		}
		buf_addc(&t->text, '"');
	} else {
		buf_add_csv(&t->text, c->s, c->n);
	}
}

static void
add_row(struct sheet *t, const struct csv_row *row)
{
	size_t bytes = 0;

	if (!t->rows)
		t->columns = row->n;
	assert(row->n >= 1 && row->n <= CSV_COLUMNS_MAX);
	assert(row->n == t->columns && row->row == t->rows);
	assert(row->line > t->line && row->row <= LIMITS.rows);
	t->line = row->line;
	t->rows++;
	for (unsigned i = 0; i < row->n; i++) {
		add_cell(t, row, i);
		bytes += row->cells[i].n;
	}
	assert(bytes <= LIMITS.row_bytes);
	buf_addf(&t->cells, "@%u\n", t->columns);
	buf_adds(&t->text, "\r\n");
}

static enum err_code
sheet_read(struct sheet *t, struct bytes *in, struct err *e)
{
	struct csv *c = csv_open(bytes_csv, in, &LIMITS);
	const struct csv_row *row;
	enum err_code code;

	memset(e, 0, sizeof(*e));
	while (!(code = csv_next(c, &row, e)) && row)
		add_row(t, row);
	assert(!code || code == ERR_BAD_REQUEST || code == ERR_TOO_MANY_ROWS);
	csv_close(&c);
	return code;
}

static void
sheet_free(struct sheet *t)
{
	buf_free(&t->cells);
	buf_free(&t->text);
}

static bool
same(const struct sheet *x, const struct sheet *y)
{
	return x->cells.len == y->cells.len &&
	       (!x->cells.len ||
	           !memcmp(x->cells.data, y->cells.data, x->cells.len));
}

static uint32_t
lines_in(const uint8_t *p, size_t n)
{
	uint32_t lines = 1;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

static void
see_round_trip(const struct sheet *t)
{
	struct bytes in = {.s = t->text.data, .n = t->text.len};
	struct sheet again = {.rows = 0};
	struct err e;

	if (!t->rows)
		return;
	assert(!sheet_read(&again, &in, &e));
	assert(same(t, &again));
	sheet_free(&again);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t step = 1 + fuzz_byte(&data, &n);
	struct bytes whole = {.s = (const char *)data, .n = n};
	struct bytes slow = {.s = (const char *)data, .n = n, .step = step};
	struct sheet a = {.rows = 0}, b = {.rows = 0};
	struct err e, e2;
	enum err_code code = sheet_read(&a, &whole, &e);

	assert(sheet_read(&b, &slow, &e2) == code);
	assert(same(&a, &b));
	/* Of two faults of one line either may be met first. */
	assert(!code == !e.text[0] && !e.text[0] == !e2.text[0]);
	assert(a.line <= lines_in(data, n));
	if (!code) {
		assert(!n || !memchr(data, '\0', n));
		see_round_trip(&a);
	}
	sheet_free(&a);
	sheet_free(&b);
	return 0;
}
