/* What becomes of each row, by what the store has. */
#include <string.h>

#include "work/chunk.h"

static void
set_wrong(struct chunk *c, const struct claimed_key *k, enum row_code code)
{
	struct row *row = &c->rows[k->row];

	if (row->fate == FATE_WRONG)
		return;
	row->fate = FATE_WRONG;
	row->wrong = code;
	row->wrong_field = k->field;
}

/* A value that an earlier row of the chunk gives as well. */
static void
find_twins(struct chunk *c, const struct claimed_key *keys, unsigned n)
{
	unsigned i;

	for (i = 1; i < n; i++)
		if (!memcmp(
		        keys[i].key.digest, keys[i - 1].key.digest, INDEX_LEN))
			set_wrong(c, &keys[i], ROW_DUPLICATE);
}

/* Takes in that a value is of customer `owner`. */
static void
meet(struct chunk *c, struct claimed_key *k, uint64_t owner)
{
	struct row *row = &c->rows[k->row];

	if (owner == CUSTOMER_NONE)
		return;
	k->kept = true;
	if (c->job.on_existing == EXISTING_ERROR ||
	    (row->seq != CUSTOMER_NONE && row->seq != owner)) {
		set_wrong(c, k, ROW_UNIQUE);
		return;
	}
	row->seq = owner;
	if (row->fate == FATE_NEW)
		row->fate = c->job.on_existing == EXISTING_JOIN ? FATE_JOIN
		                                                : FATE_MERGE;
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
		meet(c, &keys[i], owners[i]);
	return err;
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
			set_wrong(c, key_of(c, i), ROW_DUPLICATE);
			continue;
		}
		m = &c->merged[j];
		memmove(m + 1, m, (c->nmerged++ - j) * sizeof(*m));
		m->seq = c->rows[i].seq;
	}
}

enum err_code
chunk_resolve(struct chunk *c, struct err *e)
{
	struct claimed_key *keys;
	enum err_code err = ERR_OK;
	unsigned n, i, run;

	keys = chunk_keys(&c->keys, &n);
	for (i = 0; i < n && !err; i += run) {
		for (run = 1; i + run < n && keys[i + run].key.field_id ==
		                                 keys[i].key.field_id;)
			run++;
		find_twins(c, keys + i, run);
		err = look_up(c, keys + i, run, e);
	}
	if (!err && c->job.on_existing == EXISTING_UPDATE)
		find_rivals(c);
	return err;
}
