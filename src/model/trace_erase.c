#include "model/trace_erase.h"

#include <stdlib.h>
#include <string.h>

#include "model/trace_chunk.h"
#include "model/profile.h"
#include "model/runs.h"
#include "model/trace.h"

/* What is known of the customers while their traces are gathered. */
struct gathering {
	const struct db_context *ctx;
	struct doomed *list;
	unsigned n;
	struct keyring *ring;
	struct schema schema;
	char workspace[UUID_TEXT];
	struct arena *row; /* reset with each customer */
	struct buf traces, plain;
};

static void
take_one(struct db_rows *r, void *arg)
{
	(void)r;
	*(bool *)arg = true;
}

/* Whether a look-up has any row. */
static enum err_code
any(struct db *db, const struct db_context *ctx, enum stmt st,
    struct db_args args, bool *out, struct err *e)
{
	enum err_code err;

	*out = false;
	err = db_one(db, ctx, st, args, take_one, out, e);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static int
compare_seq(const void *key, const void *elem)
{
	const uint64_t *seq = key;
	const struct doomed *d = elem;

	return (*seq > d->seq) - (*seq < d->seq);
}

/* Adds the trace of a stored value, which must be unique. One that does not
 * open is passed over: nothing keeps a customer from being deleted. What was
 * accepted while the value was a system attribute's, and no field's, has its
 * trace under the attribute's id. */
static void
add_stored(struct gathering *g, const struct field *f,
    const struct profile_member *m, const struct profile_owner *owner)
{
	struct field as_attribute = *f;
	struct value v;
	struct err ignored;

	if (profile_value(owner, &g->schema, f, m, &g->plain, &v, &ignored))
		return;
	trace_add_value(&g->traces, g->ctx, g->ring, f, g->row, v.json, v.n);
	if (f->role && field_unique_id(f) != f->id) {
		as_attribute.id = field_unique_id(f);
		trace_add_value(&g->traces, g->ctx, g->ring, &as_attribute,
		    g->row, v.json, v.n);
	}
}

/* Columns of TRACED_PROFILE_RANGE and TRACED_PROFILE_LIST. */
enum { COL_SEQ, COL_UUID, COL_REVISION, COL_VERSION, COL_LAYOUT, COL_PROFILE };

static void
take_profile(struct db_rows *r, void *arg)
{
	struct gathering *g = arg;
	uint64_t seq = (uint64_t)db_get_int(r, COL_SEQ);
	struct profile_owner owner = {.ring = g->ring,
	    .workspace = g->workspace,
	    .key_version = (uint32_t)db_get_int(r, COL_VERSION),
	    .layout = (uint32_t)db_get_int(r, COL_LAYOUT)};
	struct profile_member v;
	char customer[UUID_TEXT];
	const struct field *f;
	const char *p, *end;
	struct doomed *d;
	size_t n;

	d = bsearch(&seq, g->list, g->n, sizeof(*d), compare_seq);
	if (!d)
		return;
	d->revision = (uint32_t)db_get_int(r, COL_REVISION);
	uuid_format(&d->uuid, customer);
	owner.customer = customer;
	arena_reset(g->row);
	p = db_get_bytes(r, COL_PROFILE, &n);
	end = p + n;
	while (p && profile_next(&p, end, &v)) {
		f = schema_find_stored(
		    &g->schema, owner.layout, v.name, v.nname);
		if (f && trace_names(f))
			add_stored(g, f, &v, &owner);
	}
}

static void
take_workspace(struct db_rows *r, void *arg)
{
	struct uuid id;

	db_get_uuid(r, 0, &id);
	uuid_format(&id, arg);
}

/* Adds the traces of the customers' unique values. */
static enum err_code
gather_values(
    struct site *s, struct gathering *g, struct arena *a, struct err *e)
{
	const struct runs read = {.db = s->db,
	    .ctx = g->ctx,
	    .range = SQL_TRACED_PROFILE_RANGE,
	    .list = SQL_TRACED_PROFILE_LIST};
	uint64_t *seqs = arena_calloc(a, g->n, sizeof(*seqs));
	enum err_code err;
	unsigned i;

	for (i = 0; i < g->n; i++)
		seqs[i] = g->list[i].seq;
	err = db_one(s->db, g->ctx, SQL_TRACED_WORKSPACE,
	    DB_ARGS(db_int(g->ctx->workspace_id)), take_workspace, g->workspace,
	    e);
	if (!err)
		err = runs_query(&read, seqs, g->n, take_profile, g, e);
	return err;
}

static enum err_code
gather(struct site *s, struct gathering *g, struct arena *a, struct err *e)
{
	enum err_code err = site_keyring(s, g->ctx, &g->ring, e);
	unsigned i;

	if (!err)
		err = schema_load(s->db, g->ctx, a, &g->schema, e);
	for (i = 0; i < g->n && !err; i++)
		trace_add_customer(
		    &g->traces, g->ctx, g->ring, &g->list[i].uuid);
	if (!err)
		err = gather_values(s, g, a, e);
	trace_sort(&g->traces);
	return err;
}

/* What a row of the table refers to. */
struct ref {
	enum trace_kind kind;
	size_t n;
	uint8_t b[TRACE_REF_MAX];
};

static enum err_code
erase_ref(struct db *db, const struct db_context *ctx, const struct ref *r,
    struct err *e)
{
	const size_t key = 4 + MAC_LEN;

