#include "model/customer.h"

#include <stdlib.h>
#include <string.h>

/* A digest that is looked for, and its place in the caller's list. */
struct wanted {
	uint8_t digest[INDEX_LEN];
	uint32_t i;
};

static int
compare_wanted(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return memcmp(x->digest, y->digest, INDEX_LEN);
}

/* Notes the owner of a digest, which may be wanted more than once. */
static void
found(const struct wanted *list, unsigned n, const char *digest, uint64_t seq,
    uint64_t *seq_out)
{
	const struct wanted *w, *end = list + n;

	w = bsearch(digest, list, n, sizeof(*list), compare_wanted);
	if (!w)
		return;
	while (w > list && !memcmp(w[-1].digest, digest, INDEX_LEN))
		w--;
	for (; w < end && !memcmp(w->digest, digest, INDEX_LEN); w++)
		seq_out[w->i] = seq;
}

/* Looks one list of up to DB_LIST_MAX up. */
static enum err_code
lookup_some(struct db *db, const struct db_context *ctx, uint32_t field_id,
    const struct wanted *list, unsigned n, uint64_t *seq_out, struct err *e)
{
	struct db_val values[DB_LIST_MAX];
	struct db_rows *r;
	enum err_code err;
	unsigned i;

	for (i = 0; i < n; i++)
		values[i] = db_bytes(list[i].digest, INDEX_LEN);
	err = db_query_list(db, ctx, SQL_CUSTOMER_UNIQUE_LOOKUP,
	    DB_ARGS(db_int(field_id)), (struct db_args){values, n}, &r, e);
	if (err)
		return err;
	while (db_next(r))
		found(list, n, db_get_bytes(r, 0, NULL),
		    (uint64_t)db_get_int(r, 1), seq_out);
	return db_done(&r, e);
}

enum err_code
customer_lookup(struct db *db, const struct db_context *ctx, uint32_t field_id,
    const uint8_t (*digests)[INDEX_LEN], unsigned n, uint64_t *seq_out,
    struct arena *a, struct err *e)
{
	struct wanted *list = arena_calloc(a, n, sizeof(*list));
	enum err_code err = ERR_OK;
	unsigned i, some;

	for (i = 0; i < n; i++) {
		memcpy(list[i].digest, digests[i], INDEX_LEN);
		list[i].i = i;
		seq_out[i] = CUSTOMER_NONE;
	}
	qsort(list, n, sizeof(*list), compare_wanted);
	for (i = 0; i < n && !err; i += some) {
		some = n - i < DB_LIST_MAX ? n - i : DB_LIST_MAX;
		err =
		    lookup_some(db, ctx, field_id, list + i, some, seq_out, e);
	}
	return err;
}

/* A UUID or a seq that is looked for, and its place in the caller's list. */
struct sought {
	struct uuid id;
	uint64_t seq;
	unsigned i;
};

static int
compare_ids(const void *a, const void *b)
{
	const struct sought *x = a, *y = b;

	return memcmp(&x->id, &y->id, UUID_LEN);
}

