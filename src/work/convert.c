/*
 * Chunks of a conversion: profiles of an older layout are put into the current
 * one, and digests are made or dropped, as the fields say that are being
 * changed (model/field_change.h). Neither times nor events of customers move.
 *
 * No other writer adds digests to an index that is being made: rows that give a
 * value of its field wait (struct field, indexing). So each stored value is
 * added here, once, and none is there before.
 */
#include <stdlib.h>
#include <string.h>

#include "model/customer.h"
#include "model/field_change.h"
#include "model/key_use.h"
#include "model/profile.h"
#include "model/search.h"
#include "work/range.h"

/* Customers in memory at a time: their profiles may be long. */
#define BATCH_SEQS 200

struct conversion {
	struct range *r;
	struct schema schema;
	struct keyring *ring;
	char workspace[UUID_TEXT];
	bool makes_digests, makes_texts;
	struct search_batch texts;
	struct arena *row;
	struct record nothing;
	struct buf stored, converted;
	struct buf keys; /* struct customer_key, of the chunk */
};

static enum err_code
load(struct conversion *c, struct err *e)
{
	struct range *r = c->r;
	struct db *db = r->site->db;
	struct schema locked;
	struct job job;
	enum err_code err;

	/* The last chunk changes the fields: it locks them first of all, but
	 * for the account's row. */
	err = job_find(db, &r->ctx, &r->job.uuid, r->arena, &job, e);
	if (!err)
		err = site_keyring(r->site, &r->ctx, &c->ring, e);
	if (!err && job.chunks_left <= 1)
		err = schema_lock(db, &r->ctx, &locked, e);
	if (!err)
		err = schema_load(db, &r->ctx, r->arena, &c->schema, e);
	if (!err && (!c->schema.converting ||
	                memcmp(&c->schema.job, &r->job.uuid, UUID_LEN)))
		return err_fault(
		    e, ERR_INTERNAL, "a conversion that is not the current");
	c->makes_texts = !err && search_is_stale(&c->schema);
	uuid_format(&r->workspace, c->workspace);
	c->nothing.values =
	    arena_calloc(r->arena, c->schema.n, sizeof(struct value));
	return err;
}

/* Drops digests that the range's customers have in an index. */
static enum err_code
drop_digests(struct conversion *c, uint32_t index, struct err *e)
{
	struct range *r = c->r;

	if (!index)
		return ERR_OK;
	return db_exec(r->site->db, &r->ctx, SQL_FIELD_DIGESTS_DROP,
	    DB_ARGS(db_int(index), db_int((int64_t)r->first),
	        db_int((int64_t)r->end)),
	    NULL, NULL, e);
}

/* Drops what is of no use any more. */
static enum err_code
drop_old(struct conversion *c, struct err *e)
{
	const struct schema *s = &c->schema;
	enum err_code err = ERR_OK;
	unsigned i;

	for (i = 0; i < s->n && !err; i++) {
		const struct field *f = &s->fields[i];

		if (!f->was)
			continue;
		c->makes_digests |= f->indexing;
		if (f->indexing || field_index_id(f) != field_index_id(f->was))
			err = drop_digests(c, field_index_id(f->was), e);
	}
	for (i = 0; i < s->nleaving && !err; i++)
		err = drop_digests(c, field_index_id(&s->leaving[i]), e);
	return err;
}

static void
add_digests(struct conversion *c, const struct field *f, uint64_t seq,
    const struct value *v)
{
	struct index_digest list[INDEX_VERSIONS_MAX];
	struct customer_key key = {.field_id = field_unique_id(f), .seq = seq};
	unsigned i, n;

	n = field_digests(
	    f, c->row, c->ring, &c->r->workspace, v->json, v->n, list);
	for (i = 0; i < n; i++) {
		key.version = list[i].version;
		memcpy(key.digest, list[i].digest, INDEX_LEN);
		buf_add(&c->keys, &key, sizeof(key));
	}
}

static struct profile_owner
owner_of(const struct conversion *c, const struct customer *who, const char *id)
{
	return (struct profile_owner){.ring = c->ring,
	    .workspace = c->workspace,
	    .customer = id,
	    .key_version = who->key_version,
	    .layout = who->layout};
}

/* Gathers the searched text of a customer. */
static enum err_code
add_text(struct conversion *c, const struct customer *who, const char *id,
    struct err *e)
{
	struct profile_owner owner = owner_of(c, who, id);

