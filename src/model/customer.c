#include "model/customer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/rows.h"
#include "model/segment.h"

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
customer_lookup(struct db *db, const struct db_context *ctx,
    uint32_t field_id, const uint8_t (*digests)[INDEX_LEN], unsigned n,
    uint64_t *seq_out, struct arena *a, struct err *e)
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
		err = lookup_some(
		    db, ctx, field_id, list + i, some, seq_out, e);
	}
	return err;
}

/* The times of a page's customers are mostly those of the row before. */
struct stamp {
	int64_t ms;
	char text[CLOCK_TEXT];
};

static char *
put(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

#define PUT(p, literal) put(p, literal, sizeof(literal) - 1)

static char *
put_time(char *p, struct stamp *st, int64_t ms)
{
	if (!st->text[0] || st->ms != ms) {
		st->ms = ms;
		clock_format(ms, st->text);
	}
	return put(p, st->text, CLOCK_TEXT - 1);
}

static char *
put_u32_text(char *p, uint32_t v)
{
	char s[10], *q = s + sizeof(s);

	do
		*--q = (char)('0' + v % 10);
	while (v /= 10);
	return put(p, q, (size_t)(s + sizeof(s) - q));
}

#define ROW_FRAME 256 /* bytes of a customer's object around its profile */

/* Appends the customer in hand. Its profile is JSON already. */
static void
add_row(struct db_rows *r, struct stamp *st, bool first, struct buf *out)
{
	struct uuid id;
	const char *profile;
	char *p, *start;
	size_t n;

	profile = db_get_bytes(r, 1, &n);
	start = p = buf_room(out, n + ROW_FRAME);
	if (!p)
		return;
	if (!first)
		*p++ = ',';
	db_get_uuid(r, 0, &id);
	p = PUT(p, "{\"customer_id\":\"");
	uuid_format(&id, p);
	p = PUT(p + UUID_TEXT - 1, "\",\"extended_profile\":");
	p = put(p, profile, n);
	p = PUT(p, ",\"key_version\":");
	p = put_u32_text(p, (uint32_t)db_get_int(r, 2));
	p = PUT(p, ",\"created_at\":\"");
	p = put_time(p, &st[0], db_get_int(r, 3));
	p = PUT(p, "\",\"updated_at\":\"");
	p = put_time(p, &st[1], db_get_int(r, 4));
	p = PUT(p, "\"}");
	*p = '\0';
	out->len += (size_t)(p - start);
}

static enum err_code
query_page(struct db *db, const struct db_context *ctx, uint32_t segment_id,
    const struct segment_page *page, unsigned limit, struct db_rows **out,
    struct err *e)
{
	struct db_val from = db_int((int64_t)page->position);
	struct db_val skip = db_int(page->skip), most = db_int(limit);

	if (segment_id == SEGMENT_ALL)
		return db_query(db, ctx, SQL_CUSTOMER_PAGE_ALL,
		    DB_ARGS(from, skip, most), out, e);
	return db_query(db, ctx, SQL_CUSTOMER_PAGE,
	    DB_ARGS(db_int(segment_id), from, skip, most), out, e);
}

enum err_code
customer_page_write(struct db *db, const struct db_context *ctx,
    uint32_t segment_id, const struct segment_page *page, unsigned limit,
    struct buf *out, customer_flush *flush, void *arg, struct err *e)
{
	struct stamp stamps[2] = {{0}};
	struct db_rows *r;
	bool first = true;
	enum err_code err;

	err = query_page(db, ctx, segment_id, page, limit, &r, e);
	if (err)
		return err;
	while (!err && db_next(r)) {
		add_row(r, stamps, first, out);
		first = false;
		err = flush(arg, e);
	}
	return rows_end(err, &r, e);
}
