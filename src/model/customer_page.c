/*
 * Pages of customers. Their rows are copied from the database's answer into
 * the response, and cost as little as they may.
 *
 * The members of a group that were uploaded together have seqs that follow
 * each other. Where the counts know it (segment_seek), a page is one range of
 * customers; else its members are read, and runs of them as ranges: finding
 * each customer by its place costs five times as much.
 */
#include <string.h>

#include "base/clock.h"
#include "model/customer_view.h"
#include "model/rows.h"
#include "model/segment.h"

#define RUN_LEAST 8 /* members that are worth a range of their own */

/* The times of a page's customers are mostly those of the row before. */
struct stamp {
	int64_t ms;
	char text[CLOCK_TEXT];
};

struct page {
	struct db *db;
	const struct db_context *ctx;
	uint32_t segment_id;
	struct buf *out;
	customer_flush *flush;
	void *arg;
	struct err *e;
	struct customer_view view;
	bool some; /* a customer has been written */
	struct stamp created, updated;
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
put_number(char *p, uint32_t v)
{
	char s[10], *q = s + sizeof(s);

	do
		*--q = (char)('0' + v % 10);
	while (v /= 10);
	return put(p, q, (size_t)(s + sizeof(s) - q));
}

/* Columns of CUSTOMER_RANGE and CUSTOMER_PLACED. */
enum {
	COL_KEY,
	COL_UUID,
	COL_PROFILE,
	COL_VERSION,
	COL_CREATED,
	COL_UPDATED,
	COL_LAYOUT
};

#define ROW_FRAME 256 /* bytes of a customer's object around its profile */

/* Appends the customer in hand. Its profile is JSON already. */
static enum err_code
add_row(struct page *g, struct db_rows *r)
{
	uint32_t version = (uint32_t)db_get_int(r, COL_VERSION);
	uint32_t layout = (uint32_t)db_get_int(r, COL_LAYOUT);
	enum err_code err = ERR_OK;
	struct uuid id;
	const char *profile;
	char *p, *start;
	size_t n;

	db_get_uuid(r, COL_UUID, &id);
	profile = db_get_bytes(r, COL_PROFILE, &n);
	if (layout < g->view.layout)
		err = customer_view_convert(
		    &g->view, &id, layout, &profile, &n, &version, g->e);
	if (err)
		return err;
	start = p = buf_room(g->out, n + ROW_FRAME);
	if (!p)
		return err_set(g->e, ERR_TOO_LARGE, NULL);
	if (g->some)
		*p++ = ',';
	g->some = true;
	p = PUT(p, "{\"customer_id\":\"");
	uuid_format(&id, p);
	p = PUT(p + UUID_TEXT - 1, "\",\"extended_profile\":");
	p = put(p, profile, n);
	p = PUT(p, ",\"key_version\":");
	p = put_number(p, version);
	p = PUT(p, ",\"created_at\":\"");
	p = put_time(p, &g->created, db_get_int(r, COL_CREATED));
	p = PUT(p, "\",\"updated_at\":\"");
	p = put_time(p, &g->updated, db_get_int(r, COL_UPDATED));
	p = PUT(p, "\"}");
	*p = '\0';
	g->out->len += (size_t)(p - start);
	return g->flush(g->arg, g->e);
}

/* Customers with a seq from first to before end, past `skip` of them. */
static enum err_code
query_range(struct page *g, uint64_t first, uint64_t end, unsigned skip,
    unsigned limit, struct db_rows **out)
{
	return db_query(g->db, g->ctx, SQL_CUSTOMER_RANGE,
	    DB_ARGS(db_int((int64_t)first), db_int((int64_t)end), db_int(skip),
	        db_int(limit)),
	    out, g->e);
}

/* Writes those customers of r whose key (the first column) is one of n, both
 * ascending: others have come since the keys were read. */
static enum err_code
write_listed(
    struct page *g, struct db_rows *r, const uint64_t *keys, unsigned n)
{
	enum err_code err = ERR_OK;
	unsigned i = 0;
	uint64_t key;

	while (!err && db_next(r)) {
		key = (uint64_t)db_get_int(r, COL_KEY);
		while (i < n && keys[i] < key)
			i++;
		if (i < n && keys[i] == key)
			err = add_row(g, r);
	}
	return rows_end(err, &r, g->e);
}

/* Writes n customers of ascending seqs. */
static enum err_code
write_run(struct page *g, const uint64_t *seqs, unsigned n)
{
	uint64_t first = seqs[0], end = seqs[n - 1] + 1;
	struct db_rows *r;
	enum err_code err;

	err = query_range(g, first, end, 0, (unsigned)(end - first), &r);
	return err ? err : write_listed(g, r, seqs, n);
}

/* Writes the members at n places. */
static enum err_code
write_placed(struct page *g, const uint64_t *positions, unsigned n)
{
	struct db_rows *r;
	enum err_code err;

	err = db_query(g->db, g->ctx, SQL_CUSTOMER_PLACED,
	    DB_ARGS(db_int(g->segment_id), db_int((int64_t)positions[0]),
	        db_int((int64_t)positions[n - 1])),
	    &r, g->e);
	return err ? err : write_listed(g, r, positions, n);
}

/* The members of a page. */
struct places {
	uint64_t positions[CUSTOMERS_PER_PAGE], seqs[CUSTOMERS_PER_PAGE];
	unsigned n;
};

static enum err_code
read_places(struct page *g, const struct segment_page *at, unsigned limit,
    struct places *out)
{
	struct db_rows *r;
	enum err_code err;

