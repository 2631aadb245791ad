/* Statements that are held back in a deferred transaction, and the blocks by
 * which they are sent: "BEGIN NOT ATOMIC s1; s2; END" ends at the first error
 * and answers once. */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "db/internal.h"

#define VALUES_BLOCK 16384 /* bytes of values that cost no malloc */

void
deferral_begin(struct db *db, bool fresh)
{
	struct deferral *d = &db->deferral;

	assert(!d->on && !d->n);
	if (!d->values)
		d->values = arena_new(VALUES_BLOCK);
	d->on = true;
	d->fresh = fresh;
	d->started = false;
}

static void
forget(struct deferral *d)
{
	if (d->values && arena_used(d->values))
		arena_reset(d->values);
	d->n = 0;
}

void
deferral_end(struct db *db)
{
	forget(&db->deferral);
	db->deferral.on = false;
}

static size_t
bytes_of(struct db_args a)
{
	size_t i, n = a.n * sizeof(*a.v);

	for (i = 0; i < a.n; i++)
		if (a.v[i].type == DB_BYTES)
			n += a.v[i].n;
	return n;
}

static struct db_args
copy(struct arena *a, struct db_args from)
{
	struct db_val *to = arena_calloc(a, from.n, sizeof(*to));
	size_t i;

	for (i = 0; i < from.n; i++) {
		to[i] = from.v[i];
		if (to[i].type != DB_BYTES || !to[i].n)
			continue;
		to[i].p = arena_alloc(a, to[i].n);
		memcpy((void *)(uintptr_t)to[i].p, from.v[i].p, to[i].n);
	}
	return (struct db_args){to, from.n};
}

static void
hold(struct deferral *d, const struct call *c, enum err_code code)
{
	struct held *h = &d->list[d->n++];

	*h = (struct held){.call = *c, .code = code};
	tenant_take(&h->tenant, c->ctx);
	h->call.ctx = NULL;
	h->call.args = copy(d->values, c->args);
	h->call.list = copy(d->values, c->list);
}

bool
deferral_takes(struct db *db, const struct call *c, enum err_code code,
    enum err_code *err_out, struct err *e)
{
	struct deferral *d = &db->deferral;
	size_t bytes = bytes_of(c->args) + bytes_of(c->list);

	if (!d->on || c->times > HELD_TIMES || bytes > HELD_BYTES)
		return false;
	*err_out = conn_ready(db, e);
	if (!*err_out &&
	    (d->n == HELD_MAX || arena_used(d->values) + bytes > HELD_BYTES))
		*err_out = deferral_flush(db, e);
	if (!*err_out)
		hold(d, c, code);
	return true;
}

/* Appends a plan to another's slots, and its text as a statement of a block. */
static unsigned
add_part(struct plan *to, const struct part *part)
{
	struct plan p;
	unsigned n;

	plan_compile(stmt_get(part->st), part->times, &p);
	if (part->code)
		buf_adds(&to->text, "IF NOT EXISTS (");
	buf_add(&to->text, p.text.data, p.text.len);
	if (part->code)
		buf_addf(&to->text,
		    ") THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = %u;"
		    " END IF",
		    REQUIRED + (unsigned)part->code);
	buf_adds(&to->text, "; ");
	buf_add(&to->slots, p.slots.data, p.slots.len);
	n = (unsigned)p.slots.len;
	plan_free(&p);
	return n;
}

/* Prepares a block of what is held back. */
static enum err_code
block_make(struct db *db, struct block *b, struct err *e)
{
	struct deferral *d = &db->deferral;
	struct plan plan = {{0}, {0}};
	enum err_code err;
	unsigned i;

	buf_adds(&plan.text, "BEGIN NOT ATOMIC ");
	if (b->starts)
		buf_adds(&plan.text, "START TRANSACTION; ");
	for (i = 0; i < d->n; i++) {
		const struct held *h = &d->list[i];

		b->parts[i] = (struct part){
		    .st = h->call.st, .times = h->call.times, .code = h->code};
		b->parts[i].nslots = add_part(&plan, &b->parts[i]);
		buf_adds(&b->name, i ? ", " : "");
		buf_adds(&b->name, stmt_get(h->call.st)->name);
	}
	b->n = d->n;
	if (b->commits) {
		buf_adds(&plan.text, "COMMIT; ");
		buf_adds(&b->name, ", COMMIT");
	}
	buf_adds(&plan.text, "END");
	err = prepared_make(db, &plan, b->name.data, &b->ps, e);
	plan_free(&plan);
	return err;
}

static void
block_free(struct block *b)
{
	prepared_free(&b->ps);
	buf_free(&b->name);
	memset(b, 0, sizeof(*b));
}

