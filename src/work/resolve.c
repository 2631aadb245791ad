/* What becomes of each row, by what the store has. */
#include <stdlib.h>
#include <string.h>

#include "model/runs.h"
#include "work/chunk.h"

void
chunk_wrong(struct chunk *c, unsigned row, unsigned field, enum row_code code)
{
	struct row *r = &c->rows[row];

	if (r->fate == FATE_WRONG)
		return;
	r->fate = FATE_WRONG;
	r->wrong = code;
	r->wrong_field = field;
}

/* How many keys from keys[0] on are of one field. */
static unsigned
run_of_field(const struct claimed_key *keys, unsigned n)
{
	unsigned run = 1;

	while (run < n && keys[run].key.field_id == keys[0].key.field_id)
		run++;
	return run;
}

void
chunk_find_twins(struct chunk *c)
{
	struct claimed_key *keys;
	unsigned n, i;

	keys = chunk_keys(&c->keys, &n);
	for (i = 1; i < n; i++)
		if (keys[i].key.field_id == keys[i - 1].key.field_id &&
		    !memcmp(
		        keys[i].key.digest, keys[i - 1].key.digest, INDEX_LEN))
			chunk_wrong(
			    c, keys[i].row, keys[i].field, ROW_DUPLICATE);
}

/* Looks up the n values of one field. */
static enum err_code
look_up(struct chunk *c, struct claimed_key *keys, unsigned n, struct err *e)
{
	uint8_t(*digests)[INDEX_LEN] = arena_calloc(c->try, n, INDEX_LEN);
	uint64_t *owners = arena_calloc(c->try, n, sizeof(*owners));
	enum err_code err;
	unsigned i;

	for (i = 0; i < n; i++)
		memcpy(digests[i], keys[i].key.digest, INDEX_LEN);
	err = customer_lookup(c->site->db, &c->ctx, keys[0].key.field_id,
	    (const uint8_t(*)[INDEX_LEN])digests, n, owners, c->try, e);
	for (i = 0; i < n && !err; i++)
		keys[i].owner = owners[i];
	return err;
}

enum err_code
chunk_look_up(struct chunk *c, struct err *e)
{
	struct claimed_key *keys;
	enum err_code err = ERR_OK;
	unsigned n, i, run;

	keys = chunk_keys(&c->keys, &n);
	for (i = 0; i < n && !err; i += run) {
		run = run_of_field(keys + i, n - i);
		err = look_up(c, keys + i, run, e);
	}
	return err;
}

/* Takes in that a value of an upload's row is a customer's. */
static void
meet(struct chunk *c, struct claimed_key *k)
{
	struct row *row = &c->rows[k->row];

	if (k->owner == CUSTOMER_NONE)
		return;
	k->kept = true;
	if (c->job.on_existing == EXISTING_ERROR ||
	    (row->seq != CUSTOMER_NONE && row->seq != k->owner)) {
		chunk_wrong(c, k->row, k->field, ROW_UNIQUE);
		return;
	}
	row->seq = k->owner;
	if (row->fate == FATE_NEW)
		row->fate = c->job.on_existing == EXISTING_JOIN ? FATE_JOIN
		                                                : FATE_MERGE;
}

/* A key by which a row met its customer, to name in an error. */
static const struct claimed_key *
key_of(struct chunk *c, unsigned row)
{
	struct claimed_key *keys;
	unsigned n, i;

	keys = chunk_keys(&c->keys, &n);
	for (i = 0; i < n; i++)
		if (keys[i].row == row && keys[i].kept)
			return &keys[i];
	return NULL;
}

