#include "model/customer_open.h"

#include <stdlib.h>
#include <string.h>

#include "model/customer_row.h"
#include "model/profile.h"
#include "model/rows.h"

enum { COL_GENERATION = CUSTOMER_ROW }; /* of OPEN_PROVEN */

/* A customer that is sought by its seq, or was found, its bytes in those of the
 * batch; and its place in the list. */
struct head {
	struct customer c;
	unsigned place;
	bool found;
};

struct joined {
	uint64_t seq;
	struct membership in;
};

struct opening {
	struct site *site;
	const struct db_context *ctx;
	const struct customer_wish *wish;
	char workspace[UUID_TEXT];
	struct head *heads;
	unsigned n;
	struct buf bytes;     /* profiles and events, as they are stored */
	struct buf joined;    /* struct joined, by seq, the newest first */
	struct arena *arena;  /* codes of segments; NULL: none are wished */
	struct arena *opened; /* values of one customer */
	customer_take *take;
	void *arg;
	struct err *e;
};

static void
begin(struct opening *o)
{
	uuid_format(&o->wish->schema->workspace, o->workspace);
	if (o->wish->segments)
		o->arena = arena_new(4096);
	o->opened = arena_new(4096);
}

static void
end(struct opening *o)
{
	buf_free(&o->bytes);
	buf_free(&o->joined);
	arena_free(&o->opened);
	arena_free(&o->arena);
}

static void
take_row(struct opening *o, struct db_rows *r, struct head *h)
{
	customer_row_take(r, &h->c, &o->bytes);
	h->found = true;
}

static int
compare_joined(const void *a, const void *b)
{
	const struct joined *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	if (x->in.segmented_at != y->in.segmented_at)
		return x->in.segmented_at > y->in.segmented_at ? -1 : 1;
	return strcmp(x->in.code, y->in.code);
}

static unsigned
joined_count(const struct opening *o)
{
	return (unsigned)(o->joined.len / sizeof(struct joined));
}

static struct joined *
joined_list(const struct opening *o)
{
	return (struct joined *)(void *)o->joined.data;
}

/* Reads the memberships of the customers that were found. */
static enum err_code
read_segments(struct opening *o)
{
	struct db_val list[OPEN_BATCH];
	unsigned i, n = 0;
	struct db_rows *r;
	struct joined j;
	const char *code;
	size_t len;
	enum err_code err;

	for (i = 0; i < o->n; i++)
		if (o->heads[i].found)
			list[n++] = db_int((int64_t)o->heads[i].c.seq);
	if (!n || !o->wish->segments)
		return ERR_OK;
	err = db_query_list(o->site->db, o->ctx, SQL_OPEN_MEMBERSHIPS,
	    DB_NOARGS, (struct db_args){list, n}, &r, o->e);
	if (err)
		return err;
	while (db_next(r)) {
		j.seq = (uint64_t)db_get_int(r, 0);
		j.in.segmented_at = db_get_int(r, 1);
		code = db_get_bytes(r, 2, &len);
		j.in.code = arena_strndup(o->arena, code, len);
		buf_add(&o->joined, &j, sizeof(j));
	}
	if (o->joined.len)
		qsort(
		    joined_list(o), joined_count(o), sizeof(j), compare_joined);
	return db_done(&r, o->e);
}

/* The memberships of one customer, into the arena of its values. */
static void
set_segments(struct opening *o, struct open_customer *c)
{
	const struct joined *list = joined_list(o);
	unsigned low = 0, high = joined_count(o), n = high, i;
	struct membership *in;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (list[mid].seq < c->seq)
			low = mid + 1;
		else
			high = mid;
	}
	for (high = low; high < n && list[high].seq == c->seq; high++)
		;
	in = arena_calloc(o->opened, high - low, sizeof(*in));
	for (i = low; i < high; i++)
		in[i - low] = list[i].in;
	c->segments = in;
	c->nsegments = high - low;
}

/* A profile in a layout that the schema does not know yet, or under a key that
 * the ring has not, was written after they were read. */
static enum err_code
set_values(struct opening *o, const struct customer *m, struct open_customer *c)
{
	const struct customer_wish *w = o->wish;
	char id[UUID_TEXT];
	struct profile_owner owner = {.ring = w->ring,
	    .workspace = o->workspace,
	    .customer = id,
	    .key_version = m->key_version,
	    .layout = m->layout};
	struct record r = {0};
	enum err_code err = ERR_OK;

	if (w->fields && (m->layout > w->schema->layout ||
	                     !keyring_data(w->ring, m->key_version)))
		return err_fault(o->e, ERR_SUPERSEDED,
		    "a customer is newer than the fields or keys in hand");
	uuid_format(&c->uuid, id);
	if (w->fields)
		err =
		    profile_open_some(&owner, w->schema, o->bytes.data + m->at,
		        m->n, w->fields, o->opened, &r, o->e);
	else
		r.values =
		    arena_calloc(o->opened, w->schema->n, sizeof(*r.values));
	c->values = r.values;
	return err;
}

