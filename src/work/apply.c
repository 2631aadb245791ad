#include "work/apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "work/chunk.h"
#include "work/range.h"

#define CAREFUL_TRIES 5

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

static enum err_code
read_rows(struct chunk *c, struct err *e)
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
	return err || !c->waits ? err : err_set(e, ERR_WAITING, NULL);
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

static void
start_try(struct chunk *c)
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
	c->dirty = NULL;
	c->places = NULL;
	c->nplaces = 0;
	c->now = clock_now_ms();
	c->out->rows = c->out->succeeded = c->out->failed = 0;
	c->out->created = c->out->revision = 0;
}

static enum err_code
body(struct db *db, void *arg, struct err *e)
{
	struct chunk *c = arg;
	enum err_code err;

	start_try(c);
	err = job_chunk_fence(db, &c->ctx, c->claim, e);
	if (!err)
		err = job_chunk_get(c->site, &c->ctx, c->claim, &c->packed, e);
	if (!err)
		err = site_keyring(c->site, &c->ctx, &c->ring, e);
	if (!err)
		err = chunk_fields(c, e);
	if (!err)
		err = read_rows(c, e);
	if (err)
		return err;
	sort_keys(&c->keys);
	sort_keys(&c->cleared);
	if (c->job.kind == JOB_KIND_UPDATE)
		err = chunk_resolve_update(c, e);
	else if (c->careful)
		err = chunk_resolve(c, e);
	if (!err)
		err = chunk_build(c, e);
	if (!err)
		err = chunk_store(c, e);
	if (!err)
		err = job_chunk_done(c->site, &c->ctx, c->claim,
		    c->out->succeeded, c->out->failed, e);
	return err;
}

static enum err_code
done(struct db *db, void *arg, struct err *e)
{
	struct chunk *c = arg;
	enum err_code err = job_chunk_mark(db, &c->ctx, c->claim, e);

	c->doubtful = !err;
	return err;
}

/* First as if no value were taken, for that is nearly always so; if one is,
 * by looking first, again if somebody is faster still. */
static enum err_code
run(struct chunk *c, struct err *e)
{
	enum err_code err;
	int i;

	c->careful = c->job.on_existing != EXISTING_ERROR;
	err = db_transaction(c->site->db, body, done, c, e);
	for (i = 0; i < CAREFUL_TRIES && err == ERR_DUPLICATE; i++) {
		c->careful = true;
		err = db_transaction(c->site->db, body, done, c, e);
	}
	return err;
}

/* After a COMMIT that was answered by the mark alone somebody else may have
 * done the chunk: tells the new customers that are there. */
static enum err_code
read_created(struct chunk *c, struct err *e)
{
	static const struct uuid none;
	uint64_t first = c->nrows ? c->rows[0].place : 0;
	unsigned n, i;
	struct uuid *ids;
	enum err_code err;

	c->out->revision = 0;
	if (!c->nrows || c->job.kind == JOB_KIND_UPDATE)
		return ERR_OK;
	n = (unsigned)(c->rows[c->nrows - 1].place - first + 1);
	ids = arena_calloc(c->arena, n, sizeof(*ids));
	err = customer_ids(c->site->db, &c->ctx, first, n, ids, e);
	c->out->created = 0;
	for (i = 0; i < n && !err; i++)
		if (memcmp(&ids[i], &none, sizeof(none)))
			c->out->ids[c->out->created++] = ids[i];
	return err;
}

static enum err_code
load(struct chunk *c, struct err *e)
{
	struct db *db = c->site->db;
	enum err_code err;

	err = job_find(db, &c->ctx, &c->claim->job, c->arena, &c->job, e);
	if (err == ERR_NOT_FOUND)
		return err_set(e, ERR_SUPERSEDED, NULL);
	if (!err)
		err = job_check(db, &c->ctx, &c->job, &c->workspace, e);
	if (!err)
		c->ctx.user_id = c->job.user_id;
	uuid_format(&c->workspace, c->workspace_text);
	return err;
}

static void
release(struct chunk *c)
{
	schema_release(&c->schema);
	buf_free(&c->packed);
	buf_free(&c->list);
	buf_free(&c->keys);
	buf_free(&c->cleared);
	buf_free(&c->profiles);
	buf_free(&c->old);
	arena_free(&c->row);
	arena_free(&c->try);
	arena_free(&c->arena);
}

enum err_code
work_apply(struct site *s, const struct claim *claim, struct applied *out,
    struct err *e)
{
	struct chunk c = {.site = s,
	    .claim = claim,
	    .out = out,
	    .ctx = {.account_id = claim->account_id,
	        .workspace_id = claim->workspace_id}};
	enum err_code err;

	memset(out, 0, sizeof(*out));
	if (job_kind_payload(claim->kind) == JOB_PAYLOAD_RANGE)
		return range_apply(s, claim, out, e);
	c.arena = arena_new(16384);
	c.try = arena_new(65536);
	c.row = arena_new(16384);
	err = load(&c, e);
	if (!err)
		err = run(&c, e);
	if (!err && c.doubtful)
		err = read_created(&c, e);
	release(&c);
	return err;
}
