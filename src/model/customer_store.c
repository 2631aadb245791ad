/* What the transaction of a chunk does to customers. */
#include <assert.h>
#include <stdlib.h>

#include "model/customer_row.h"
#include "model/rows.h"
#include "model/segment.h"

static struct db_val *
new_cells(size_t nrows, size_t ncols)
{
	struct db_val *v = calloc(nrows ? nrows : 1, ncols * sizeof(*v));

	if (!v)
		abort();
	return v;
}

#define INSERT_CELLS 7

enum err_code
customer_insert(struct db *db, const struct db_context *ctx,
    const struct customer *list, unsigned n, const struct buf *profiles,
    int64_t now, struct err *e)
{
	struct db_val *cells = new_cells(n, INSERT_CELLS), *v = cells;
	const struct customer *c;
	enum err_code err;

	for (c = list; c < list + n; c++) {
		*v++ = db_int((int64_t)c->seq);
		*v++ = db_uuid(&c->uuid);
		*v++ = db_int(c->key_version);
		*v++ = db_int(c->layout);
		*v++ = db_bytes(profiles->data + c->at, c->n);
		*v++ = db_int(now);
		*v++ = db_int(now);
	}
	err = db_bulk(db, ctx, SQL_CUSTOMER_INSERT, cells, n, INSERT_CELLS, e);
	free(cells);
	return err;
}

/* How many of the n seqs from `i` on fill the next list. */
static unsigned
fill_list(struct db_val list[DB_LIST_MAX], const uint64_t *seqs, unsigned i,
    unsigned n)
{
	unsigned some = 0;

	while (some < DB_LIST_MAX && i + some < n) {
		list[some] = db_int((int64_t)seqs[i + some]);
		some++;
	}
	return some;
}

/* Whether n seqs are one after the other: a range is quicker than a list. */
static bool
is_range(const uint64_t *seqs, unsigned n)
{
	unsigned i;

	for (i = 1; i < n; i++)
		if (seqs[i] != seqs[0] + i)
			return false;
	return true;
}

enum err_code
customer_read(struct db *db, const struct db_context *ctx, const uint64_t *seqs,
    unsigned n, struct customer *out, unsigned *found_out, struct buf *profiles,
    struct err *e)
{
	struct db_val list[DB_LIST_MAX];
	struct db_rows *r;
	enum err_code err = ERR_OK;
	unsigned i, some, found = 0;

	for (i = 0; i < n && !err; i += some) {
		some = fill_list(list, seqs, i, n);
		if (is_range(seqs + i, some))
			err = db_query(db, ctx, SQL_CUSTOMER_READ_RANGE,
			    DB_ARGS(list[0], db_int((int64_t)(seqs[i] + some))),
			    &r, e);
		else
			err = db_query_list(db, ctx, SQL_CUSTOMER_READ,
			    DB_NOARGS, (struct db_args){list, some}, &r, e);
		if (err)
			break;
		while (found < n && db_next(r))
			customer_row_take(r, &out[found++], profiles);
		err = db_done(&r, e);
	}
	*found_out = found;
	return err;
}

enum err_code
customer_read_range(struct db *db, const struct db_context *ctx, uint64_t first,
    uint64_t end, unsigned max, struct customer *out, unsigned *found_out,
    struct buf *profiles, struct err *e)
{
	struct db_rows *r;
	enum err_code err;

	*found_out = 0;
	err = db_query(db, ctx, SQL_CUSTOMER_READ_RANGE,
	    DB_ARGS(db_int((int64_t)first), db_int((int64_t)end)), &r, e);
	if (err)
		return err;
	while (!err && db_next(r)) {
		if (*found_out == max)
			err = err_fault(
			    e, ERR_INTERNAL, "more customers than the range");
		else
			customer_row_take(r, &out[(*found_out)++], profiles);
	}
	return rows_end(err, &r, e);
}

