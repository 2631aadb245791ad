/* Chunks: their rows, read anew at each try. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "work/chunk.h"

void
chunk_init(struct chunk *c, size_t bytes)
{
	c->arena = arena_new(bytes / 4);
	c->try = arena_new(bytes);
	c->row = arena_new(bytes / 4);
}

void
chunk_release(struct chunk *c)
{
	buf_free(&c->packed);
	buf_free(&c->list);
	buf_free(&c->keys);
	buf_free(&c->cleared);
	buf_free(&c->profiles);
	buf_free(&c->old);
	search_batch_free(&c->texts);
	arena_free(&c->row);
	arena_free(&c->try);
	arena_free(&c->arena);
}

void
chunk_begin(struct chunk *c)
{
	arena_reset(c->try);
	c->keys.len = c->cleared.len = c->list.len = 0;
	c->rows = NULL;
	c->verdicts = NULL;
	c->judged_by = c->job.schema_version;
	c->waits = false;
	buf_reset(&c->packed);
	buf_reset(&c->profiles);
	buf_reset(&c->old);
	c->created = c->merged = NULL;
	c->ncreated = c->nmerged = 0;
	c->dirty = c->restated = NULL;
	search_batch_reset(&c->texts);
	c->places = NULL;
	c->nplaces = 0;
	c->now = clock_now_ms();
	c->out->rows = c->out->succeeded = c->out->failed = 0;
	c->out->created = c->out->revision = 0;
}

enum err_code
chunk_unpack(
    struct chunk *c, const struct row *row, struct record *out, struct err *e)
{
	const uint8_t *p = row->packed;
	const uint8_t *end = (uint8_t *)c->packed.data + c->packed.len;

	arena_reset(c->row);
	if (record_unpack(&p, end, &c->schema, c->row, out))
		return ERR_OK;
	return err_fault(e, ERR_INTERNAL, "a chunk's row is damaged");
}

/* Notes the unique values of a row. */
static void
add_keys(struct chunk *c, unsigned row, const struct record *r)
{
	struct index_digest digests[INDEX_VERSIONS_MAX];
	struct claimed_key k = {.row = row, .owner = CUSTOMER_NONE};
	const struct field *f;
	unsigned i, ndigests;

	for (k.field = 0; k.field < c->schema.n; k.field++) {
		const struct value *v = &r->values[k.field];

		f = &c->schema.fields[k.field];
		c->waits |= f->indexing && v->json;
		if (!f->unique || !v->json || k.field == c->rows[row].named)
			continue;
		bit_set(c->rows[row].says, k.field);
		k.key.field_id = field_unique_id(f);
		if (value_is_null(v)) {
			buf_add(&c->cleared, &k, sizeof(k));
			continue;
		}
		ndigests = field_digests(
		    f, c->row, c->ring, &c->workspace, v->json, v->n, digests);
		for (i = 0; i < ndigests; i++) {
			k.key.version = digests[i].version;
			memcpy(k.key.digest, digests[i].digest, INDEX_LEN);
			buf_add(&c->keys, &k, sizeof(k));
		}
	}
}

static unsigned
index_of_field(const struct schema *s, uint32_t id)
{
	const struct field *f = id ? schema_by_id(s, id) : NULL;

	return f ? (unsigned)(f - s->fields) : FIELD_CUSTOMER_ID;
}

/* Sets a row of an update up; its customer is found later. */
static enum err_code
set_up_update(
    struct chunk *c, struct row *row, const struct record *r, struct err *e)
{
	if (!r->has_customer && !r->erased)
		return err_fault(e, ERR_INTERNAL, "a row has no customer");
	row->fate = FATE_MERGE;
	row->uuid = r->customer;
	row->revision = r->revision;
	row->named = index_of_field(&c->schema, r->matched);
	return ERR_OK;
}

/* Sets a row up as a new customer in its place. */
static enum err_code
set_up(struct chunk *c, struct row *row, const struct record *r, struct err *e)
{
	size_t nbits = (c->schema.n + 7) / 8;

	if (!r->row || r->row > c->job.rows)
		return err_fault(e, ERR_INTERNAL, "a row is not of its job");
	row->says = arena_alloc(c->try, nbits);
	row->moves = arena_alloc(c->try, nbits);
	row->named = FIELD_CUSTOMER_ID;
	if (c->job.kind == JOB_KIND_UPDATE)
		return set_up_update(c, row, r, e);
	row->place = c->job.first_seq + r->row - 1;
	row->position = c->job.first_position + r->row - 1;
	row->fate = FATE_NEW;
	row->given = r->has_customer;
	row->uuid = r->customer;
	return ERR_OK;
}

/* A row that does not fit the fields as they are now becomes an error. */
static bool
is_wrong(struct chunk *c, unsigned row)
{
	const struct verdict *v = c->verdicts ? &c->verdicts[row] : NULL;

	if (!v || !v->wrong)
		return false;
	chunk_wrong(c, row, v->field, v->code);
	return true;
}

static int
compare_keys(const void *a, const void *b)
{
	const struct claimed_key *x = a, *y = b;
	int d;

	if (x->key.field_id != y->key.field_id)
		return x->key.field_id < y->key.field_id ? -1 : 1;
	d = memcmp(x->key.digest, y->key.digest, INDEX_LEN);
	return d ? d : (x->row > y->row) - (x->row < y->row);
}

static void
sort_keys(struct buf *list)
{
	struct claimed_key *keys;
	unsigned n;

	keys = chunk_keys(list, &n);
	if (n)
		qsort(keys, n, sizeof(*keys), compare_keys);
}

enum err_code
chunk_read(struct chunk *c, struct err *e)
{
	const uint8_t *p = (uint8_t *)c->packed.data;
	const uint8_t *end = p + c->packed.len;
	struct record r;
	enum err_code err = ERR_OK;

	for (c->nrows = 0; p < end && !err; c->nrows++) {
		struct row row = {.packed = p, .seq = CUSTOMER_NONE};

		if (c->nrows == CHUNK_ROWS_MAX &&
		    c->job.kind != JOB_KIND_UPDATE)
			return err_fault(e, ERR_INTERNAL, "too long a chunk");
		arena_reset(c->row);
		if (!record_unpack(&p, end, &c->schema, c->row, &r))
			return err_fault(e, ERR_INTERNAL, "a chunk is damaged");
		err = set_up(c, &row, &r, e);
		buf_add(&c->list, &row, sizeof(row));
		c->rows = (struct row *)(void *)c->list.data;
		if (r.erased)
			chunk_wrong(c, c->nrows, row.named, ROW_UNKNOWN);
		else if (!err && !is_wrong(c, c->nrows))
			add_keys(c, c->nrows, &r);
	}
	sort_keys(&c->keys);
	sort_keys(&c->cleared);
	return err || !c->waits ? err : err_set(e, ERR_WAITING, NULL);
}
