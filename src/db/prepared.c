#include <assert.h>
#include <errmsg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "db/internal.h"

#define LEAST_CAP 32
#define FIRST_CAP 1024     /* of columns that may be longer */
#define KEPT_CAP (1 << 20) /* larger buffers are not kept */

void *
prepared_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		abort();
	return p;
}

static bool
is_integer(enum enum_field_types type)
{
	switch (type) {
	case MYSQL_TYPE_TINY:
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_LONGLONG:
	case MYSQL_TYPE_YEAR:
		return true;
	default:
		return false;
	}
}

/* Points a column's bind at the column. */
static void
point_bind(MYSQL_BIND *b, struct column *c)
{
	b->is_null = &c->null;
	b->error = &c->error;
	b->length = &c->len;
	b->buffer_type = c->is_int ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_BLOB;
	b->buffer = c->is_int ? (void *)&c->i : c->data;
	b->buffer_length = c->is_int ? sizeof(c->i) : c->cap;
}

/* Gives a column room for n bytes and a NUL; what it held is gone. */
static void
make_room(struct column *c, size_t n)
{
	free(c->data);
	c->data = malloc(n + 1);
	if (!c->data)
		abort();
	c->cap = n;
}

static void
bind_results(struct prepared *ps)
{
	my_bool failed =
	    ps->ncols && mysql_stmt_bind_result(ps->stmt, ps->results);

	assert(!failed);
	(void)failed;
}

static size_t
first_cap(unsigned long longest)
{
	if (longest < LEAST_CAP)
		return LEAST_CAP;
	return longest > FIRST_CAP ? FIRST_CAP : longest;
}

static void
describe_results(struct prepared *ps)
{
	MYSQL_RES *meta = mysql_stmt_result_metadata(ps->stmt);
	MYSQL_FIELD *f;
	unsigned i;

	if (!meta)
		return;
	ps->ncols = mysql_num_fields(meta);
	ps->cols = prepared_alloc(ps->ncols, sizeof(*ps->cols));
	ps->results = prepared_alloc(ps->ncols, sizeof(*ps->results));
	for (i = 0; i < ps->ncols; i++) {
		f = mysql_fetch_field_direct(meta, i);
		ps->cols[i].is_int = is_integer(f->type);
		if (!ps->cols[i].is_int)
			make_room(&ps->cols[i], first_cap(f->length));
		point_bind(&ps->results[i], &ps->cols[i]);
	}
	mysql_free_result(meta);
	bind_results(ps);
}

/* The library leaves an error in reading rows to the connection alone, and a
 * failure without a number is a loss. */
enum err_code
prepared_error(struct db *db, struct prepared *ps, struct err *e)
{
	unsigned no = mysql_stmt_errno(ps->stmt);

	if (no)
		return conn_error(
		    db, ps->name, no, mysql_stmt_sqlstate(ps->stmt), e);
	no = mysql_errno(db->mysql);
	return conn_error(db, ps->name, no ? no : CR_SERVER_LOST,
	    mysql_sqlstate(db->mysql), e);
}

/* Prepares ps on the server by its compiled plan. */
static enum err_code
prepare(
    struct db *db, struct prepared *ps, const struct plan *plan, struct err *e)
{
	if (mysql_stmt_prepare(ps->stmt, plan->text.data, plan->text.len)) {
		prepared_error(db, ps, e);
		db->again = db->lost && !db->in_tx;
		return e->code;
	}
	ps->nslots = (unsigned)plan->slots.len;
	assert(mysql_stmt_param_count(ps->stmt) == ps->nslots);
	ps->slots = prepared_alloc(ps->nslots, 1);
	if (ps->nslots)
		memcpy(ps->slots, plan->slots.data, ps->nslots);
	ps->params = prepared_alloc(ps->nslots, sizeof(*ps->params));
	describe_results(ps);
	return ERR_OK;
}

enum err_code
prepared_make(struct db *db, const struct plan *plan, const char *name,
    struct prepared **out, struct err *e)
{
	struct prepared *ps = prepared_alloc(1, sizeof(*ps));
	enum err_code err;

	ps->name = name;
	ps->reads = !strncasecmp(plan->text.data, "SELECT", 6);
	ps->stmt = mysql_stmt_init(db->mysql);
	if (!ps->stmt)
		abort();
	err = prepare(db, ps, plan, e);
	if (err)
		prepared_free(&ps);
	*out = ps;
	return err;
}

enum err_code
prepared_get(
    struct db *db, const struct call *c, struct prepared **out, struct err *e)
{
	struct prepared **slot = &db->prepared[c->st][c->form];
	const struct stmt_row *row = stmt_get(c->st);
	enum err_code err = ERR_OK;
	struct plan plan;