	out->n = 0;
	err = db_query(g->db, g->ctx, SQL_CUSTOMER_PLACES,
	    DB_ARGS(db_int(g->segment_id), db_int((int64_t)at->position),
	        db_int(at->skip), db_int(limit)),
	    &r, g->e);
	if (err)
		return err;
	while (out->n < limit && db_next(r)) {
		out->positions[out->n] = (uint64_t)db_get_int(r, 0);
		out->seqs[out->n++] = (uint64_t)db_get_int(r, 1);
	}
	return db_done(&r, g->e);
}

/* How many members from i on have ascending seqs that fill at least half of
 * their range. */
static unsigned
run_length(const struct places *m, unsigned i)
{
	unsigned j = i + 1;

	while (j < m->n && m->seqs[j] > m->seqs[j - 1] &&
	       m->seqs[j] - m->seqs[i] < 2 * (uint64_t)(j + 1 - i))
		j++;
	return j - i;
}

static enum err_code
write_members(struct page *g, const struct places *m)
{
	enum err_code err = ERR_OK;
	unsigned i, run = 0, lone; /* lone: the first that is in no run */

	for (i = lone = 0; i < m->n && !err; i += run) {
		run = run_length(m, i);
		if (run < RUN_LEAST)
			continue;
		if (lone < i)
			err = write_placed(g, m->positions + lone, i - lone);
		lone = i + run;
		if (!err)
			err = write_run(g, m->seqs + i, run);
	}
	if (!err && lone < m->n)
		err = write_placed(g, m->positions + lone, m->n - lone);
	return err;
}

/* Writes the customers of one range, all of which are of the page. */
static enum err_code
write_range(
    struct page *g, uint64_t first, uint64_t end, unsigned skip, unsigned limit)
{
	struct db_rows *r;
	enum err_code err = query_range(g, first, end, skip, limit, &r);

	if (err)
		return err;
	while (!err && db_next(r))
		err = add_row(g, r);
	return rows_end(err, &r, g->e);
}

static enum err_code
write_page(struct page *g, const struct segment_page *page, unsigned limit)
{
	struct places members;
	enum err_code err;

	if (page->ranged)
		return write_range(
		    g, page->first_seq, page->end_seq, page->seq_skip, limit);
	if (g->segment_id == SEGMENT_ALL)
		return write_range(
		    g, page->position, INT64_MAX, page->skip, limit);
	err = read_places(g, page, limit, &members);
	return err ? err : write_members(g, &members);
}

enum err_code
customer_page_write(struct site *s, const struct db_context *ctx,
    uint32_t segment_id, const struct segment_page *page, unsigned limit,
    struct buf *out, customer_flush *flush, void *arg, struct err *e)
{
	struct page g = {.db = s->db,
	    .ctx = ctx,
	    .segment_id = segment_id,
	    .out = out,
	    .flush = flush,
	    .arg = arg,
	    .e = e};
	enum err_code err;

	if (limit > CUSTOMERS_PER_PAGE)
		limit = CUSTOMERS_PER_PAGE;
	err = customer_view_open(s, ctx, &g.view, e);
	if (!err)
		err = write_page(&g, page, limit);
	customer_view_close(&g.view);
	return err;
}

static enum err_code
stay(void *arg, struct err *e)
{
	(void)arg, (void)e;
	return ERR_OK;
}

#define COL_REVISION (COL_LAYOUT + 1) /* of CUSTOMER_BY_UUID, _BY_SEQ */

static enum err_code
write_one(struct page *g, enum stmt st, struct db_val key,
    struct uuid *uuid_out, uint32_t *revision_out)
{
	struct db_rows *r;
	enum err_code err = db_query(g->db, g->ctx, st, DB_ARGS(key), &r, g->e);

	if (err)
		return err;
	if (db_next(r)) {
		db_get_uuid(r, COL_UUID, uuid_out);
		*revision_out = (uint32_t)db_get_int(r, COL_REVISION);
		err = add_row(g, r);
	}
	err = rows_end(err, &r, g->e);
	return !err && !g->some ? err_set(g->e, ERR_NOT_FOUND, NULL) : err;
}

enum err_code
customer_write(struct site *s, const struct db_context *ctx,
    const struct uuid *uuid, uint64_t seq, struct buf *out,
    struct uuid *uuid_out, uint32_t *revision_out, struct err *e)
{
	struct page g = {
	    .db = s->db, .ctx = ctx, .out = out, .flush = stay, .e = e};
	enum stmt st = uuid ? SQL_CUSTOMER_BY_UUID : SQL_CUSTOMER_BY_SEQ;
	struct db_val key = uuid ? db_uuid(uuid) : db_int((int64_t)seq);
	enum err_code err = customer_view_open(s, ctx, &g.view, e);

	if (!err)
		err = write_one(&g, st, key, uuid_out, revision_out);
	customer_view_close(&g.view);
	return err;
}