static bool
is_block_of(const struct block *b, const struct deferral *d, bool commits)
{
	unsigned i;

	if (!b->ps || b->n != d->n || b->starts == d->started ||
	    b->commits != commits)
		return false;
	for (i = 0; i < d->n; i++)
		if (b->parts[i].st != d->list[i].call.st ||
		    b->parts[i].times != d->list[i].call.times ||
		    b->parts[i].code != d->list[i].code)
			return false;
	return true;
}

/* The block of what is held back; a new one takes the place of the one that
 * was least lately used. */
static enum err_code
block_get(struct db *db, bool commits, struct block **out, struct err *e)
{
	struct deferral *d = &db->deferral;
	struct block *b = d->blocks, *end = b + BLOCKS_MAX, *oldest = b;
	enum err_code err = ERR_OK;

	for (; b < end && !is_block_of(b, d, commits); b++)
		if (b->used < oldest->used)
			oldest = b;
	if (b == end) {
		b = oldest;
		block_free(b);
		b->starts = !d->started;
		b->commits = commits;
		err = block_make(db, b, e);
	}
	if (err)
		block_free(b);
	else
		b->used = ++d->clock;
	*out = b;
	return err;
}

static enum err_code
run_block(struct db *db, bool commits, bool *run_out, struct err *e)
{
	struct deferral *d = &db->deferral;
	struct block *b;
	unsigned i, at = 0;
	enum err_code err = block_get(db, commits, &b, e);

	if (err)
		return err;
	for (i = 0; i < d->n; at += b->parts[i++].nslots)
		prepared_bind_some(b->ps, at, b->parts[i].nslots,
		    &d->list[i].tenant, &d->list[i].call);
	d->started = *run_out = true;
	return prepared_run(db, b->ps, e);
}

/* With nothing held back; a transaction in which nothing was sent needs no
 * COMMIT. */
static enum err_code
run_text(struct db *db, bool commits, bool *run_out, struct err *e)
{
	if (commits != db->deferral.started)
		return ERR_OK;
	db->deferral.started = *run_out = true;
	return conn_run(db, commits ? "COMMIT" : "START TRANSACTION", e);
}

/* *run_out: it was sent, and not only prepared. A connection that turns out to
 * be gone where the transaction began, or before COMMIT was sent, is made anew
 * by running it again; not after a wait that was a timeout. */
static enum err_code
send_held(struct db *db, bool commits, bool *run_out, struct err *e)
{
	struct deferral *d = &db->deferral;
	int64_t limit = db->conf->database_statement_timeout * 1000;
	int64_t began = clock_mono_ms();
	bool again = commits || (!d->started && !d->fresh);
	enum err_code err = conn_ready(db, e);

	*run_out = false;
	if (!err)
		err = d->n ? run_block(db, commits, run_out, e)
		           : run_text(db, commits, run_out, e);
	forget(d);
	if (err && db->lost && again && !(commits && *run_out) &&
	    clock_mono_ms() - began < limit)
		err = err_fault(e, ERR_RETRY, "the connection was gone");
	if (err)
		db->tx_err = err;
	return err;
}

enum err_code
deferral_flush(struct db *db, struct err *e)
{
	bool run;

	if (!db->deferral.on || (db->deferral.started && !db->deferral.n))
		return ERR_OK;
	return send_held(db, false, &run, e);
}

/* Whether the session is in a transaction still. */
static bool
is_open(struct db *db)
{
	static const char sql[] = "SELECT @@in_transaction";
	MYSQL_RES *res;
	MYSQL_ROW row;
	bool open;

	if (mysql_query(db->mysql, sql))
		return false;
	res = mysql_store_result(db->mysql);
	row = res ? mysql_fetch_row(res) : NULL;
	open = row && row[0] && *row[0] == '1';
	mysql_free_result(res);
	return open;
}

/* Any error but a plain one of a statement before COMMIT leaves it open what
 * COMMIT has done, unless the transaction is there still. */
enum err_code
deferral_commit(struct db *db, bool *undone_out, struct err *e)
{
	bool run;
	enum err_code err = send_held(db, true, &run, e);

	*undone_out =
	    err &&
	    (!run || (!db->lost && (err != ERR_DATABASE || is_open(db))));
	return err;
}

enum err_code
deferral_fail(struct db *db, enum err_code why, struct err *e)
{
	struct deferral *d = &db->deferral;
	const struct err kept = *e;
	unsigned i, n = 0;
	enum err_code err;

	if (!d->on || db->tx_err || why == ERR_RETRY)
		return why;
	for (i = 0; i < d->n; i++)
		if (d->list[i].code)
			d->list[n++] = d->list[i];
	d->n = n;
	err = n ? deferral_flush(db, e) : ERR_OK;
	if (err)
		return err;
	*e = kept;
	return why;
}

void
deferral_drop(struct deferral *d)
{
	unsigned i;

	for (i = 0; i < BLOCKS_MAX; i++)
		block_free(&d->blocks[i]);
}
