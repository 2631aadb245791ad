#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "db/internal.h"

/* One statement takes up to so many rows and, but for a single large row, so
 * many bytes: well below any server's max_allowed_packet. */
#define ARRAY_ROWS 1000
#define BATCH_BYTES (4 << 20)
#define CELL_BYTES 16 /* of a cell beside its text */

struct bulk {
	const struct db_context *ctx;
	enum stmt st;
	const struct db_val *cells;
	size_t nrows, ncols;
};

/* A column of a batch as the library takes it: values or pointers, lengths,
 * and an indicator for NULL. */
struct lane {
	int64_t *ints;
	const void **texts;
	unsigned long *lens;
	char *marks;
};

static void
free_lanes(struct lane *lanes, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		free(lanes[i].ints);
		free(lanes[i].texts);
		free(lanes[i].lens);
		free(lanes[i].marks);
	}
	free(lanes);
}

/* A lane of the context's id in every row. */
static void
fill_id(MYSQL_BIND *b, struct lane *l, uint32_t id, size_t nrows)
{
	size_t i;

	l->ints = prepared_alloc(nrows, sizeof(*l->ints));
	for (i = 0; i < nrows; i++)
		l->ints[i] = id;
	b->buffer_type = MYSQL_TYPE_LONGLONG;
	b->buffer = l->ints;
}

static enum db_type
column_type(const struct bulk *k, const struct db_val *cell, size_t nrows)
{
	size_t i;

	for (i = 0; i < nrows; i++)
		if (cell[i * k->ncols].type != DB_NULL)
			return cell[i * k->ncols].type;
	return DB_INT;
}

static void
mark_nulls(MYSQL_BIND *b, struct lane *l, const struct bulk *k,
    const struct db_val *cell, size_t nrows)
{
	size_t i;

	l->marks = prepared_alloc(nrows, 1);
	for (i = 0; i < nrows; i++)
		if (cell[i * k->ncols].type == DB_NULL)
			l->marks[i] = STMT_INDICATOR_NULL;
	b->u.indicator = l->marks;
}

/* A lane of the cells of one column: all of a type, or NULL. */
static void
fill_cells(MYSQL_BIND *b, struct lane *l, const struct bulk *k,
    const struct db_val *cell, size_t nrows)
{
	enum db_type type = column_type(k, cell, nrows);
	size_t i;

	mark_nulls(b, l, k, cell, nrows);
	if (type == DB_INT) {
		l->ints = prepared_alloc(nrows, sizeof(*l->ints));
		b->buffer = l->ints;
	} else {
		l->texts = prepared_alloc(nrows, sizeof(*l->texts));
		l->lens = prepared_alloc(nrows, sizeof(*l->lens));
		b->buffer = l->texts;
		b->length = l->lens;
	}
	b->buffer_type = type == DB_INT ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_BLOB;
	for (i = 0; i < nrows; i++, cell += k->ncols) {
		assert(cell->type == type || cell->type == DB_NULL);
		if (type == DB_INT) {
			l->ints[i] = cell->i;
		} else {
			l->texts[i] = cell->n ? cell->p : "";
			l->lens[i] = cell->n;
		}
	}
}

static void
fill_lanes(struct prepared *ps, struct lane *lanes, const struct bulk *k,
    const struct db_val *cells, size_t nrows)
{
	const struct db_val *cell = cells;
	unsigned i;

	for (i = 0; i < ps->nslots; i++) {
		MYSQL_BIND *b = &ps->params[i];

		memset(b, 0, sizeof(*b));
		switch ((enum slot)ps->slots[i]) {
		case SLOT_ACCOUNT:
			fill_id(b, &lanes[i], k->ctx->account_id, nrows);
			break;
		case SLOT_WORKSPACE:
			fill_id(b, &lanes[i], k->ctx->workspace_id, nrows);
			break;
		case SLOT_ARG:
			fill_cells(b, &lanes[i], k, cell++, nrows);
			break;
		case SLOT_LIST:
			assert(!"a list in a bulk");
			break;
		}
	}
	assert((size_t)(cell - cells) == k->ncols);
}

static enum err_code
run_array(struct db *db, const struct bulk *k, const struct db_val *cells,
    size_t nrows, struct err *e)
{
	struct call c = {
	    .ctx = k->ctx, .st = k->st, .form = FORM_ARRAY, .times = 1};
	unsigned rows = (unsigned)nrows;
	struct prepared *ps;
	struct lane *lanes;
	enum err_code err = prepared_get(db, &c, &ps, e);

	if (err)
		return err;
	lanes = prepared_alloc(ps->nslots, sizeof(*lanes));
	fill_lanes(ps, lanes, k, cells, nrows);
	mysql_stmt_attr_set(ps->stmt, STMT_ATTR_ARRAY_SIZE, &rows);
	err = prepared_run(db, ps, e);
	free_lanes(lanes, ps->nslots);
	return err;
}

static enum err_code
run_rows(struct db *db, const struct bulk *k, const struct db_val *cells,
    unsigned size, struct err *e)
{
	struct call c = {.ctx = k->ctx,
	    .st = k->st,
	    .form = FORM_SIZED + size,
	    .times = row_sizes[size],
	    .args = {cells, row_sizes[size] * k->ncols}};
	struct prepared *ps;
	enum err_code err = prepared_get(db, &c, &ps, e);

	if (err)
		return err;
	prepared_bind(ps, &c);
	return prepared_run(db, ps, e);
}

/* How many rows from `first` make a batch of up to `most`; at least one. */
static size_t
batch_rows(const struct bulk *k, size_t first, size_t most)
{
	size_t bytes = 0, n = 0, i;

	while (n < most && first + n < k->nrows) {
		const struct db_val *row = &k->cells[(first + n) * k->ncols];

		for (i = 0; i < k->ncols; i++)
			bytes += CELL_BYTES +
			         (row[i].type == DB_BYTES ? row[i].n : 0);
		if (n && bytes > BATCH_BYTES)
			break;
		n++;
	}
	return n;
}

/* Runs one batch from `first` on; *n_out is how many rows it took. */
static enum err_code
run_batch(struct db *db, const struct bulk *k, size_t first, size_t *n_out,
    struct err *e)
{
	const struct db_val *cells = &k->cells[first * k->ncols];
	unsigned size = ROW_SIZES - 1;
	size_t n;

	if (db->bulk) {
		*n_out = batch_rows(k, first, ARRAY_ROWS);
		return run_array(db, k, cells, *n_out, e);
	}
	n = batch_rows(k, first, row_sizes[size]);
	while (row_sizes[size] > n)
		size--;
	*n_out = row_sizes[size];
	return run_rows(db, k, cells, size, e);
}

enum err_code
db_bulk(struct db *db, const struct db_context *ctx, enum stmt st,
    const struct db_val *cells, size_t nrows, size_t ncols, struct err *e)
{
	struct bulk k = {ctx, st, cells, nrows, ncols};
	struct call c = {.ctx = ctx,
	    .st = st,
	    .times = nrows <= HELD_TIMES ? (unsigned)nrows : HELD_TIMES + 1,
	    .args = {cells, nrows * ncols}};
	size_t first = 0, n;
	enum err_code err = call_check(&c, e);

	if (err || !nrows || deferral_takes(db, &c, ERR_OK, &err, e))
		return err;
	err = conn_ready(db, e);
	if (!err)
		err = deferral_flush(db, e);
	while (!err && first < nrows) {
		err = run_batch(db, &k, first, &n, e);
		first += n;
	}
	return err;
}
