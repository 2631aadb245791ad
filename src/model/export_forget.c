/* Deletion and exports: see model/export.h. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "model/export_row.h"

/* An export that has a file or is getting one. */
struct live {
	int64_t id;
	bool running, hit;
};

struct forgetting {
	struct site *site;
	const struct db_context *ctx;
	const uint64_t *seqs; /* ascending */
	unsigned n;
	struct live *list; /* by id */
	unsigned nlist;
};

static enum err_code
list_live(struct forgetting *f, struct buf *out, struct err *e)
{
	struct db_rows *r;
	enum err_code err;

	err = db_query(f->site->db, f->ctx, SQL_EXPORT_LIVE, DB_NOARGS, &r, e);
	if (err)
		return err;
	while (db_next(r)) {
		struct live x = {.id = db_get_int(r, 0),
		    .running = !strcmp(db_get_bytes(r, 1, NULL),
		        export_state_name(EXPORT_RUNNING))};

		buf_add(out, &x, sizeof(x));
	}
	err = db_done(&r, e);
	f->list = (void *)out->data;
	f->nlist = (unsigned)(out->len / sizeof(*f->list));
	return err;
}

static void
take_running(struct db_rows *r, void *out)
{
	*(bool *)out = !strcmp(
	    db_get_bytes(r, 0, NULL), export_state_name(EXPORT_RUNNING));
}

#define GONE_CELLS 2
#define GONE_BATCH 500

/* Puts down who goes, for an export that is being written. */
static enum err_code
put_gone(struct forgetting *f, const struct live *x, struct err *e)
{
	struct db_val cells[GONE_BATCH * GONE_CELLS];
	enum err_code err = ERR_OK;
	unsigned i, j;

	for (i = 0; i < f->n && !err; i += j) {
		for (j = 0; j < GONE_BATCH && i + j < f->n; j++) {
			cells[j * GONE_CELLS] = db_int(x->id);
			cells[j * GONE_CELLS + 1] =
			    db_int((int64_t)f->seqs[i + j]);
		}
		err = db_bulk(f->site->db, f->ctx, SQL_EXPORT_GONE_INSERT,
		    cells, j, GONE_CELLS, e);
	}
	return err;
}

/* One that runs is held until COMMIT: it cannot be finished without us. One
 * that is finished by now is looked into like others. */
static enum err_code
meet_running(struct forgetting *f, struct err *e)
{
	enum err_code err = ERR_OK;
	unsigned i;

	for (i = 0; i < f->nlist && !err; i++) {
		struct live *x = &f->list[i];

		if (!x->running)
			continue;
		err = db_one(f->site->db, f->ctx, SQL_EXPORT_STATE_HELD,
		    DB_ARGS(db_int(x->id)), take_running, &x->running, e);
		if (err == ERR_NOT_FOUND)
			err = ERR_OK;
		else if (!err && x->running)
			err = put_gone(f, x, e);
	}
	return err;
}

static int
compare_live(const void *a, const void *b)
{
	const struct live *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void
meet_block(struct forgetting *f, struct db_rows *r)
{
	uint64_t block = (uint64_t)db_get_int(r, 0);
	struct live key = {.id = db_get_int(r, 1)}, *x;
	const char *bits;
	unsigned low = 0, high = f->n;
	size_t n;

	x = bsearch(&key, f->list, f->nlist, sizeof(key), compare_live);
	if (!x || x->hit)
		return;
	bits = db_get_bytes(r, 2, &n);
	while (low < high) { /* the first seq of the block */
		unsigned mid = low + (high - low) / 2;

		if (f->seqs[mid] / SEQ_BLOCK < block)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < f->n && f->seqs[low] / SEQ_BLOCK == block; low++)
		x->hit |= seq_block_has(bits, n, f->seqs[low]);
}

static enum err_code
read_blocks(
    struct forgetting *f, const struct db_val *list, unsigned n, struct err *e)
{
	struct db_rows *r;
	enum err_code err;

	err = db_query_list(f->site->db, f->ctx, SQL_EXPORT_BLOCKS, DB_NOARGS,
	    (struct db_args){list, n}, &r, e);
	if (err)
		return err;
	while (db_next(r))
		meet_block(f, r);
	return db_done(&r, e);
}

/* Finds the finished exports that hold one of them. */
static enum err_code
meet_finished(struct forgetting *f, struct err *e)
{
	struct db_val list[DB_LIST_MAX];
	enum err_code err = ERR_OK;
	unsigned i = 0, n = 0;

	while (i < f->n && !err) {
		uint64_t block = f->seqs[i] / SEQ_BLOCK;

		list[n++] = db_int((int64_t)block);
		while (i < f->n && f->seqs[i] / SEQ_BLOCK == block)
			i++;
		if (n == DB_LIST_MAX || i == f->n) {
			err = read_blocks(f, list, n, e);
			n = 0;
		}
	}
	return err;
}

static enum err_code
withdraw(struct forgetting *f, const struct live *x, struct err *e)
{
	struct export record;
	uint64_t changed;
	enum err_code err;

	err = db_exec(f->site->db, f->ctx, SQL_EXPORT_WITHDRAW,
	    DB_ARGS(db_str("withdrawn: a customer in it has been deleted"),
	        db_int(x->id)),
	    &changed, NULL, e);
	if (!err && changed)
		err = export_read(f->site->db, f->ctx, SQL_EXPORT_FIND,
		    db_int(x->id), &record, e);
	if (!err && changed)
		err = export_audit(
		    f->site, f->ctx, AUDIT_EXPORT_WITHDRAW, &record, e);
	return err;
}

enum err_code
export_forget(struct site *s, const struct db_context *ctx,
    const uint64_t *seqs, unsigned n, bool *some_out, struct err *e)
{
	struct forgetting f = {.site = s, .ctx = ctx, .seqs = seqs, .n = n};
	struct buf list = {0};
	enum err_code err = list_live(&f, &list, e);
	unsigned i;

	if (!err && f.nlist)
		err = meet_running(&f, e);
	if (!err && f.nlist)
		err = meet_finished(&f, e);
	for (i = 0; i < f.nlist && !err; i++) {
		if (!f.list[i].hit || f.list[i].running)
			continue;
		*some_out = true;
		err = withdraw(&f, &f.list[i], e);
	}
	buf_free(&list);
	return err;
}