enum err_code
customer_lock(struct db *db, const struct db_context *ctx, const uint64_t *seqs,
    unsigned n, unsigned *found_out, struct err *e)
{
	struct db_val list[DB_LIST_MAX];
	struct db_rows *r;
	enum err_code err = ERR_OK;
	unsigned i, some;

	assert(db_in_transaction(db));
	*found_out = 0;
	for (i = 0; i < n && !err; i += some) {
		some = fill_list(list, seqs, i, n);
		err = db_query_list(db, ctx, SQL_CUSTOMER_LOCK, DB_NOARGS,
		    (struct db_args){list, some}, &r, e);
		if (err)
			return err;
		while (db_next(r))
			++*found_out;
		err = db_done(&r, e);
	}
	return err;
}

#define REWRITE_CELLS 9

enum err_code
customer_rewrite(struct db *db, const struct db_context *ctx,
    const struct customer *list, unsigned n, const struct buf *profiles,
    struct err *e)
{
	struct db_val *cells = new_cells(n, REWRITE_CELLS), *v = cells;
	const struct customer *c;
	enum err_code err;

	assert(db_in_transaction(db));
	for (c = list; c < list + n; c++) {
		*v++ = db_int((int64_t)c->seq);
		*v++ = db_uuid(&c->uuid);
		*v++ = db_int(c->revision);
		*v++ = db_int(c->key_version);
		*v++ = db_int(c->layout);
		*v++ = db_bytes(profiles->data + c->at, c->n);
		*v++ = db_bytes(c->nevents ? profiles->data + c->events_at : "",
		    c->nevents);
		*v++ = db_int(c->created_at);
		*v++ = db_int(c->updated_at);
	}
	err =
	    db_bulk(db, ctx, SQL_CUSTOMER_REWRITE, cells, n, REWRITE_CELLS, e);
	free(cells);
	return err;
}

enum err_code
customer_remake(struct buf *out, const struct schema *s,
    const struct buf *stored, struct customer *c, const struct record *nothing,
    struct keyring *k, struct err *e)
{
	char workspace[UUID_TEXT], id[UUID_TEXT];
	size_t at = out->len;
	enum err_code err;

	uuid_format(&s->workspace, workspace);
	uuid_format(&c->uuid, id);
	err = profile_merge(out, s, stored->data + c->at, c->n, c->key_version,
	    c->layout, nothing, k, workspace, id, e);
	c->at = at;
	c->n = out->len - at;
	c->key_version = keyring_version(k);
	c->layout = s->layout;
	at = out->len;
	buf_add(out, stored->data + c->events_at, c->nevents);
	c->events_at = at;
	return err;
}

#define KEY_CELLS 4

enum err_code
customer_take_keys(struct db *db, const struct db_context *ctx,
    const struct customer_key *keys, unsigned n, struct err *e)
{
	struct db_val *cells = new_cells(n, KEY_CELLS), *v = cells;
	const struct customer_key *k;
	enum err_code err;

	for (k = keys; k < keys + n; k++) {
		*v++ = db_int(k->field_id);
		*v++ = db_bytes(k->digest, INDEX_LEN);
		*v++ = db_int((int64_t)k->seq);
		*v++ = db_int(k->version);
	}
	err = db_bulk(
	    db, ctx, SQL_CUSTOMER_UNIQUE_INSERT, cells, n, KEY_CELLS, e);
	free(cells);
	return err;
}

enum err_code
customer_drop_keys(struct db *db, const struct db_context *ctx,
    uint32_t field_id, const uint64_t *seqs, unsigned n, struct err *e)
{
	struct db_val list[DB_LIST_MAX];
	enum err_code err = ERR_OK;
	unsigned i, some;

	for (i = 0; i < n && !err; i += some) {
		some = fill_list(list, seqs, i, n);
		err = db_exec_list(db, ctx, SQL_CUSTOMER_UNIQUE_DELETE,
		    DB_ARGS(db_int(field_id)), (struct db_args){list, some},
		    NULL, e);
	}
	return err;
}