static enum err_code
hand_over(struct opening *o, const struct customer *m)
{
	struct open_customer c = {.seq = m->seq,
	    .uuid = m->uuid,
	    .revision = m->revision,
	    .created_at = m->created_at,
	    .updated_at = m->updated_at,
	    .events = m->nevents ? o->bytes.data + m->events_at : "",
	    .nevents = m->nevents};
	enum err_code err = set_values(o, m, &c);

	if (!err)
		set_segments(o, &c);
	if (!err)
		err = o->take(o->arg, &c, o->e);
	arena_reset(o->opened);
	return err;
}

static bool
owes_proof(const struct customer_wish *w)
{
	return w->proof && w->proof->owed;
}

/* Reads the one customer, and with it what a proof is given by. A workspace
 * that is gone is as if it had changed: it has no generation. */
static enum err_code
read_one(struct opening *o, const struct uuid *id)
{
	struct key_proof *proof = o->wish->proof;
	bool owed = owes_proof(o->wish);
	struct db_rows *r;
	uint64_t now = 0;
	enum err_code err = db_query(o->site->db, o->ctx,
	    owed ? SQL_OPEN_PROVEN : SQL_OPEN_BY_UUID, DB_ARGS(db_uuid(id)), &r,
	    o->e);

	if (err)
		return err;
	if (db_next(r)) {
		if (owed)
			now = (uint64_t)db_get_int(r, COL_GENERATION);
		if (!db_is_null(r, CUSTOMER_SEQ))
			take_row(o, r, o->heads);
	}
	err = db_done(&r, o->e);
	if (!err && owed)
		err = key_proof_take(proof, now, o->e);
	if (!err && !o->heads->found)
		err = err_set(o->e, ERR_NOT_FOUND, NULL);
	return err;
}

enum err_code
customer_open(struct site *s, const struct db_context *ctx,
    const struct customer_wish *w, const struct uuid *id, customer_take *take,
    void *arg, struct err *e)
{
	struct head head = {.found = false};
	struct opening o = {.site = s,
	    .ctx = ctx,
	    .wish = w,
	    .heads = &head,
	    .n = 1,
	    .take = take,
	    .arg = arg,
	    .e = e};
	enum err_code err;

	begin(&o);
	err = read_one(&o, id);
	if (!err)
		err = read_segments(&o);
	if (!err)
		err = hand_over(&o, &head.c);
	end(&o);
	return err;
}

static int
compare_seqs(const void *a, const void *b)
{
	const struct head *x = a, *y = b;

	return (x->c.seq > y->c.seq) - (x->c.seq < y->c.seq);
}

static int
compare_places(const void *a, const void *b)
{
	const struct head *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

/* Reads the rows of the batch; *full_out: they are more bytes than a batch may
 * have, and only some have been read. */
static enum err_code
read_rows(struct opening *o, bool *full_out)
{
	struct db_val list[OPEN_BATCH];
	struct head key = {0}, *h;
	struct db_rows *r;
	enum err_code err;
	unsigned i;

	for (i = 0; i < o->n; i++)
		list[i] = db_int((int64_t)o->heads[i].c.seq);
	err = db_query_list(o->site->db, o->ctx, SQL_OPEN_BY_SEQS,
	    DB_ARGS(db_int(o->wish->fields != NULL), db_int(o->wish->events)),
	    (struct db_args){list, o->n}, &r, o->e);
	if (err)
		return err;
	*full_out = false;
	while (!*full_out && db_next(r)) {
		key.c.seq = (uint64_t)db_get_int(r, CUSTOMER_SEQ);
		h = bsearch(
		    &key, o->heads, o->n, sizeof(*o->heads), compare_seqs);
		if (h)
			take_row(o, r, h);
		*full_out = o->n > 1 && o->bytes.len > OPEN_BYTES;
	}
	return db_done(&r, o->e);
}

static enum err_code
open_batch(struct opening *o, const uint64_t *seqs, bool *full_out)
{
	enum err_code err;
	unsigned i;

	if (o->arena)
		arena_reset(o->arena);
	buf_reset(&o->bytes);
	o->joined.len = 0;
	for (i = 0; i < o->n; i++)
		o->heads[i] = (struct head){.c.seq = seqs[i], .place = i};
	qsort(o->heads, o->n, sizeof(*o->heads), compare_seqs);
	err = read_rows(o, full_out);
	if (err || *full_out)
		return err;
	err = read_segments(o);
	qsort(o->heads, o->n, sizeof(*o->heads), compare_places);
	for (i = 0; i < o->n && !err; i++)
		if (o->heads[i].found)
			err = hand_over(o, &o->heads[i].c);
	return err;
}

enum err_code
customer_open_list(struct site *s, const struct db_context *ctx,
    const struct customer_wish *w, const uint64_t *seqs, unsigned n,
    customer_take *take, void *arg, struct err *e)
{
	struct opening o = {
	    .site = s, .ctx = ctx, .wish = w, .take = take, .arg = arg, .e = e};
	unsigned i = 0, most = n < OPEN_BATCH ? n : OPEN_BATCH;
	bool full;
	enum err_code err = ERR_OK;

	begin(&o);
	o.heads = calloc(most ? most : 1, sizeof(*o.heads));
	if (!o.heads)
		abort();
	while (i < n && !err) {
		o.n = n - i < most ? n - i : most;
		err = open_batch(&o, seqs + i, &full);
		if (!err && full)
			most = o.n / 2;
		else
			i += o.n;
	}
	free(o.heads);
	end(&o);
	return err;
}