	if (r->kind == TRACE_ERROR && r->n == UUID_LEN + 4)
		return db_exec(db, ctx, SQL_TRACED_ERROR,
		    DB_ARGS(db_bytes(r->b, UUID_LEN),
		        db_int(get_u32(r->b + UUID_LEN))),
		    NULL, NULL, e);
	if (r->kind == TRACE_ANSWER && r->n > key)
		return db_exec(db, ctx, SQL_TRACED_ANSWER,
		    DB_ARGS(db_int(get_u32(r->b)), db_bytes(r->b + 4, MAC_LEN),
		        db_bytes(r->b + key, r->n - key)),
		    NULL, NULL, e);
	return err_fault(e, ERR_INTERNAL, "a trace of an unknown kind");
}

/* Reads what up to DB_LIST_MAX traces refer to. */
static enum err_code
find_refs(struct db *db, const struct db_context *ctx, struct db_args list,
    struct buf *out, struct err *e)
{
	struct db_rows *r;
	const char *bytes;
	struct ref ref;
	enum err_code err;

	err = db_query_list(db, ctx, SQL_TRACE_FIND, DB_NOARGS, list, &r, e);
	if (err)
		return err;
	while (db_next(r)) {
		memset(&ref, 0, sizeof(ref));
		ref.kind = (enum trace_kind)db_get_int(r, 0);
		bytes = db_get_bytes(r, 1, &ref.n);
		if (ref.n <= sizeof(ref.b))
			memcpy(ref.b, bytes, ref.n);
		buf_add(out, &ref, sizeof(ref));
	}
	return db_done(&r, e);
}

static enum err_code
erase_some(struct db *db, const struct db_context *ctx, struct db_args list,
    struct err *e)
{
	struct buf refs = {0};
	const struct ref *r;
	size_t i, n;
	enum err_code err = find_refs(db, ctx, list, &refs, e);

	r = (const void *)refs.data;
	n = refs.len / sizeof(*r);
	for (i = 0; i < n && !err; i++)
		err = erase_ref(db, ctx, &r[i], e);
	if (!err && n)
		err = db_exec_list(
		    db, ctx, SQL_TRACE_DELETE, DB_NOARGS, list, NULL, e);
	buf_free(&refs);
	return err;
}

/* Erases error rows and answers. */
static enum err_code
erase_kept(struct db *db, const struct db_context *ctx,
    const struct buf *traces, struct err *e)
{
	size_t i = 0, some, n = traces->len / TRACE_LEN;
	struct db_val list[DB_LIST_MAX];
	enum err_code err = ERR_OK;

	while (i < n && !err) {
		for (some = 0; some < DB_LIST_MAX && i < n; some++, i++)
			list[some] =
			    db_bytes(traces->data + i * TRACE_LEN, TRACE_LEN);
		err = erase_some(db, ctx, (struct db_args){list, some}, e);
	}
	return err;
}

/* Nothing that waits or is kept may slip by: chunks are gone through before
 * what applying them has kept is looked up. */
static enum err_code
erase(struct site *s, struct gathering *g, bool pending, struct err *e)
{
	enum err_code err = ERR_OK;

	if (pending)
		err = erase_chunks(
		    s, g->ctx, &g->schema, g->ring, &g->traces, g->row, e);
	if (!err)
		err = erase_kept(s->db, g->ctx, &g->traces, e);
	if (!err)
		err = erase_stale(
		    s, g->ctx, &g->schema, g->ring, &g->traces, g->row, e);
	return err;
}

enum err_code
erase_traces(struct site *s, const struct db_context *ctx, struct doomed *list,
    unsigned n, struct arena *a, struct err *e)
{
	struct gathering g = {.ctx = ctx, .list = list, .n = n};
	bool pending, errors = false;
	enum err_code err;

	err = any(s->db, ctx, SQL_TRACED_PENDING_ANY, DB_NOARGS, &pending, e);
	if (!err)
		err = any(s->db, ctx, SQL_TRACE_ANY,
		    DB_ARGS(db_int(TRACE_ERROR)), &errors, e);
	if (err || !(pending || errors))
		return err;
	g.row = arena_new(16384);
	err = gather(s, &g, a, e);
	if (!err)
		err = erase(s, &g, pending, e);
	schema_release(&g.schema);
	arena_free(&g.row);
	buf_free(&g.traces);
	buf_free(&g.plain);
	return err;
}

enum err_code
erase_answers(struct site *s, const struct db_context *ctx,
    const struct doomed *list, unsigned n, struct err *e)
{
	struct buf traces = {0};
	struct keyring *ring;
	bool answers;
	unsigned i;
	enum err_code err = any(s->db, ctx, SQL_TRACE_ANY,
	    DB_ARGS(db_int(TRACE_ANSWER)), &answers, e);

	if (!err && answers)
		err = site_keyring(s, ctx, &ring, e);
	if (err || !answers)
		return err;
	for (i = 0; i < n; i++)
		trace_add_customer(&traces, ctx, ring, &list[i].uuid);
	trace_sort(&traces);
	err = erase_kept(s->db, ctx, &traces, e);
	buf_free(&traces);
	return err;
}
