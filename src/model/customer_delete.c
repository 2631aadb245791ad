#include "model/customer_delete.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "model/customer_doom.h"
#include "model/export_files.h"

static void
take_found(struct db_rows *r, void *arg)
{
	struct doom *m = arg;
	struct doomed *d = &m->list[m->n++];

	d->seq = (uint64_t)db_get_int(r, 0);
	db_get_uuid(r, 1, &d->uuid);
	d->revision = 0;
}

/* Finds the customers of ids. */
static enum err_code
find(struct doom *m, const struct uuid *ids, unsigned n, struct err *e)
{
	struct db_val list[DB_LIST_MAX];
	struct db_rows *r;
	enum err_code err = ERR_OK;
	unsigned i, some;

	m->n = 0;
	m->list = arena_calloc(m->arena, n, sizeof(*m->list));
	for (i = 0; i < n && !err; i += some) {
		for (some = 0; some < DB_LIST_MAX && i + some < n; some++)
			list[some] = db_uuid(&ids[i + some]);
		err = db_query_list(m->site->db, m->ctx, SQL_DELETE_FIND,
		    DB_NOARGS, (struct db_args){list, some}, &r, e);
		if (err)
			return err;
		while (m->n < n && db_next(r))
			take_found(r, m);
		err = db_done(&r, e);
	}
	return err;
}

/* A deletion in hand, and its customers. */
struct transaction {
	struct deletion *deletion;
	struct doom doom;
};

static enum err_code
body(struct db *db, void *arg, struct err *e)
{
	struct transaction *t = arg;
	struct doom *m = &t->doom;
	enum err_code err;

	(void)db;
	arena_reset(m->arena);
	err = find(m, t->deletion->ids, t->deletion->n, e);
	return err ? err : doom_run(m, e);
}

/* A COMMIT in doubt: are they gone? */
static enum err_code
done(struct db *db, void *arg, struct err *e)
{
	const struct transaction *t = arg;
	struct doom left = t->doom;
	enum err_code err;
	unsigned i;

	(void)db;
	left.arena = arena_new(65536);
	err = find(&left, t->deletion->ids, t->deletion->n, e);
	if (!err && t->doom.n) {
		for (i = 0; i < left.n && !err; i++)
			if (doom_find(&t->doom, left.list[i].seq))
				err = err_set(e, ERR_NOT_FOUND, NULL);
	}
	arena_free(&left.arena);
	return err;
}

/* Tells the caller which ids are gone. */
static void
tell(struct transaction *t, struct arena *a)
{
	struct deletion *d = t->deletion;
	struct uuid *gone = arena_calloc(a, t->doom.n, sizeof(*gone));
	unsigned i;

	d->deleted = t->doom.n;
	for (i = 0; i < d->deleted; i++)
		gone[i] = t->doom.list[i].uuid;
	qsort(gone, d->deleted, sizeof(*gone), uuid_compare);
	for (i = 0; i < d->n; i++)
		d->gone_out[i] =
		    d->deleted && bsearch(&d->ids[i], gone, d->deleted,
		                      sizeof(*gone), uuid_compare);
}

enum err_code
customer_delete(struct site *s, const struct db_context *ctx,
    struct deletion *d, struct arena *a, struct err *e)
{
	struct transaction t = {.deletion = d,
	    .doom = {.site = s,
	        .ctx = ctx,
	        .group = d->group,
	        .condition = d->condition}};
	enum err_code err;

	assert(d->n && d->n <= DELETE_MAX);
	t.doom.arena = arena_new(1u << 20);
	err = db_transaction(s->db, body, done, &t, e);
	if (!err)
		tell(&t, a);
	if (!err && t.doom.withdrew)
		export_clean_now(s, ctx);
	buf_free(&t.doom.belongs);
	arena_free(&t.doom.arena);
	return err;
}

static void
take_seq(struct db_rows *r, void *arg)
{
	struct doomed d = {.seq = (uint64_t)db_get_int(r, 0)};

	db_get_uuid(r, 1, &d.uuid);
	buf_add(arg, &d, sizeof(d));
}

/* Reads the members of a range of positions. */
static enum err_code
find_range(
    struct doom *m, uint64_t first, uint64_t end, int64_t until, struct err *e)
{
	bool all = m->group->id == SEGMENT_ALL;
	struct db_val v[] = {db_int(m->group->id), db_int((int64_t)first),
	    db_int((int64_t)end), db_int(until)};
	struct buf found = {0};
	struct db_rows *r;
	enum err_code err;

	err = db_query(m->site->db, m->ctx,
	    all ? SQL_DELETE_ALL_RANGE : SQL_DELETE_GROUP_RANGE,
	    (struct db_args){v + all, 4 - all}, &r, e);
	if (err)
		return err;
	while (db_next(r))
		take_seq(r, &found);
	err = db_done(&r, e);
	m->n = (unsigned)(found.len / sizeof(*m->list));
	m->list = arena_calloc(m->arena, m->n, sizeof(*m->list));
	if (m->n)
		memcpy(m->list, found.data, found.len);
	buf_free(&found);
	return err;
}

enum err_code
customer_delete_range(struct site *s, const struct db_context *ctx,
    const struct segment *group, uint64_t first, uint64_t end, int64_t until,
    struct arena *a, uint32_t *n_out, struct err *e)
{
	struct doom m = {.site = s, .ctx = ctx, .group = group, .arena = a};
	enum err_code err = find_range(&m, first, end, until, e);

	if (!err)
		err = doom_run(&m, e);
	*n_out = m.n;
	buf_free(&m.belongs);
	return err;
}
