/* Texts of customers that were made or changed. */
#include <assert.h>
#include <stdlib.h>

#include "model/search_put.h"
#include "vault/rand.h"

/* So many of a block and more are worth writing their block; fewer wait. */
#define FRESH_LEAST 64
#define CHANGED_LEAST 16

#define PENDING_BYTES (1u << 20) /* of a bulk */
#define PENDING_CELLS 3

/* Numbers of parts of new customers: the offset in the block of the first in
 * the part, who is first in no other but for pieces of its own text. */
#define PIECE_BITS 12

struct putting {
	struct site *site;
	const struct db_context *ctx;
	struct keyring *ring;
	const struct search_batch *batch;
	struct packer packer;
	uint64_t number; /* block or seq of the page in hand */
	uint32_t last, pieces;
	struct buf sealed, filter, pages; /* struct pending_page */
	unsigned waiting;                 /* entries put down as pending */
};

struct pending_page {
	uint64_t seq;
	uint32_t piece;
	size_t at, n;
};

static int
compare_entries(const void *a, const void *b)
{
	const struct search_entry *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Writes a part of new customers. */
static enum err_code
write_part(struct packer *p, void *arg, struct err *e)
{
	struct putting *u = arg;
	struct page_place at = {
	    .workspace_id = u->ctx->workspace_id, .number = u->number};
	uint32_t first = packer_first(p);

	u->pieces = first == u->last ? u->pieces + 1 : 0;
	u->last = first;
	assert(u->pieces < 1u << PIECE_BITS);
	at.part = first << PIECE_BITS | u->pieces;
	u->sealed.len = u->filter.len = 0;
	packer_seal_filter(p, u->ring, &at, &u->filter);
	packer_seal(p, u->ring, &at, &u->sealed);
	return db_exec(u->site->db, u->ctx, SQL_SEARCH_INSERT,
	    DB_ARGS(db_int((int64_t)at.number), db_int(at.part),
	        db_bytes(u->sealed.data, u->sealed.len),
	        db_bytes(u->filter.data, u->filter.len)),
	    NULL, NULL, e);
}

static enum err_code
add_part(struct putting *u, const struct search_entry *list, unsigned n,
    struct err *e)
{
	enum err_code err = ERR_OK;
	unsigned i;

	u->packer.full = write_part;
	u->number = list->seq / SEARCH_BLOCK;
	u->last = UINT32_MAX;
	u->pieces = 0;
	for (i = 0; i < n && !err; i++)
		err = packer_add(&u->packer,
		    (unsigned)(list[i].seq % SEARCH_BLOCK),
		    u->batch->texts.data + list[i].at, list[i].n, e);
	return err ? err : packer_end(&u->packer, e);
}

static enum err_code
write_pending(struct putting *u, struct err *e)
{
	const struct pending_page *page = (const void *)u->pages.data;
	size_t i, n = u->pages.len / sizeof(*page);
	struct db_val *cells =
	                  calloc(n ? n : 1, PENDING_CELLS * sizeof(*cells)),
	              *v = cells;
	enum err_code err;

	if (!cells)
		abort();
	for (i = 0; i < n; i++, page++) {
		*v++ = db_int((int64_t)page->seq);
		*v++ = db_int(page->piece);
		*v++ = db_bytes(u->sealed.data + page->at, page->n);
	}
	err = db_bulk(u->site->db, u->ctx, SQL_SEARCH_PENDING_INSERT, cells, n,
	    PENDING_CELLS, e);
	free(cells);
	u->sealed.len = u->pages.len = 0;
	return err;
}

static enum err_code
seal_pending(struct packer *p, void *arg, struct err *e)
{
	struct putting *u = arg;
	struct page_place at = {.workspace_id = u->ctx->workspace_id,
	    .pending = true,
	    .number = u->number,
	    .part = u->pieces};
	struct pending_page page = {
	    .seq = u->number, .piece = u->pieces++, .at = u->sealed.len};

	packer_seal(p, u->ring, &at, &u->sealed);
	page.n = u->sealed.len - page.at;
	buf_add(&u->pages, &page, sizeof(page));
	return u->sealed.len < PENDING_BYTES ? ERR_OK : write_pending(u, e);
}

/* An entry without text stands for the block's, too. */
static enum err_code
add_pending(struct putting *u, const struct search_entry *list, unsigned n,
    struct err *e)
{
	enum err_code err = ERR_OK;
	unsigned i;

	u->packer.full = seal_pending;
	for (i = 0; i < n && !err; i++) {
		u->number = list[i].seq;
		u->pieces = 0;
		err = packer_add(&u->packer,
		    (unsigned)(list[i].seq % SEARCH_BLOCK),
		    u->batch->texts.data + list[i].at, list[i].n, e);
		if (!err && (u->packer.text.len || !u->pieces))
			err = seal_pending(&u->packer, u, e);
	}
	u->waiting += n;
	if (!err && u->pages.len)
		err = write_pending(u, e);
	return err;
}

static enum err_code
rewrite(struct putting *u, const struct search_entry *list, unsigned n,
    struct err *e)
{
	struct search_set drop = {{0}};
	unsigned i;

	for (i = 0; i < n; i++)
		if (!list[i].fresh)
			set_add(&drop, (unsigned)(list[i].seq % SEARCH_BLOCK));
	return block_rewrite(u->site->db, u->ctx, u->ring,
	    list->seq / SEARCH_BLOCK, &drop, list, n, u->batch->texts.data, e);
}

/* The entries of one block. */
static enum err_code
put_block(struct putting *u, const struct search_entry *list, unsigned n,
    struct err *e)
{
	unsigned i, changed = 0;

	for (i = 0; i < n; i++)
		changed += !list[i].fresh;
	if (changed >= CHANGED_LEAST)
		return rewrite(u, list, n, e);
	if (!changed && n >= FRESH_LEAST)
		return add_part(u, list, n, e);
	return add_pending(u, list, n, e);
}

/* What was pending of customers that have changed. */
static enum err_code
forget_pending(struct putting *u, const struct search_entry *list, unsigned n,
    struct err *e)
{
	uint64_t *seqs = calloc(n ? n : 1, sizeof(*seqs));
	unsigned i, m = 0;
	enum err_code err = ERR_OK;

	if (!seqs)
		abort();
	for (i = 0; i < n; i++)
		if (!list[i].fresh)
			seqs[m++] = list[i].seq;
	if (m)
		err = pending_delete(u->site->db, u->ctx, seqs, m, e);
	free(seqs);
	return err;
}

/* Puts the workspace on the list of those to be merged, if there are `bound`
 * that wait. It is looked at once for every sixteenth of the bound, about: a
 * workspace that is missed is seen by the next writer. */
static enum err_code
mark_due(struct putting *u, struct err *e)
{
	uint32_t bound = (uint32_t)u->site->conf->worker_search_pending, r;
	struct db_val workspace = db_int(u->ctx->workspace_id);
	struct db *db = u->site->db;
	enum err_code err;

	rand_bytes(&r, sizeof(r));
	if (r % bound >= 16 * (uint64_t)u->waiting)
		return ERR_OK;
	err = db_one(db, u->ctx, SQL_SEARCH_PENDING_MANY,
	    DB_ARGS(db_int((int64_t)bound - 1)), NULL, NULL, e);
	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	err = db_one(
	    db, NULL, SQL_SEARCH_DUE_FIND, DB_ARGS(workspace), NULL, NULL, e);
	if (err != ERR_NOT_FOUND)
		return err;
	return db_exec(db, NULL, SQL_SEARCH_DUE_INSERT,
	    DB_ARGS(workspace, db_int(u->ctx->account_id)), NULL, NULL, e);
}

static enum err_code
put(struct putting *u, const struct search_entry *list, unsigned n,
    struct err *e)
{
	enum err_code err = forget_pending(u, list, n, e);
	unsigned i, some;

	for (i = 0; i < n && !err; i += some) {
		uint64_t block = list[i].seq / SEARCH_BLOCK;

		for (some = 1; i + some < n; some++)
			if (list[i + some].seq / SEARCH_BLOCK != block)
				break;
		err = put_block(u, list + i, some, e);
	}
	return err || !u->waiting ? err : mark_due(u, e);
}

enum err_code
search_put(struct site *s, const struct db_context *ctx, struct keyring *k,
    struct search_batch *b, struct err *e)
{
	struct putting u = {.site = s, .ctx = ctx, .ring = k, .batch = b};
	struct search_entry *list;
	enum err_code err;
	unsigned n;

	assert(db_in_transaction(s->db));
	list = search_entries(b, &n);
	if (!n)
		return ERR_OK;
	qsort(list, n, sizeof(*list), compare_entries);
	u.packer.arg = &u;
	err = put(&u, list, n, e);
	packer_free(&u.packer);
	buf_free(&u.sealed);
	buf_free(&u.filter);
	buf_free(&u.pages);
	return err;
}
