/*
 * A search. Blocks are read some at a time: first what is pending of them,
 * then, of those that may have the text by their filters, the parts, each
 * looked through as it comes, into two bits a customer.
 */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "model/rows.h"
#include "model/search_page.h"

/* Blocks of a window: few at first, for a page is soon full. These are read
 * without a look at their filters, as are those of a window after one whose
 * filters were of no use. */
#define WINDOW_FIRST 4
#define WINDOW_MAX 256

struct scan {
	struct site *site;
	const struct db_context *ctx;
	uint64_t from;
	bool down;
	search_hit *hit;
	void *arg;

	struct arena *arena;
	struct needle needle; /* folded */
	struct ngram_probe probe;
	struct keyring *ring;
	/* While texts are being written anew. */
	bool stale;
	struct schema schema;
	char workspace[UUID_TEXT];
	struct arena *row;

	uint64_t first;   /* block of the window in hand, */
	unsigned nblocks; /* and how many */
	struct search_set hits[WINDOW_MAX], pending[WINDOW_MAX];
	bool unread[WINDOW_MAX]; /* not written anew yet */
	bool wanted[WINDOW_MAX]; /* may have the text */
	bool common;             /* so many do that filters are no use */
	bool told;               /* of a hit of the window */
	struct buf plain;
};

/* Columns of SEARCH_BLOCKS, SEARCH_FILTERS, SEARCH_PENDING. */
enum { COL_NUMBER, COL_PART, COL_TEXT };

static struct page_place
place_of(const struct scan *c, struct db_rows *r, bool pending)
{
	return (struct page_place){.workspace_id = c->ctx->workspace_id,
	    .pending = pending,
	    .number = (uint64_t)db_get_int(r, COL_NUMBER),
	    .part = (uint32_t)db_get_int(r, COL_PART)};
}

static enum err_code
open_page(struct scan *c, struct db_rows *r, bool pending,
    struct search_page *out, struct err *e)
{
	struct page_place at = place_of(c, r, pending);
	const char *sealed;
	size_t n;

	sealed = db_get_bytes(r, COL_TEXT, &n);
	return page_open(c->ring, &at, sealed, n, &c->plain, out, e);
}

static enum err_code
look_pending(struct scan *c, struct db_rows *r, struct err *e)
{
	uint64_t seq = (uint64_t)db_get_int(r, COL_NUMBER);
	unsigned b = (unsigned)(seq / SEARCH_BLOCK - c->first);
	struct search_page page;
	enum err_code err;

	if (c->unread[b])
		return ERR_OK;
	set_add(&c->pending[b], (unsigned)(seq % SEARCH_BLOCK));
	err = open_page(c, r, true, &page, e);
	if (!err)
		page_match(&page, &c->needle, &c->hits[b]);
	return err;
}

/* A part without a filter has to be looked through. */
static enum err_code
look_filter(struct scan *c, struct db_rows *r, struct err *e)
{
	unsigned b = (unsigned)((uint64_t)db_get_int(r, COL_NUMBER) - c->first);
	struct page_place at = place_of(c, r, false);
	const char *sealed;
	size_t n;

	if (c->unread[b] || c->wanted[b])
		return ERR_OK;
	sealed = db_get_bytes(r, COL_TEXT, &n);
	if (sealed)
		return page_may_have(c->ring, &at, sealed, n, &c->plain,
		    &c->probe, &c->wanted[b], e);
	c->wanted[b] = true;
	return ERR_OK;
}

/* What is pending stands for what the block has of the customer. */
static enum err_code
look_part(struct scan *c, struct db_rows *r, struct err *e)
{
	unsigned b = (unsigned)((uint64_t)db_get_int(r, COL_NUMBER) - c->first);
	struct search_set found = {{0}};
	struct search_page page;
	enum err_code err;
	size_t i;

	if (c->unread[b] || !c->wanted[b])
		return ERR_OK;
	err = open_page(c, r, false, &page, e);
	if (err)
		return err;
	page_match(&page, &c->needle, &found);
	for (i = 0; i < sizeof(found.bits); i++)
		c->hits[b].bits[i] |= found.bits[i] & ~c->pending[b].bits[i];
	return ERR_OK;
}

typedef enum err_code look(struct scan *c, struct db_rows *r, struct err *e);

/* Reads all rows of a statement over numbers from first to before end. */
static enum err_code
read_all(struct scan *c, enum stmt st, uint64_t first, uint64_t end, look *at,
    struct err *e)
{
	struct db_rows *r;
	enum err_code err;

