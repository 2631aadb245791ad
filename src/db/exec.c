#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "db/internal.h"

struct db_val
db_str(const char *s)
{
	return s ? db_bytes(s, strlen(s)) : db_null();
}

enum err_code
call_check(const struct call *c, struct err *e)
{
	const struct stmt_row *row = stmt_get(c->st);
	bool account = c->ctx && c->ctx->account_id;
	bool workspace = c->ctx && c->ctx->workspace_id;

	if (row->scope == STMT_SERVER ||
	    (row->scope == STMT_ACCOUNT && account) ||
	    (row->scope == STMT_WORKSPACE && account && workspace))
		return ERR_OK;
	return err_fault(
	    e, ERR_NO_CONTEXT, "%s: account or workspace not bound", row->name);
}

static enum err_code
run_once(
    struct db *db, const struct call *c, struct prepared **out, struct err *e)
{
	enum err_code err = conn_ready(db, e);

	if (!err)
		err = prepared_get(db, c, out, e);
	if (err)
		return err;
	prepared_bind(*out, c);
	return prepared_run(db, *out, e);
}

/* Runs a call, once more if the connection turned out to be gone and that does
 * no harm; not after a wait that was a timeout. */
static enum err_code
run(struct db *db, const struct call *c, struct prepared **out, struct err *e)
{
	int64_t limit = db->conf->database_statement_timeout * 1000;
	int64_t began = clock_mono_ms();
	enum err_code err = call_check(c, e);

	if (!err)
		err = deferral_flush(db, e);
	if (err)
		return err;
	err = run_once(db, c, out, e);
	if (err == ERR_UNAVAILABLE && db->again &&
	    clock_mono_ms() - began < limit)
		err = run_once(db, c, out, e);
	return err;
}

/* The smallest form that takes a list. */
static struct call
list_call(const struct db_context *ctx, enum stmt st, struct db_args args,
    struct db_args list)
{
	unsigned i = 0;

	assert(list.n >= 1 && list.n <= DB_LIST_MAX);
	while (list_sizes[i] < list.n)
		i++;
	return (struct call){.ctx = ctx,
	    .st = st,
	    .form = FORM_SIZED + i,
	    .times = list_sizes[i],
	    .args = args,
	    .list = list};
}

static struct call
plain_call(const struct db_context *ctx, enum stmt st, struct db_args args)
{
	return (struct call){
	    .ctx = ctx, .st = st, .form = FORM_PLAIN, .times = 1, .args = args};
}

static enum err_code
exec_call(struct db *db, const struct call *c, uint64_t *affected_out,
    uint64_t *id_out, struct err *e)
{
	bool gives = affected_out || id_out;
	struct prepared *ps;
	enum err_code err = call_check(c, e);

	if (err || (!gives && deferral_takes(db, c, ERR_OK, &err, e)))
		return err;
	err = run(db, c, &ps, e);
	if (err)
		return err;
	assert(!ps->ncols);
	if (affected_out)
		*affected_out = mysql_stmt_affected_rows(ps->stmt);
	if (id_out)
		*id_out = mysql_stmt_insert_id(ps->stmt);
	return ERR_OK;
}

enum err_code
db_exec(struct db *db, const struct db_context *ctx, enum stmt st,
    struct db_args args, uint64_t *affected_out, uint64_t *id_out,
    struct err *e)
{
	struct call c = plain_call(ctx, st, args);

	return exec_call(db, &c, affected_out, id_out, e);
}

enum err_code
db_exec_list(struct db *db, const struct db_context *ctx, enum stmt st,
    struct db_args args, struct db_args list, uint64_t *affected_out,
    struct err *e)
{
	struct call c = list_call(ctx, st, args, list);

	return exec_call(db, &c, affected_out, NULL, e);
}

static enum err_code
query_call(
    struct db *db, const struct call *c, struct db_rows **out, struct err *e)
{
	struct prepared *ps;
	enum err_code err = run(db, c, &ps, e);

	*out = NULL;
	if (err)
		return err;
	assert(ps->ncols);
	db->rows.ps = ps;
	db->rows.open = true;
	db->rows.end = false;
	memset(&db->rows.err, 0, sizeof(db->rows.err));
	*out = &db->rows;
	return ERR_OK;
}

