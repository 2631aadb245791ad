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
