/* Merging what is pending into blocks. */
#include "base/clock.h"
#include "model/rows.h"
#include "model/search_put.h"

#define BATCH_BYTES (4u << 20) /* of pending text taken at a time, about */

struct merging {
	struct site *site;
	const struct db_context *ctx;
	struct keyring *ring;
	uint64_t block;
	struct search_batch batch;
	struct buf plain;
	bool left;
	bool renew; /* rewrite the block even if nothing is pending of it */
};

/* Adds a piece to the customer in hand, or begins another. */
static void
add_piece(struct merging *m, uint64_t seq, const struct search_page *page)
{
	struct search_batch *b = &m->batch;
	struct search_entry *list, entry = {.seq = seq, .at = b->texts.len};
	unsigned n;

	buf_add(&b->texts, page->text, page->ntext);
	list = search_entries(b, &n);
	if (n && list[n - 1].seq == seq) {
		list[n - 1].n += page->ntext;
		return;
	}
	entry.n = page->ntext;
	buf_add(&b->list, &entry, sizeof(entry));
}

static bool
is_full(const struct merging *m, uint64_t seq)
{
	const struct search_entry *list;
	unsigned n;

	list = search_entries(&m->batch, &n);
	return m->batch.texts.len > BATCH_BYTES && list[n - 1].seq != seq;
}

static enum err_code
take_piece(struct merging *m, struct db_rows *r, struct err *e)
{
	uint64_t seq = (uint64_t)db_get_int(r, 0);
	struct page_place at = {.workspace_id = m->ctx->workspace_id,
	    .pending = true,
	    .number = seq,
	    .part = (uint32_t)db_get_int(r, 1)};
	struct search_page page;
	const char *sealed;
	enum err_code err;
	size_t n;

	if (m->left || is_full(m, seq)) {
		m->left = true;
		return ERR_OK;
	}
	sealed = db_get_bytes(r, 2, &n);
	err = page_open(m->ring, &at, sealed, n, &m->plain, &page, e);
	if (!err)
		add_piece(m, seq, &page);
	return err;
}

/* Locks what is pending of the block, and reads it. */
static enum err_code
read_pending(struct merging *m, struct err *e)
{
	int64_t first = (int64_t)(m->block * SEARCH_BLOCK);
	struct db_rows *r;
	enum err_code err;

	err = db_query(m->site->db, m->ctx, SQL_SEARCH_PENDING_LOCK,
	    DB_ARGS(db_int(first), db_int(first + SEARCH_BLOCK)), &r, e);
	if (err)
		return err;
	while (!err && db_next(r))
		err = take_piece(m, r, e);
	return rows_end(err, &r, e);
}

static enum err_code
merge(struct merging *m, struct err *e)
{
	struct db *db = m->site->db;
	struct search_set drop = {{0}};
	struct search_entry *list;
	uint64_t seqs[SEARCH_BLOCK];
	enum err_code err;
	unsigned i, n;

	list = search_entries(&m->batch, &n);
	if (!n && !m->renew)
		return ERR_OK;
	for (i = 0; i < n; i++) {
		seqs[i] = list[i].seq;
		set_add(&drop, (unsigned)(seqs[i] % SEARCH_BLOCK));
	}
	err = block_rewrite(db, m->ctx, m->ring, m->block, &drop, list, n,
	    m->batch.texts.data, e);
	return err || !n ? err : pending_delete(db, m->ctx, seqs, n, e);
}

static enum err_code
body(struct db *db, void *arg, struct err *e)
{
	struct merging *m = arg;
	enum err_code err;

	(void)db;
	search_batch_reset(&m->batch);
	m->left = false;
	err = site_keyring(m->site, m->ctx, &m->ring, e);
	if (!err)
		err = read_pending(m, e);
	return err ? err : merge(m, e);
}

