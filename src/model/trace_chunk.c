#include "model/trace_chunk.h"

#include <string.h>

#include "model/job.h"
#include "model/job_seal.h"
#include "model/trace.h"

/* A chunk that has one of the traces among its subjects, or whose subjects were
 * made when the fields were others; a kept row (n) of a job. */
struct hit {
	struct uuid job;
	uint32_t n;
};

struct erasing {
	struct site *site;
	const struct db_context *ctx;
	const struct schema *schema;
	struct keyring *ring;
	const struct buf *traces;
	struct arena *row;
};

static enum err_code
find_hits(struct erasing *x, struct buf *out, struct err *e)
{
	struct db_rows *r;
	const char *subjects;
	struct hit h;
	enum err_code err;
	bool stale;
	size_t n;

	err =
	    db_query(x->site->db, x->ctx, SQL_TRACED_PENDING, DB_NOARGS, &r, e);
	if (err)
		return err;
	while (db_next(r)) {
		subjects = db_get_bytes(r, 2, &n);
		stale = db_get_int(r, 3) != x->schema->version;
		if (!stale && !trace_meet(x->traces, subjects, n))
			continue;
		memset(&h, 0, sizeof(h));
		db_get_uuid(r, 0, &h.job);
		h.n = (uint32_t)db_get_int(r, 1);
		buf_add(out, &h, sizeof(h));
	}
	return db_done(&r, e);
}

/* Packs a record again: erased if it is about one of the traces, with its own
 * traces added to the chunk's if not. */
static void
repack(struct erasing *x, const struct record *r, struct buf *packed,
    struct buf *subjects)
{
	struct record blank = {.row = r->row, .line = r->line, .erased = true};
	struct buf own = {0};

	trace_add_record(&own, x->ctx, x->ring, x->schema, x->row, r);
	trace_sort(&own);
	if (trace_meet(x->traces, own.data, own.len)) {
		blank.values =
		    arena_calloc(x->row, x->schema->n, sizeof(*blank.values));
		record_pack(packed, x->schema, &blank);
	} else {
		record_pack(packed, x->schema, r);
		buf_add(subjects, own.data, own.len);
	}
	buf_free(&own);
}

static enum err_code
repack_all(struct erasing *x, const struct buf *old, struct buf *packed,
    struct buf *subjects, struct err *e)
{
	const uint8_t *p = (const uint8_t *)old->data, *end = p + old->len;
	struct record r;

	while (p < end) {
		arena_reset(x->row);
		if (!record_unpack(&p, end, x->schema, x->row, &r))
			return err_fault(e, ERR_INTERNAL, "a chunk is damaged");
		repack(x, &r, packed, subjects);
	}
	trace_sort(subjects);
	return ERR_OK;
}

static enum err_code
rewrite(struct erasing *x, const struct claim *c, struct err *e)
{
	struct buf old = {0}, packed = {0}, subjects = {0};
	enum err_code err = job_chunk_get(x->site, x->ctx, c, &old, e);

	if (!err)
		err = repack_all(x, &old, &packed, &subjects, e);
	if (!err)
		err = job_chunk_replace(
		    x->site, x->ctx, c, &packed, &subjects, e);
	buf_free(&old);
	buf_free(&packed);
	buf_free(&subjects);
	return err;
}

/* Holds a chunk and erases in it. One that is done by now is nobody's. */
static enum err_code
erase_hit(struct erasing *x, const struct hit *h, struct err *e)
{
	struct claim c = {.account_id = x->ctx->account_id,
	    .workspace_id = x->ctx->workspace_id,
	    .job = h->job,
	    .n = h->n};
	enum err_code err;

	err = db_one(x->site->db, x->ctx, SQL_TRACED_HOLD,
	    DB_ARGS(db_uuid(&h->job), db_int(h->n)), NULL, NULL, e);
	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	return err ? err : rewrite(x, &c, e);
}

enum err_code
erase_chunks(struct site *s, const struct db_context *ctx,
    const struct schema *schema, struct keyring *ring, const struct buf *traces,
    struct arena *row, struct err *e)
{
	struct erasing x = {s, ctx, schema, ring, traces, row};
	struct buf hits = {0};
	enum err_code err = find_hits(&x, &hits, e);
	const struct hit *h = (const void *)hits.data;
	size_t i, n = hits.len / sizeof(*h);

	for (i = 0; i < n && !err; i++)
		err = erase_hit(&x, &h[i], e);
	buf_free(&hits);
	return err;
}

/* Whether a sealed record that is kept is about one of the traces. One that
 * does not open is nobody's. */
static bool
is_about(struct erasing *x, const struct hit *h, const char *sealed, size_t n)
{
	struct buf packed = {0}, own = {0};
	const uint8_t *p, *end;
	struct record r;
	struct err ignored;
	bool hit = false;

	arena_reset(x->row);
	if (!job_unseal(x->ring, x->ctx, REST_ERRORS, &h->job, h->n, sealed, n,
	        &packed, &ignored)) {
		p = (const uint8_t *)packed.data;
		end = p + packed.len;
		if (record_unpack(&p, end, x->schema, x->row, &r)) {
			trace_add_record(
			    &own, x->ctx, x->ring, x->schema, x->row, &r);
			trace_sort(&own);
			hit = trace_meet(x->traces, own.data, own.len);
		}
	}
	buf_free(&packed);
	buf_free(&own);
	return hit;
}

static enum err_code
find_stale(struct erasing *x, struct buf *out, struct err *e)
{
	struct db_rows *r;
	const char *sealed;
	struct hit h;
	enum err_code err;
	size_t n;

	err = db_query(x->site->db, x->ctx, SQL_TRACED_STALE,
	    DB_ARGS(db_int(x->schema->version)), &r, e);
	if (err)
		return err;
	while (db_next(r)) {
		memset(&h, 0, sizeof(h));
		db_get_uuid(r, 0, &h.job);
		h.n = (uint32_t)db_get_int(r, 1);
		sealed = db_get_bytes(r, 2, &n);
		if (is_about(x, &h, sealed, n))
			buf_add(out, &h, sizeof(h));
	}
	return db_done(&r, e);
}

enum err_code
erase_stale(struct site *s, const struct db_context *ctx,
    const struct schema *schema, struct keyring *ring, const struct buf *traces,
    struct arena *row, struct err *e)
{
	struct erasing x = {s, ctx, schema, ring, traces, row};
	struct buf hits = {0};
	enum err_code err = find_stale(&x, &hits, e);
	const struct hit *h = (const void *)hits.data;
	size_t i, n = hits.len / sizeof(*h);

	for (i = 0; i < n && !err; i++)
		err = db_exec(s->db, ctx, SQL_TRACED_ERROR,
		    DB_ARGS(db_uuid(&h[i].job), db_int(h[i].n)), NULL, NULL, e);
	buf_free(&hits);
	return err;
}
