#include "ingest/existing.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS DB_LIST_MAX /* that wait for one look */

/* A value that waits: its digest leads, for sorting. */
struct wanted {
	uint8_t digest[INDEX_LEN];
	uint32_t at; /* of its row, in rows */
};

struct existing {
	const struct field *const *fields;
	unsigned nfields;
	unsigned n;
	struct waiting {
		uint32_t row, line;
		uint64_t seq; /* the customer that a value of it has found */
	} rows[ROWS];
	unsigned *nwanted;     /* by field */
	struct wanted *wanted; /* by field, ROWS each */

	uint8_t digests[ROWS][INDEX_LEN]; /* of one look */
	uint64_t seqs[ROWS];
	struct arena *scratch;
};

struct existing *
existing_new(const struct field *const *fields, unsigned nfields)
{
	struct existing *x = calloc(1, sizeof(*x));

	if (!x)
		abort();
	x->fields = fields;
	x->nfields = nfields;
	x->scratch = arena_new(16384);
	x->nwanted = calloc(nfields + 1, sizeof(*x->nwanted));
	x->wanted = calloc((size_t)nfields * ROWS + 1, sizeof(*x->wanted));
	if (!x->nwanted || !x->wanted)
		abort();
	return x;
}

void
existing_free(struct existing **x)
{
	if (!*x)
		return;
	arena_free(&(*x)->scratch);
	free((*x)->nwanted);
	free((*x)->wanted);
	free(*x);
	*x = NULL;
}

void
existing_reset(struct existing *x)
{
	x->n = 0;
	memset(x->nwanted, 0, x->nfields * sizeof(*x->nwanted));
}

void
existing_row(struct existing *x, uint32_t row, uint32_t line)
{
	assert(x->n < ROWS);
	x->rows[x->n++] =
	    (struct waiting){.row = row, .line = line, .seq = CUSTOMER_NONE};
}

void
existing_value(
    struct existing *x, unsigned field, const uint8_t digest[INDEX_LEN])
{
	struct wanted *w;

	assert(x->n && field < x->nfields && x->nwanted[field] < ROWS);
	w = &x->wanted[(size_t)field * ROWS + x->nwanted[field]++];
	memcpy(w->digest, digest, INDEX_LEN);
	w->at = x->n - 1;
}

bool
existing_full(const struct existing *x)
{
	return x->n == ROWS;
}

static int
compare(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;
	int order = memcmp(x->digest, y->digest, INDEX_LEN);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* A value of row w was found with customer seq; true if that is an error. */
static bool
judge(struct waiting *w, uint64_t seq, enum on_existing on_existing,
    struct cell_error *ce)
{
	ce->code = ROW_UNIQUE;
	if (on_existing == EXISTING_ERROR) {
		snprintf(ce->text, sizeof(ce->text),
		    "a customer with this value exists");
		return true;
	}
	if (w->seq != CUSTOMER_NONE && w->seq != seq) {
		snprintf(ce->text, sizeof(ce->text),
		    "the values of this row belong to two customers");
		return true;
	}
	w->seq = seq;
	return false;
}

static enum err_code
look_field(struct existing *x, unsigned field, struct db *db,
    const struct db_context *ctx, struct err *e)
{
	struct wanted *w = &x->wanted[(size_t)field * ROWS];
	unsigned i, n = x->nwanted[field];

	if (!n)
		return ERR_OK;
	qsort(w, n, sizeof(*w), compare);
	for (i = 0; i < n; i++)
		memcpy(x->digests[i], w[i].digest, INDEX_LEN);
	arena_reset(x->scratch);
	return customer_lookup(db, ctx, field_unique_id(x->fields[field]),
	    (const uint8_t(*)[INDEX_LEN])x->digests, n, x->seqs, x->scratch, e);
}

enum err_code
existing_find(struct existing *x, struct db *db, const struct db_context *ctx,
    existing_found *found, void *arg, struct err *e)
{
	enum err_code code;
	unsigned f, i;

	for (f = 0; f < x->nfields; f++) {
		code = look_field(x, f, db, ctx, e);
		if (code)
			return code;
		for (i = 0; i < x->nwanted[f]; i++)
			if (x->seqs[i] != CUSTOMER_NONE)
				found(arg, x->wanted[(size_t)f * ROWS + i].at,
				    f, x->seqs[i]);
	}
	existing_reset(x);
	return ERR_OK;
}

/* Of an upload: what is to be judged. */
struct judging {
	struct existing *x;
	enum on_existing on_existing;
	struct row_errors *errs;
	struct arena *a;
	unsigned *found_out;
};

static void
judge_one(void *arg, unsigned at, unsigned field, uint64_t seq)
{
	const struct judging *j = arg;
	struct waiting *w = &j->x->rows[at];
	struct cell_error ce;

	if (!judge(w, seq, j->on_existing, &ce))
		return;
	row_errors_add(
	    j->errs, j->a, w->row, w->line, j->x->fields[field]->name, &ce);
	++*j->found_out;
}

enum err_code
existing_look(struct existing *x, struct db *db, const struct db_context *ctx,
    enum on_existing on_existing, struct row_errors *errs, struct arena *a,
    unsigned *found_out, struct err *e)
{
	struct judging j = {x, on_existing, errs, a, found_out};

	*found_out = 0;
	return existing_find(x, db, ctx, judge_one, &j, e);
}