#define MEMBER_CELLS 4

enum err_code
customer_join(struct db *db, const struct db_context *ctx, uint32_t segment_id,
    const struct member *members, unsigned n, int64_t now, struct err *e)
{
	struct db_val *cells = new_cells(n, MEMBER_CELLS), *v = cells;
	enum err_code err;
	unsigned i;

	assert(segment_id != SEGMENT_ALL);
	for (i = 0; i < n; i++) {
		*v++ = db_int(segment_id);
		*v++ = db_int((int64_t)members[i].position);
		*v++ = db_int((int64_t)members[i].seq);
		*v++ = db_int(now);
	}
	err = db_bulk(
	    db, ctx, SQL_CUSTOMER_MEMBER_INSERT, cells, n, MEMBER_CELLS, e);
	free(cells);
	return err;
}

/* A customer that is asked after, and its place in the caller's list. */
struct asked {
	uint64_t seq;
	unsigned i;
};

static int
compare_asked(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

static void
mark(const struct asked *list, unsigned n, uint64_t seq, bool *in_out)
{
	struct asked key = {.seq = seq};
	const struct asked *a, *end = list + n;

	a = bsearch(&key, list, n, sizeof(*list), compare_asked);
	while (a && a > list && a[-1].seq == seq)
		a--;
	for (; a && a < end && a->seq == seq; a++)
		in_out[a->i] = true;
}

/* Asks for some of the sorted list; as a range, if they lie together. */
static enum err_code
ask_members(struct db *db, const struct db_context *ctx, uint32_t segment_id,
    const struct asked *asked, unsigned some, struct db_rows **r, struct err *e)
{
	uint64_t first = asked[0].seq, last = asked[some - 1].seq;
	struct db_val list[DB_LIST_MAX];
	unsigned i;

	if (last - first < 2 * (uint64_t)some)
		return db_query(db, ctx, SQL_CUSTOMER_MEMBERS_RANGE,
		    DB_ARGS(db_int(segment_id), db_int((int64_t)first),
		        db_int((int64_t)last + 1)),
		    r, e);
	for (i = 0; i < some; i++)
		list[i] = db_int((int64_t)asked[i].seq);
	return db_query_list(db, ctx, SQL_CUSTOMER_MEMBERS,
	    DB_ARGS(db_int(segment_id)), (struct db_args){list, some}, r, e);
}

enum err_code
customer_members(struct db *db, const struct db_context *ctx,
    uint32_t segment_id, const uint64_t *seqs, unsigned n, bool *in_out,
    struct arena *a, struct err *e)
{
	struct asked *asked = arena_calloc(a, n, sizeof(*asked));
	struct db_rows *r;
	enum err_code err = ERR_OK;
	unsigned i, some;

	for (i = 0; i < n; i++)
		asked[i] = (struct asked){seqs[i], i};
	qsort(asked, n, sizeof(*asked), compare_asked);
	for (i = 0; i < n && !err; i += some) {
		some = n - i < DB_LIST_MAX ? n - i : DB_LIST_MAX;
		err = ask_members(db, ctx, segment_id, asked + i, some, &r, e);
		if (err)
			return err;
		while (db_next(r))
			mark(asked, n, (uint64_t)db_get_int(r, 0), in_out);
		err = db_done(&r, e);
	}
	return err;
}

enum err_code
customer_ids(struct db *db, const struct db_context *ctx, uint64_t first,
    unsigned n, struct uuid *out, struct err *e)
{
	struct db_rows *r;
	enum err_code err;

	err = db_query(db, ctx, SQL_CUSTOMER_IDS,
	    DB_ARGS(db_int((int64_t)first), db_int((int64_t)(first + n))), &r,
	    e);
	if (err)
		return err;
	while (db_next(r))
		db_get_uuid(r, 1, &out[(uint64_t)db_get_int(r, 0) - first]);
	return db_done(&r, e);
}