	err = db_query(c->site->db, c->ctx, st,
	    DB_ARGS(db_int((int64_t)first), db_int((int64_t)end)), &r, e);
	if (err)
		return err;
	while (!err && db_next(r))
		err = at(c, r, e);
	return rows_end(err, &r, e);
}

/* A customer's profile, opened: as if it were a page. */
static enum err_code
look_profile(struct scan *c, struct db_rows *r, struct err *e)
{
	uint64_t seq = (uint64_t)db_get_int(r, 0);
	unsigned b = (unsigned)(seq / SEARCH_BLOCK - c->first);
	struct profile_owner owner = {.ring = c->ring,
	    .workspace = c->workspace,
	    .key_version = (uint32_t)db_get_int(r, 2),
	    .layout = (uint32_t)db_get_int(r, 3)};
	struct search_batch batch = {.list = {0}};
	char id[UUID_TEXT];
	const char *profile;
	struct uuid uuid;
	enum err_code err;
	size_t n;

	db_get_uuid(r, 1, &uuid);
	uuid_format(&uuid, id);
	owner.customer = id;
	profile = db_get_bytes(r, 4, &n);
	arena_reset(c->row);
	err = search_add_stored(
	    &batch, &c->schema, &owner, profile, n, seq, true, c->row, e);
	if (!err && batch.texts.len &&
	    needle_find(&c->needle, batch.texts.data, batch.texts.len))
		set_add(&c->hits[b], (unsigned)(seq % SEARCH_BLOCK));
	search_batch_free(&batch);
	return err;
}

/* Marks blocks whose chunk of the conversion is not done. */
static enum err_code
find_unread(struct scan *c, struct err *e)
{
	struct db_rows *r;
	enum err_code err;

	memset(c->unread, 0, sizeof(c->unread));
	if (!c->stale)
		return ERR_OK;
	err = db_query(c->site->db, c->ctx, SQL_SEARCH_CHUNKS,
	    DB_ARGS(db_uuid(&c->schema.job), db_int((int64_t)c->first),
	        db_int((int64_t)(c->first + c->nblocks))),
	    &r, e);
	if (err)
		return err;
	while (db_next(r))
		c->unread[(uint64_t)db_get_int(r, 0) - c->first] = true;
	return db_done(&r, e);
}

static enum err_code
look_unread(struct scan *c, struct err *e)
{
	enum err_code err = ERR_OK;
	unsigned b;

	for (b = 0; b < c->nblocks && !err; b++)
		if (c->unread[b])
			err = read_all(c, SQL_SEARCH_CUSTOMERS,
			    (c->first + b) * SEARCH_BLOCK,
			    (c->first + b + 1) * SEARCH_BLOCK, look_profile, e);
	return err;
}

/* Looks through those of the window that are wanted: by one range if they are
 * many. */
static enum err_code
look_wanted(struct scan *c, bool all, struct err *e)
{
	struct db_val blocks[WINDOW_MAX];
	struct db_rows *r;
	unsigned b, n = 0;
	enum err_code err;

	for (b = 0; b < c->nblocks; b++)
		if (c->wanted[b])
			blocks[n++] = db_int((int64_t)(c->first + b));
	c->common = !all && n > c->nblocks - c->nblocks / 8;
	if (!n)
		return ERR_OK;
	if (n > c->nblocks / 2)
		return read_all(c, SQL_SEARCH_BLOCKS, c->first,
		    c->first + c->nblocks, look_part, e);
	err = db_query_list(c->site->db, c->ctx, SQL_SEARCH_BLOCKS_LIST,
	    DB_NOARGS, (struct db_args){blocks, n}, &r, e);
	if (err)
		return err;
	while (!err && db_next(r))
		err = look_part(c, r, e);
	return rows_end(err, &r, e);
}

static enum err_code
look_blocks(struct scan *c, struct err *e)
{
	bool all = c->nblocks <= WINDOW_FIRST || c->common;
	enum err_code err = ERR_OK;

	memset(c->wanted, all, sizeof(c->wanted));
	if (!all)
		err = read_all(c, SQL_SEARCH_FILTERS, c->first,
		    c->first + c->nblocks, look_filter, e);
	return err ? err : look_wanted(c, all, e);
}

