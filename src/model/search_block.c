/*
 * Rewriting a block. Whoever does locks all its parts, from the first on; parts
 * keep their numbers or get higher ones than there were. So those who wait for
 * a part find behind it whatever has moved meanwhile.
 */

#include "model/runs.h"
#include "model/search_put.h"

/* Numbers of parts that are made anew here; below are those of new customers
 * (search_put.c). */
#define MADE_FIRST (1u << 22)

struct rewriting {
	struct db *db;
	const struct db_context *ctx;
	struct keyring *ring;
	uint64_t block;
	const struct search_set *drop;
	struct packer packer;
	struct buf numbers; /* uint32_t, of the parts that were there */
	unsigned used;      /* of them, written over; beyond them: made */
	struct buf sealed, filter, plain;
};

static uint32_t
number(const struct rewriting *w, unsigned i)
{
	return ((const uint32_t *)(const void *)w->numbers.data)[i];
}

static unsigned
count(const struct rewriting *w)
{
	return (unsigned)(w->numbers.len / sizeof(uint32_t));
}

static enum err_code
lock(struct rewriting *w, struct err *e)
{
	struct db_rows *r;
	uint32_t part;
	enum err_code err;

	err = db_query(w->db, w->ctx, SQL_SEARCH_LOCK,
	    DB_ARGS(db_int((int64_t)w->block)), &r, e);
	if (err)
		return err;
	while (db_next(r)) {
		part = (uint32_t)db_get_int(r, 0);
		buf_add(&w->numbers, &part, sizeof(part));
	}
	return db_done(&r, e);
}

/* A number past all others. */
static uint32_t
new_number(const struct rewriting *w)
{
	unsigned n = count(w);
	uint32_t next = n ? number(w, n - 1) + 1 : MADE_FIRST;

	return (next < MADE_FIRST ? MADE_FIRST : next) + (w->used - n);
}

/* Writes a page over a part that has been read, or as one more. */
static enum err_code
write_page(struct packer *p, void *arg, struct err *e)
{
	struct rewriting *w = arg;
	bool over = w->used < count(w);
	struct page_place at = {.workspace_id = w->ctx->workspace_id,
	    .number = w->block,
	    .part = over ? number(w, w->used) : new_number(w)};
	struct db_val block = db_int((int64_t)w->block), part, text, filter;
	enum err_code err;

	w->used++;
	w->sealed.len = w->filter.len = 0;
	packer_seal_filter(p, w->ring, &at, &w->filter);
	packer_seal(p, w->ring, &at, &w->sealed);
	part = db_int(at.part);
	text = db_bytes(w->sealed.data, w->sealed.len);
	filter = db_bytes(w->filter.data, w->filter.len);
	if (over)
		return db_exec(w->db, w->ctx, SQL_SEARCH_UPDATE,
		    DB_ARGS(text, filter, block, part), NULL, NULL, e);
	err = db_exec(w->db, w->ctx, SQL_SEARCH_INSERT,
	    DB_ARGS(block, part, text, filter), NULL, NULL, e);
	if (err == ERR_DUPLICATE)
		return err_fault(e, ERR_RETRY, "a block has just been made");
	return err;
}

struct taking {
	struct rewriting *w;
	struct page_place at;
	struct search_page page;
	enum err_code err;
	struct err *e;
};

static void
take_part(struct db_rows *r, void *arg)
{
	struct taking *t = arg;
	const char *sealed;
	size_t n;

	sealed = db_get_bytes(r, 0, &n);
	t->err = page_open(
	    t->w->ring, &t->at, sealed, n, &t->w->plain, &t->page, t->e);
}

/* Packs what stays of a part. Pages are filled from the first on, so that none
 * is written over a part that has not been read. */
static enum err_code
keep(struct rewriting *w, unsigned i, struct err *e)
{
	struct taking t = {.w = w,
	    .at = {.workspace_id = w->ctx->workspace_id,
	        .number = w->block,
	        .part = number(w, i)},
	    .e = e};
	unsigned j, offset;
	const char *text;
	enum err_code err;
	size_t n;

	err = db_one(w->db, w->ctx, SQL_SEARCH_PART,
	    DB_ARGS(db_int((int64_t)w->block), db_int(t.at.part)), take_part,
	    &t, e);
	if (!err)
		err = t.err;
	for (j = 0; !err && j < t.page.n; j++) {
		offset = page_customer(&t.page, j, &text, &n);
		if (!set_has(w->drop, offset))
			err = packer_add(&w->packer, offset, text, n, e);
	}
	return err;
}

/* Parts that are not needed any more. */
static enum err_code
drop_rest(struct rewriting *w, struct err *e)
{
	enum err_code err = ERR_OK;

	for (; w->used < count(w) && !err; w->used++)
		err = db_exec(w->db, w->ctx, SQL_SEARCH_DELETE,
		    DB_ARGS(
		        db_int((int64_t)w->block), db_int(number(w, w->used))),
		    NULL, NULL, e);
	return err;
}

static enum err_code
run(struct rewriting *w, const struct search_entry *list, unsigned n,
    const char *texts, struct err *e)
{
	enum err_code err = lock(w, e);
	unsigned i;

	for (i = 0; i < count(w) && !err; i++)
		err = keep(w, i, e);
	for (i = 0; i < n && !err; i++)
		err = packer_add(&w->packer,
		    (unsigned)(list[i].seq % SEARCH_BLOCK), texts + list[i].at,
		    list[i].n, e);
	if (!err)
		err = packer_end(&w->packer, e);
	return err ? err : drop_rest(w, e);
}

enum err_code
block_rewrite(struct db *db, const struct db_context *ctx, struct keyring *k,
    uint64_t block, const struct search_set *drop,
    const struct search_entry *list, unsigned n, const char *texts,
    struct err *e)
{
	struct rewriting w = {.db = db,
	    .ctx = ctx,
	    .ring = k,
	    .block = block,
	    .drop = drop,
	    .packer = {.full = write_page, .arg = &w}};
	enum err_code err = run(&w, list, n, texts, e);

	packer_free(&w.packer);
	buf_free(&w.numbers);
	buf_free(&w.sealed);
	buf_free(&w.filter);
	buf_free(&w.plain);
	return err;
}

enum err_code
pending_delete(struct db *db, const struct db_context *ctx,
    const uint64_t *seqs, unsigned n, struct err *e)
{
	struct runs pending = {.db = db,
	    .ctx = ctx,
	    .range = SQL_SEARCH_PENDING_DELETE_RANGE,
	    .list = SQL_SEARCH_PENDING_DELETE_LIST};

	return runs_exec(&pending, seqs, n, NULL, e);
}

enum err_code
search_remove(struct db *db, const struct db_context *ctx, struct keyring *k,
    const uint64_t *seqs, unsigned n, struct err *e)
{
	enum err_code err = pending_delete(db, ctx, seqs, n, e);
	struct search_set drop;
	uint64_t block;
	unsigned i = 0;

	while (i < n && !err) {
		block = seqs[i] / SEARCH_BLOCK;
		drop = (struct search_set){{0}};
		for (; i < n && seqs[i] / SEARCH_BLOCK == block; i++)
			set_add(&drop, (unsigned)(seqs[i] % SEARCH_BLOCK));
		err = block_rewrite(db, ctx, k, block, &drop, NULL, 0, NULL, e);
	}
	return err;
}