enum err_code
db_query(struct db *db, const struct db_context *ctx, enum stmt st,
    struct db_args args, struct db_rows **out, struct err *e)
{
	struct call c = plain_call(ctx, st, args);

	return query_call(db, &c, out, e);
}

enum err_code
db_query_list(struct db *db, const struct db_context *ctx, enum stmt st,
    struct db_args args, struct db_args list, struct db_rows **out,
    struct err *e)
{
	struct call c = list_call(ctx, st, args, list);

	return query_call(db, &c, out, e);
}

bool
db_next(struct db_rows *r)
{
	int rc;

	assert(r->open);
	if (r->end)
		return false;
	rc = mysql_stmt_fetch(r->ps->stmt);
	if (rc == 0 || rc == MYSQL_DATA_TRUNCATED) {
		if (prepared_row(r->ps))
			return true;
		err_fault(&r->err, ERR_DATABASE,
		    "%s: an integer is past 64 bits", r->ps->name);
	} else if (rc != MYSQL_NO_DATA) {
		prepared_error(r->db, r->ps, &r->err);
	}
	r->end = true;
	return false;
}

static struct column *
column(struct db_rows *r, unsigned col)
{
	assert(r->open && !r->end && col < r->ps->ncols);
	return &r->ps->cols[col];
}

int64_t
db_get_int(struct db_rows *r, unsigned col)
{
	struct column *c = column(r, col);

	if (c->null)
		return 0;
	return c->is_int ? c->i : strtoll(c->data, NULL, 10);
}

const char *
db_get_bytes(struct db_rows *r, unsigned col, size_t *n_out)
{
	struct column *c = column(r, col);

	assert(c->null || !c->is_int);
	if (n_out)
		*n_out = c->null ? 0 : c->len;
	return c->null ? NULL : c->data;
}

bool
db_is_null(struct db_rows *r, unsigned col)
{
	return column(r, col)->null;
}

void
db_get_uuid(struct db_rows *r, unsigned col, struct uuid *out)
{
	struct column *c = column(r, col);

	assert(!c->null && !c->is_int && c->len == UUID_LEN);
	memcpy(out->b, c->data, UUID_LEN);
}

enum err_code
db_done(struct db_rows **rp, struct err *e)
{
	struct db_rows *r = *rp;

	assert(r->open);
	*rp = NULL;
	if (!r->err.code)
		while (db_next(r))
			;
	mysql_stmt_free_result(r->ps->stmt);
	if (!r->db->lost)
		prepared_trim(r->ps);
	r->open = false;
	if (r->err.code)
		*e = r->err;
	return r->err.code;
}

enum err_code
db_one(struct db *db, const struct db_context *ctx, enum stmt st,
    struct db_args args, db_take *take, void *arg, struct err *e)
{
	struct db_rows *r;
	enum err_code err = db_query(db, ctx, st, args, &r, e);
	bool found;

	if (err)
		return err;
	found = db_next(r);
	if (found && take)
		take(r, arg);
	err = db_done(&r, e);
	if (err || found)
		return err;
	return err_set(e, ERR_NOT_FOUND, NULL);
}

enum err_code
db_require(struct db *db, const struct db_context *ctx, enum stmt st,
    struct db_args args, enum err_code code, struct err *e)
{
	struct call c = plain_call(ctx, st, args);
	enum err_code err = call_check(&c, e);

	if (err || deferral_takes(db, &c, code, &err, e))
		return err;
	err = db_one(db, ctx, st, args, NULL, NULL, e);
	if (err != ERR_NOT_FOUND)
		return err;
	return err_fault(
	    e, code, "%s: what it requires is not so", stmt_get(st)->name);
}

void
db_take_int(struct db_rows *r, void *arg)
{
	*(int64_t *)arg = db_get_int(r, 0);
}

void
db_take_u32(struct db_rows *r, void *arg)
{
	*(uint32_t *)arg = (uint32_t)db_get_int(r, 0);
}

void
db_take_u64(struct db_rows *r, void *arg)
{
	*(uint64_t *)arg = (uint64_t)db_get_int(r, 0);
}

void
db_take_uuid(struct db_rows *r, void *arg)
{
	db_get_uuid(r, 0, arg);
}