/* Two rows of a chunk cannot both change a customer: the later is wrong. */
static void
find_rivals(struct chunk *c)
{
	struct customer *m;
	unsigned i, j;

	c->merged = arena_calloc(c->try, c->nrows, sizeof(*c->merged));
	for (i = 0; i < c->nrows; i++) {
		if (c->rows[i].fate != FATE_MERGE)
			continue;
		for (j = c->nmerged; j > 0; j--)
			if (c->merged[j - 1].seq <= c->rows[i].seq)
				break;
		if (j && c->merged[j - 1].seq == c->rows[i].seq) {
			chunk_wrong(c, i, key_of(c, i)->field, ROW_DUPLICATE);
			continue;
		}
		m = &c->merged[j];
		memmove(m + 1, m, (c->nmerged++ - j) * sizeof(*m));
		m->seq = c->rows[i].seq;
	}
}

static int
compare_customers(const void *a, const void *b)
{
	const struct customer *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

struct customer *
chunk_merged(const struct chunk *c, uint64_t seq)
{
	struct customer key = {.seq = seq};

	return c->nmerged ? bsearch(&key, c->merged, c->nmerged, sizeof(key),
	                        compare_customers)
	                  : NULL;
}

enum err_code
chunk_read_merged(struct chunk *c, struct err *e)
{
	uint64_t *seqs = arena_calloc(c->try, c->nmerged, sizeof(*seqs));
	unsigned i;
	enum err_code err;

	c->dirty = arena_calloc(c->try, c->nmerged, sizeof(*c->dirty));
	c->restated = arena_calloc(c->try, c->nmerged, sizeof(*c->restated));
	for (i = 0; i < c->nmerged; i++)
		seqs[i] = c->merged[i].seq;
	err = customer_read(c->site->db, &c->ctx, seqs, c->nmerged, c->merged,
	    &c->nmerged, &c->old, e);
	qsort(c->merged, c->nmerged, sizeof(*c->merged), compare_customers);
	return err;
}

/* Reads the customers that an upload changes. They were found before they were
 * locked: each must still have the values by which it was found. */
static enum err_code
lock_merged(struct chunk *c, struct err *e)
{
	unsigned n, i, wanted = c->nmerged;
	struct claimed_key *keys;
	uint64_t *owners;
	enum err_code err = chunk_read_merged(c, e);

	if (!err && c->nmerged != wanted)
		return err_fault(e, ERR_RETRY, "a customer has just gone");
	keys = chunk_keys(&c->keys, &n);
	owners = arena_calloc(c->try, n, sizeof(*owners));
	for (i = 0; i < n; i++)
		owners[i] = keys[i].owner;
	if (!err)
		err = chunk_look_up(c, e);
	for (i = 0; i < n && !err; i++)
		if (owners[i] != keys[i].owner)
			return err_fault(e, ERR_RETRY, "a value has moved");
	return err;
}

/* Locks the customers that join the group, so that none is deleted before its
 * member is there. */
static enum err_code
lock_joining(struct chunk *c, struct err *e)
{
	uint64_t *seqs = arena_calloc(c->try, c->nrows, sizeof(*seqs));
	unsigned i, n = 0, found;
	enum err_code err;

	for (i = 0; i < c->nrows; i++)
		if (c->rows[i].fate == FATE_JOIN)
			seqs[n++] = c->rows[i].seq;
	n = runs_sort(seqs, n);
	err = customer_lock(c->site->db, &c->ctx, seqs, n, &found, e);
	if (!err && found != n)
		return err_fault(e, ERR_RETRY, "a customer has just gone");
	return err;
}

enum err_code
chunk_resolve(struct chunk *c, struct err *e)
{
	struct claimed_key *keys;
	enum err_code err = chunk_look_up(c, e);
	unsigned n, i;

	if (err)
		return err;
	chunk_find_twins(c);
	keys = chunk_keys(&c->keys, &n);
	for (i = 0; i < n; i++)
		meet(c, &keys[i]);
	if (c->job.on_existing == EXISTING_JOIN)
		return lock_joining(c, e);
	if (c->job.on_existing == EXISTING_UPDATE) {
		find_rivals(c);
		return lock_merged(c, e);
	}
	return ERR_OK;
}