/* A COMMIT in doubt did all of it or nothing: what is left is done again. */
static enum err_code
body_done(struct db *db, void *arg, struct err *e)
{
	(void)db, (void)arg;
	return err_set(e, ERR_NOT_FOUND, NULL);
}

enum err_code
search_merge_block(struct site *s, const struct db_context *ctx, uint64_t block,
    bool renew, bool *left_out, struct err *e)
{
	struct merging m = {
	    .site = s, .ctx = ctx, .block = block, .renew = renew};
	enum err_code err = db_transaction(s->db, body, body_done, &m, e);

	search_batch_free(&m.batch);
	buf_free(&m.plain);
	*left_out = m.left;
	return err;
}

/* A workspace that this process has taken on. */
struct turn {
	struct db_context ctx;
	int64_t lease;
};

static void
take_turn(struct db_rows *r, void *arg)
{
	struct turn *t = arg;

	t->ctx.workspace_id = (uint32_t)db_get_int(r, 0);
	t->ctx.account_id = (uint32_t)db_get_int(r, 1);
	t->lease = db_get_int(r, 2);
}

/* Moves the lease; false if somebody else has it. */
static enum err_code
move_lease(
    struct site *s, struct turn *t, int64_t to, bool *ours, struct err *e)
{
	uint64_t affected = 0;
	enum err_code err;

	err = db_exec(s->db, NULL, SQL_SEARCH_DUE_LEASE,
	    DB_ARGS(db_int(to), db_int(t->ctx.workspace_id), db_int(t->lease)),
	    &affected, NULL, e);
	t->lease = to;
	*ours = affected > 0;
	return err;
}

/* Merges block after block until `deadline`: those that have something pending
 * or, to renew them, parts without filters. ERR_NOT_FOUND: there are no more.
 */
static enum err_code
merge_all(struct site *s, const struct db_context *ctx, bool renew,
    int64_t deadline, struct err *e)
{
	enum stmt next =
	    renew ? SQL_SEARCH_UNFILTERED : SQL_SEARCH_PENDING_FIRST;
	uint64_t at = 0, block, unit = renew ? 1 : SEARCH_BLOCK;
	enum err_code err = ERR_OK;
	bool left;

	while (!err && clock_mono_ms() < deadline) {
		err = db_one(s->db, ctx, next, DB_ARGS(db_int((int64_t)at)),
		    db_take_u64, &at, e);
		block = at / unit;
		if (!err)
			err =
			    search_merge_block(s, ctx, block, renew, &left, e);
		if (!err && !left)
			at = (block + 1) * unit;
	}
	return err;
}

enum err_code
search_merge(struct site *s, int64_t ms, bool *done_out, struct err *e)
{
	int64_t now = clock_now_ms(), deadline;
	struct turn t = {.lease = 0};
	enum err_code err;
	bool ours;

	*done_out = true;
	err = db_one(s->db, NULL, SQL_SEARCH_DUE_NEXT, DB_ARGS(db_int(now)),
	    take_turn, &t, e);
	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	*done_out = false;
	err = move_lease(s, &t, now + ms + s->conf->worker_lease, &ours, e);
	if (err || !ours)
		return err;
	deadline = clock_mono_ms() + ms;
	err = merge_all(s, &t.ctx, false, deadline, e);
	if (err == ERR_NOT_FOUND)
		err = merge_all(s, &t.ctx, true, deadline, e);
	if (err == ERR_NOT_FOUND)
		return db_exec(s->db, NULL, SQL_SEARCH_DUE_DONE,
		    DB_ARGS(db_int(t.ctx.workspace_id), db_int(t.lease)), NULL,
		    NULL, e);
	return err ? err : move_lease(s, &t, 0, &ours, e);
}

enum err_code
search_due_count(struct db *db, uint64_t *out, struct err *e)
{
	return db_one(
	    db, NULL, SQL_SEARCH_DUE_COUNT, DB_NOARGS, db_take_u64, out, e);
}