static int
compare_seqs(const void *a, const void *b)
{
	const struct sought *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* The first of the entries that are equal to `key`; NULL if there is none. */
static const struct sought *
first_of(const struct sought *key, const struct sought *list, unsigned n,
    int (*compare)(const void *, const void *))
{
	const struct sought *s = bsearch(key, list, n, sizeof(*list), compare);

	while (s && s > list && !compare(s - 1, key))
		s--;
	return s;
}

enum err_code
customer_seqs(struct db *db, const struct db_context *ctx,
    const struct uuid *ids, unsigned n, uint64_t *seq_out, struct arena *a,
    struct err *e)
{
	struct sought *list = arena_calloc(a, n, sizeof(*list)), key;
	struct db_val values[DB_LIST_MAX];
	const struct sought *s;
	enum err_code err = ERR_OK;
	struct db_rows *r;
	unsigned i, some;

	for (i = 0; i < n; i++) {
		list[i] = (struct sought){.id = ids[i], .i = i};
		seq_out[i] = CUSTOMER_NONE;
	}
	qsort(list, n, sizeof(*list), compare_ids);
	for (i = 0; i < n && !err; i += some) {
		for (some = 0; some < DB_LIST_MAX && i + some < n; some++)
			values[some] = db_uuid(&list[i + some].id);
		err = db_query_list(db, ctx, SQL_CUSTOMER_SEQS, DB_NOARGS,
		    (struct db_args){values, some}, &r, e);
		if (err)
			return err;
		while (db_next(r)) {
			db_get_uuid(r, 0, &key.id);
			s = first_of(&key, list, n, compare_ids);
			for (; s && s < list + n && !compare_ids(s, &key); s++)
				seq_out[s->i] = (uint64_t)db_get_int(r, 1);
		}
		err = db_done(&r, e);
	}
	return err;
}

/* Seqs that lie together are read as a range: quicker than a list. */
enum err_code
customer_uuids(struct db *db, const struct db_context *ctx,
    const uint64_t *seqs, unsigned n, struct uuid *out, bool *found_out,
    struct arena *a, struct err *e)
{
	struct sought *list = arena_calloc(a, n, sizeof(*list)), key;
	struct db_val values[DB_LIST_MAX];
	const struct sought *s;
	enum err_code err = ERR_OK;
	struct db_rows *r;
	unsigned i, some;

	for (i = 0; i < n; i++) {
		list[i] = (struct sought){.seq = seqs[i], .i = i};
		found_out[i] = false;
	}
	qsort(list, n, sizeof(*list), compare_seqs);
	for (i = 0; i < n && !err; i += some) {
		for (some = 0; some < DB_LIST_MAX && i + some < n; some++)
			values[some] = db_int((int64_t)list[i + some].seq);
		if (list[i + some - 1].seq - list[i].seq < 2 * (uint64_t)some)
			err = db_query(db, ctx, SQL_CUSTOMER_IDS,
			    DB_ARGS(values[0],
			        db_int((int64_t)list[i + some - 1].seq + 1)),
			    &r, e);
		else
			err = db_query_list(db, ctx, SQL_CUSTOMER_UUIDS,
			    DB_NOARGS, (struct db_args){values, some}, &r, e);
		if (err)
			return err;
		while (db_next(r)) {
			key.seq = (uint64_t)db_get_int(r, 0);
			s = first_of(&key, list, n, compare_seqs);
			for (; s && s < list + n && !compare_seqs(s, &key);
			     s++) {
				db_get_uuid(r, 1, &out[s->i]);
				found_out[s->i] = true;
			}
		}
		err = db_done(&r, e);
	}
	return err;
}

enum err_code
customer_workspace(struct db *db, const struct db_context *ctx,
    const struct uuid *id, struct uuid *out, struct err *e)
{
	return db_one(db, ctx, SQL_CUSTOMER_WORKSPACE, DB_ARGS(db_uuid(id)),
	    db_take_uuid, out, e);
}

enum err_code
customer_revision(struct db *db, const struct db_context *ctx,
    const struct uuid *id, uint32_t *out, struct err *e)
{
	return db_one(db, ctx, SQL_CUSTOMER_REVISION, DB_ARGS(db_uuid(id)),
	    db_take_u32, out, e);
}

struct mark {
	uint32_t revision;
	int64_t updated_at;
};

static void
take_mark(struct db_rows *r, void *arg)
{
	struct mark *m = arg;

	m->revision = (uint32_t)db_get_int(r, 0);
	m->updated_at = db_get_int(r, 1);
}

enum err_code
customer_mark(struct db *db, const struct db_context *ctx,
    const struct uuid *id, uint32_t *revision_out, int64_t *updated_out,
    struct err *e)
{
	struct mark m = {0};
	enum err_code err = db_one(
	    db, ctx, SQL_CUSTOMER_MARK, DB_ARGS(db_uuid(id)), take_mark, &m, e);

	*revision_out = m.revision;
	*updated_out = m.updated_at;
	return err;
}