static enum err_code
look_window(struct scan *c, struct err *e)
{
	uint64_t end = c->first + c->nblocks;
	enum err_code err;

	memset(c->hits, 0, sizeof(c->hits));
	memset(c->pending, 0, sizeof(c->pending));
	err = find_unread(c, e);
	if (!err)
		err = read_all(c, SQL_SEARCH_PENDING, c->first * SEARCH_BLOCK,
		    end * SEARCH_BLOCK, look_pending, e);
	if (!err)
		err = look_blocks(c, e);
	return err ? err : look_unread(c, e);
}

/* Tells of the hits of a block of the window; false if that is enough. */
static bool
tell_block(struct scan *c, unsigned block)
{
	unsigned i, at;
	uint64_t seq;

	for (i = 0; i < SEARCH_BLOCK; i++) {
		at = c->down ? SEARCH_BLOCK - 1 - i : i;
		if (!set_has(&c->hits[block], at))
			continue;
		seq = (c->first + block) * SEARCH_BLOCK + at;
		if (c->down ? seq > c->from : seq < c->from)
			continue;
		if (!c->hit(seq, c->arg))
			return false;
	}
	return true;
}

static bool
tell(struct scan *c)
{
	static const struct search_set none;
	unsigned i, block;

	c->told = false;
	for (i = 0; i < c->nblocks; i++) {
		block = c->down ? c->nblocks - 1 - i : i;
		if (!memcmp(&c->hits[block], &none, sizeof(none)))
			continue;
		c->told = true;
		if (!tell_block(c, block))
			return false;
	}
	return true;
}

/* How many blocks the next window may have: of a text that is rare, more. */
static unsigned
grow(const struct scan *c, unsigned most)
{
	most *= c->told ? 2 : 4;
	return most < WINDOW_MAX ? most : WINDOW_MAX;
}

/* Window after window, of blocks from `low` to before `high`. */
static enum err_code
walk(struct scan *c, uint64_t low, uint64_t high, struct err *e)
{
	unsigned most = WINDOW_FIRST;
	enum err_code err;

	for (; low < high; most = grow(c, most)) {
		c->nblocks = (unsigned)(high - low < most ? high - low : most);
		c->first = c->down ? high - c->nblocks : low;
		err = look_window(c, e);
		if (err || !tell(c))
			return err;
		if (c->down)
			high -= c->nblocks;
		else
			low += c->nblocks;
	}
	return ERR_OK;
}

/* How texts are to be read: by blocks, or, as long as a conversion writes them
 * anew, also by profiles. */
static enum err_code
prepare(struct scan *c, struct err *e)
{
	struct db *db = c->site->db;
	enum err_code err = schema_state(db, c->ctx, &c->schema, e);

	if (!err && c->schema.converting) {
		err = schema_load(db, c->ctx, c->arena, &c->schema, e);
		c->stale = !err && search_is_stale(&c->schema);
	}
	uuid_format(&c->schema.workspace, c->workspace);
	return err ? err : site_keyring(c->site, c->ctx, &c->ring, e);
}

static enum err_code
scan(struct db *db, void *arg, struct err *e)
{
	struct scan *c = arg;
	uint64_t end, low = 0, high;
	enum err_code err = prepare(c, e);

	if (!err)
		err = db_one(db, c->ctx, SQL_SEARCH_END, DB_NOARGS, db_take_u64,
		    &end, e);
	if (err)
		return err;
	high = (end + SEARCH_BLOCK - 1) / SEARCH_BLOCK;
	if (!c->down)
		low = c->from / SEARCH_BLOCK;
	else if (c->from / SEARCH_BLOCK < high)
		high = c->from / SEARCH_BLOCK + 1;
	return walk(c, low, high, e);
}

enum err_code
search_scan(struct site *s, const struct db_context *ctx, const char *text,
    size_t n, uint64_t from, bool down, search_hit *hit, void *arg,
    struct err *e)
{
	struct scan c = {.site = s,
	    .ctx = ctx,
	    .from = from,
	    .down = down,
	    .hit = hit,
	    .arg = arg,
	    .arena = arena_new(4096),
	    .row = arena_new(4096)};
	enum err_code err;

	assert(n && utf8_valid(text, n));
	text = utf8_fold_whole(c.arena, text, n, &n);
	needle_set(&c.needle, text, n);
	ngram_probe_set(&c.probe, text, n);
	err = db_in_snapshot(s->db) ? scan(s->db, &c, e)
	                            : db_snapshot(s->db, scan, &c, e);
	schema_release(&c.schema);
	buf_free(&c.plain);
	arena_free(&c.row);
	arena_free(&c.arena);
	return err;
}