	arena_reset(c->row);
	return search_add_stored(&c->texts, &c->schema, &owner,
	    c->stored.data + who->at, who->n, who->seq, false, c->row, e);
}

/* Gathers the digests of a customer's values of fields that are to be unique.
 */
static enum err_code
digest(struct conversion *c, const struct customer *who, const char *id,
    struct err *e)
{
	struct profile_owner owner = owner_of(c, who, id);
	struct record record;
	enum err_code err;
	unsigned i;

	arena_reset(c->row);
	err = profile_open(&owner, &c->schema, c->stored.data + who->at, who->n,
	    c->row, &record, e);
	for (i = 0; i < c->schema.n && !err; i++) {
		if (c->schema.fields[i].indexing && record.values[i].json)
			add_digests(c, &c->schema.fields[i], who->seq,
			    &record.values[i]);
	}
	return err;
}

static enum err_code
work_on(struct conversion *c, struct customer *list, unsigned n, struct err *e)
{
	struct range *r = c->r;
	enum err_code err = ERR_OK;
	char id[UUID_TEXT];
	unsigned i, m = 0;

	buf_reset(&c->converted);
	for (i = 0; i < n && !err; i++) {
		uuid_format(&list[i].uuid, id);
		if (c->makes_digests)
			err = digest(c, &list[i], id, e);
		if (!err && c->makes_texts)
			err = add_text(c, &list[i], id, e);
		if (err || list[i].layout >= c->schema.layout)
			continue;
		list[m] = list[i];
		err = customer_remake(&c->converted, &c->schema, &c->stored,
		    &list[m++], &c->nothing, c->ring, e);
	}
	r->succeeded += n;
	if (err || !m)
		return err;
	return customer_rewrite(
	    r->site->db, &r->ctx, list, m, &c->converted, e);
}

static enum err_code
walk(struct conversion *c, struct err *e)
{
	struct customer list[BATCH_SEQS];
	struct range *r = c->r;
	enum err_code err = ERR_OK;
	uint64_t first, end;
	unsigned n;

	for (first = r->first; first < r->end && !err; first = end) {
		end = first + BATCH_SEQS < r->end ? first + BATCH_SEQS : r->end;
		buf_reset(&c->stored);
		err = customer_read_range(r->site->db, &r->ctx, first, end,
		    BATCH_SEQS, list, &n, &c->stored, e);
		if (!err)
			err = work_on(c, list, n, e);
	}
	return err;
}

static int
compare_keys(const void *a, const void *b)
{
	const struct customer_key *x = a, *y = b;

	if (x->field_id != y->field_id)
		return x->field_id < y->field_id ? -1 : 1;
	return memcmp(x->digest, y->digest, INDEX_LEN);
}

static enum err_code
take_digests(struct conversion *c, struct err *e)
{
	struct customer_key *keys = (void *)c->keys.data;
	unsigned n = (unsigned)(c->keys.len / sizeof(*keys));
	enum err_code err;

	if (!n)
		return ERR_OK;
	qsort(keys, n, sizeof(*keys), compare_keys);
	err = customer_take_keys(c->r->site->db, &c->r->ctx, keys, n, e);
	if (err == ERR_DUPLICATE)
		return err_fault(e, ERR_INTERNAL,
		    "two stored values of a field that is unique are the same");
	return err;
}

static enum err_code
run(struct conversion *c, struct err *e)
{
	struct range *r = c->r;
	uint64_t sealed;
	enum err_code err = load(c, e);

	if (!err)
		err = drop_old(c, e);
	if (!err)
		err = walk(c, e);
	if (!err)
		err = take_digests(c, e);
	if (!err)
		err = search_put(r->site, &r->ctx, c->ring, &c->texts, e);
	if (err)
		return err;
	sealed =
	    aead_take_count(keyring_data(c->ring, keyring_version(c->ring)));
	if (!sealed)
		return ERR_OK;
	return key_use_add(
	    r->site, &r->ctx, KEY_DATA, keyring_version(c->ring), sealed, e);
}

enum err_code
convert_body(struct range *r, struct err *e)
{
	struct conversion c = {.r = r, .row = arena_new(16384)};
	enum err_code err = run(&c, e);

	schema_release(&c.schema);
	buf_free(&c.stored);
	buf_free(&c.converted);
	buf_free(&c.keys);
	search_batch_free(&c.texts);
	arena_free(&c.row);
	return err;
}

enum err_code
convert_finish(struct range *r, struct err *e)
{
	return field_change_finish(r->site->db, &r->ctx, &r->job.uuid, e);
}