	if (!*slot) {
		plan_compile(row, c->times, &plan);
		err = prepared_make(db, &plan, row->name, slot, e);
		plan_free(&plan);
	}
	*out = *slot;
	return err;
}

void
prepared_free(struct prepared **psp)
{
	struct prepared *ps = *psp;
	unsigned i;

	if (!ps)
		return;
	mysql_stmt_close(ps->stmt);
	for (i = 0; i < ps->ncols; i++)
		free(ps->cols[i].data);
	free(ps->cols);
	free(ps->results);
	free(ps->params);
	free(ps->slots);
	free(ps);
	*psp = NULL;
}

/* The library reads through the bind, never writes. */
static void
bind_int(MYSQL_BIND *b, const int64_t *v)
{
	b->buffer_type = MYSQL_TYPE_LONGLONG;
	b->buffer = (void *)(uintptr_t)v;
}

static void
bind_value(MYSQL_BIND *b, const struct db_val *v)
{
	switch (v->type) {
	case DB_NULL:
		b->buffer_type = MYSQL_TYPE_NULL;
		break;
	case DB_INT:
		bind_int(b, &v->i);
		break;
	case DB_BYTES:
		b->buffer_type = MYSQL_TYPE_BLOB;
		b->buffer = v->n ? (void *)(uintptr_t)v->p : (void *)"";
		b->buffer_length = v->n;
		break;
	}
}

void
tenant_take(struct tenant *out, const struct db_context *ctx)
{
	out->account = ctx ? ctx->account_id : 0;
	out->workspace = ctx ? ctx->workspace_id : 0;
}

void
prepared_bind_some(struct prepared *ps, unsigned first, unsigned n,
    const struct tenant *tenant, const struct call *c)
{
	size_t narg = 0, nlist = 0;
	unsigned i;

	assert(first + n <= ps->nslots);
	for (i = first; i < first + n; i++) {
		MYSQL_BIND *b = &ps->params[i];

		memset(b, 0, sizeof(*b));
		switch ((enum slot)ps->slots[i]) {
		case SLOT_ACCOUNT:
			bind_int(b, &tenant->account);
			break;
		case SLOT_WORKSPACE:
			bind_int(b, &tenant->workspace);
			break;
		case SLOT_ARG:
			assert(narg < c->args.n);
			bind_value(b, &c->args.v[narg++]);
			break;
		case SLOT_LIST:
			bind_value(b, &c->list.v[nlist]);
			nlist += nlist + 1 < c->list.n;
			break;
		}
	}
	assert(narg == c->args.n);
}

void
prepared_bind(struct prepared *ps, const struct call *c)
{
	tenant_take(&ps->tenant, c->ctx);
	prepared_bind_some(ps, 0, ps->nslots, &ps->tenant, c);
}

enum err_code
prepared_run(struct db *db, struct prepared *ps, struct err *e)
{
	if ((!ps->nslots || !mysql_stmt_bind_param(ps->stmt, ps->params)) &&
	    !mysql_stmt_execute(ps->stmt))
		return ERR_OK;
	prepared_error(db, ps, e);
	db->again = db->lost && !db->in_tx && ps->reads;
	return e->code;
}

/* Fetches a column that was cut once more, whole. */
static void
fetch_whole(struct prepared *ps, unsigned col)
{
	struct column *c = &ps->cols[col];
	size_t need = c->len, cap = c->cap;
	MYSQL_BIND b;

	while (cap < need)
		cap *= 2;
	make_room(c, cap);
	memset(&b, 0, sizeof(b));
	point_bind(&b, c);
	if (mysql_stmt_fetch_column(ps->stmt, &b, col, 0))
		abort();
	assert(c->len == need);
	point_bind(&ps->results[col], c);
}

bool
prepared_row(struct prepared *ps)
{
	bool grown = false;
	unsigned i;

	for (i = 0; i < ps->ncols; i++) {
		struct column *c = &ps->cols[i];

		if (c->null || c->is_int) {
			if (!c->null && c->error)
				return false;
			continue;
		}
		if (c->len > c->cap) {
			fetch_whole(ps, i);
			grown = true;
		}
		c->data[c->len] = '\0';
	}
	if (grown)
		bind_results(ps);
	return true;
}

void
prepared_trim(struct prepared *ps)
{
	bool changed = false;
	unsigned i;

	for (i = 0; i < ps->ncols; i++) {
		if (ps->cols[i].cap <= KEPT_CAP)
			continue;
		make_room(&ps->cols[i], FIRST_CAP);
		point_bind(&ps->results[i], &ps->cols[i]);
		changed = true;
	}
	if (changed)
		bind_results(ps);
}
