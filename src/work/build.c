/* The profiles of a chunk's customers. */
#include <stdlib.h>
#include <string.h>

#include "vault/rand.h"
#include "work/chunk.h"

static int
compare_uuids(const void *a, const void *b)
{
	return memcmp(a, b, UUID_LEN);
}

/* New customers get random ids in ascending order, so that the index over
 * them is written in order. */
static void
name_customers(struct chunk *c)
{
	struct uuid *ids = arena_calloc(c->try, c->nrows, sizeof(*ids));
	unsigned i;

	for (i = 0; i < c->nrows; i++)
		rand_uuid(&ids[i]);
	qsort(ids, c->nrows, sizeof(*ids), compare_uuids);
	for (i = 0; i < c->nrows; i++) {
		struct row *row = &c->rows[i];

		if (row->fate != FATE_NEW)
			continue;
		row->seq = row->place;
		row->uuid = ids[i];
	}
}

static enum err_code
build_new(struct chunk *c, struct row *row, struct customer *out, struct err *e)
{
	char text[UUID_TEXT];
	struct record r;
	enum err_code err = chunk_unpack(c, row, &r, e);

	if (err)
		return err;
	uuid_format(&row->uuid, text);
	out->seq = row->seq;
	out->uuid = row->uuid;
	out->revision = 1;
	out->key_version = keyring_version(c->ring);
	out->layout = c->schema.layout;
	out->at = c->profiles.len;
	profile_build(
	    &c->profiles, &c->schema, &r, c->ring, c->workspace_text, text);
	out->n = c->profiles.len - out->at;
	if (out->n > PROFILE_MAX)
		return err_fault(e, ERR_INTERNAL, "a profile is too long");
	return ERR_OK;
}

static int
compare_customers(const void *a, const void *b)
{
	const struct customer *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Reads the customers that are to be changed, by seq. */
static enum err_code
read_merged(struct chunk *c, struct err *e)
{
	uint64_t *seqs = arena_calloc(c->try, c->nmerged, sizeof(*seqs));
	unsigned found, i;
	enum err_code err;

	for (i = 0; i < c->nmerged; i++)
		seqs[i] = c->merged[i].seq;
	err = customer_read(c->site->db, &c->ctx, seqs, c->nmerged, c->merged,
	    &found, &c->old, e);
	if (!err && found != c->nmerged)
		return err_fault(e, ERR_RETRY, "a customer has just gone");
	qsort(c->merged, found, sizeof(*c->merged), compare_customers);
	return err;
}

static enum err_code
build_merged(struct chunk *c, const struct row *row, struct err *e)
{
	struct customer *m, key = {.seq = row->seq};
	char text[UUID_TEXT];
	struct record r;
	size_t at = c->profiles.len;
	enum err_code err = chunk_unpack(c, row, &r, e);

	if (err)
		return err;
	m = bsearch(&key, c->merged, c->nmerged, sizeof(*m), compare_customers);
	if (!m)
		return err_fault(e, ERR_RETRY, "a customer has just gone");
	uuid_format(&m->uuid, text);
	err = profile_merge(&c->profiles, &c->schema, c->old.data + m->at, m->n,
	    m->key_version, m->layout, &r, c->ring, c->workspace_text, text, e);
	m->key_version = keyring_version(c->ring);
	m->layout = c->schema.layout;
	m->updated_at = c->now;
	m->at = at;
	m->n = c->profiles.len - at;
	at = c->profiles.len;
	buf_add(&c->profiles, c->old.data + m->events_at, m->nevents);
	m->events_at = at;
	if (!err && m->n > PROFILE_MAX)
		return err_fault(e, ERR_INTERNAL, "a profile is too long");
	return err;
}

/* Points the keys of new and of changed customers at them. */
static void
point_keys(struct chunk *c)
{
	struct claimed_key *keys;
	unsigned n, i;

	keys = chunk_keys(&c->keys, &n);
	for (i = 0; i < n; i++)
		keys[i].key.seq = c->rows[keys[i].row].seq;
}

enum err_code
chunk_build(struct chunk *c, struct err *e)
{
	enum err_code err = ERR_OK;
	unsigned i;

	name_customers(c);
	point_keys(c);
	c->created = arena_calloc(c->try, c->nrows, sizeof(*c->created));
	buf_room(&c->profiles, c->packed.len + c->packed.len / 2);
	if (c->nmerged)
		err = read_merged(c, e);
	for (i = 0; i < c->nrows && !err; i++) {
		struct row *row = &c->rows[i];

		if (row->fate == FATE_NEW)
			err = build_new(c, row, &c->created[c->ncreated++], e);
		else if (row->fate == FATE_MERGE)
			err = build_merged(c, row, e);
	}
	c->sealed +=
	    aead_take_count(keyring_data(c->ring, keyring_version(c->ring)));
	return err;
}
