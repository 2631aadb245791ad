/*
 * What becomes of the rows of an update. Customers are found by their UUIDs
 * and locked in the order of their seqs before anything about them is read, so
 * that updates at once on the same customers wait for each other.
 */
#include <stdlib.h>

#include "model/segment.h"
#include "work/chunk.h"

#define NO_ROW UINT_MAX

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static void
unknown(struct chunk *c, unsigned row)
{
	chunk_wrong(c, row, c->rows[row].named, ROW_UNKNOWN);
}

static enum err_code
find_customers(struct chunk *c, struct err *e)
{
	struct uuid *ids = arena_calloc(c->try, c->nrows, sizeof(*ids));
	uint64_t *seqs = arena_calloc(c->try, c->nrows, sizeof(*seqs));
	enum err_code err;
	unsigned i;

	for (i = 0; i < c->nrows; i++)
		ids[i] = c->rows[i].uuid;
	err =
	    customer_seqs(c->site->db, &c->ctx, ids, c->nrows, seqs, c->try, e);
	for (i = 0; i < c->nrows && !err; i++) {
		c->rows[i].seq = seqs[i];
		if (seqs[i] == CUSTOMER_NONE)
			unknown(c, i);
	}
	return err;
}

/* Sorts the rows that have a customer; of two about one, the later is wrong. */
static struct place *
sort_rows(struct chunk *c, unsigned *n_out)
{
	struct place *list = arena_calloc(c->try, c->nrows, sizeof(*list));
	unsigned i, n = 0, m = 0;

	for (i = 0; i < c->nrows; i++)
		if (c->rows[i].fate == FATE_MERGE)
			list[n++] = (struct place){c->rows[i].seq, i};
	qsort(list, n, sizeof(*list), compare_places);
	for (i = 0; i < n; i++) {
		if (m && list[m - 1].seq == list[i].seq)
			chunk_wrong(c, list[i].row, c->rows[list[i].row].named,
			    ROW_DUPLICATE);
		else
			list[m++] = list[i];
	}
	*n_out = m;
	return list;
}

static enum err_code
lock_customers(
    struct chunk *c, const struct place *list, unsigned n, struct err *e)
{
	enum err_code err;
	unsigned i;

	c->merged = arena_calloc(c->try, n, sizeof(*c->merged));
	c->nmerged = n;
	for (i = 0; i < n; i++)
		c->merged[i].seq = list[i].seq;
	err = chunk_read_merged(c, e);
	for (i = 0; i < n && !err; i++)
		if (!chunk_merged(c, list[i].seq))
			unknown(c, list[i].row);
	return err;
}

static enum err_code
check_group(
    struct chunk *c, const struct place *list, unsigned n, struct err *e)
{
	uint64_t *seqs = arena_calloc(c->try, n, sizeof(*seqs));
	bool *in = arena_calloc(c->try, n, sizeof(*in));
	enum err_code err;
	unsigned i;

	if (c->job.segment_id == SEGMENT_ALL)
		return ERR_OK;
	for (i = 0; i < n; i++)
		seqs[i] = list[i].seq;
	err = customer_members(
	    c->site->db, &c->ctx, c->job.segment_id, seqs, n, in, c->try, e);
	for (i = 0; i < n && !err; i++)
		if (!in[i])
			unknown(c, list[i].row);
	return err;
}

static enum err_code
check_revisions(struct chunk *c, struct err *e)
{
	const struct customer *m;
	unsigned i;

	for (i = 0; i < c->nrows; i++) {
		const struct row *row = &c->rows[i];

		if (!row->revision)
			continue;
		m = row->fate == FATE_MERGE ? chunk_merged(c, row->seq) : NULL;
		if (!m || m->revision != row->revision)
			return err_set(e, ERR_PRECONDITION, NULL);
	}
	return ERR_OK;
}

static unsigned
row_about(const struct place *list, unsigned n, uint64_t seq)
{
	unsigned low = 0, high = n;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (list[mid].seq < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && list[low].seq == seq ? list[low].row : NO_ROW;
}

/* Whether a value is free for its row, or will be. */
static bool
is_free(const struct chunk *c, const struct claimed_key *k, unsigned giver)
{
	return k->owner == CUSTOMER_NONE || k->kept ||
	       (giver != NO_ROW && c->rows[giver].fate == FATE_MERGE &&
	           bit_get(c->rows[giver].says, k->field));
}

/* A row that takes a value of a customer whose row fails, fails too; and so on,
 * until none is left that does. */
void
chunk_judge_values(struct chunk *c)
{
	struct claimed_key *keys;
	unsigned nkeys, i, *givers;
	bool more = true;

	keys = chunk_keys(&c->keys, &nkeys);
	givers = arena_calloc(c->try, nkeys, sizeof(*givers));
	for (i = 0; i < nkeys; i++) {
		givers[i] = row_about(c->places, c->nplaces, keys[i].owner);
		keys[i].kept = keys[i].owner != CUSTOMER_NONE &&
		               keys[i].owner == c->rows[keys[i].row].seq;
	}
	while (more) {
		more = false;
		for (i = 0; i < nkeys; i++) {
			if (c->rows[keys[i].row].fate == FATE_WRONG ||
			    is_free(c, &keys[i], givers[i]))
				continue;
			chunk_wrong(c, keys[i].row, keys[i].field, ROW_UNIQUE);
			more = true;
		}
	}
}

enum err_code
chunk_resolve_update(struct chunk *c, struct err *e)
{
	enum err_code err = find_customers(c, e);
	struct place *list;
	unsigned n;

	if (err)
		return err;
	list = sort_rows(c, &n);
	err = lock_customers(c, list, n, e);
	if (!err)
		err = check_group(c, list, n, e);
	if (!err)
		err = check_revisions(c, e);
	if (!err)
		err = chunk_look_up(c, e);
	if (err)
		return err;
	chunk_find_twins(c);
	c->places = list;
	c->nplaces = n;
	chunk_judge_values(c);
	return ERR_OK;
}
