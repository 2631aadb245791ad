#include "model/customer_delete.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "model/audit.h"
#include "model/erase.h"
#include "model/runs.h"

/* A membership of a customer. */
struct belongs {
	uint32_t segment_id;
	struct member member;
};

/* What is being deleted. */
struct doom {
	struct site *site;
	const struct db_context *ctx;
	const struct segment *group;
	struct arena *arena; /* emptied with each try */
	struct doomed *list; /* ascending seqs */
	uint64_t *seqs;      /* theirs */
	unsigned n;
	struct buf belongs;
};

static int
compare_doomed(const void *a, const void *b)
{
	const struct doomed *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

static struct doomed *
find_seq(const struct doom *m, uint64_t seq)
{
	struct doomed key = {.seq = seq};

	return bsearch(&key, m->list, m->n, sizeof(key), compare_doomed);
}

static struct runs
runs_of(const struct doom *m, enum stmt range, enum stmt list)
{
	return (struct runs){
	    .db = m->site->db, .ctx = m->ctx, .range = range, .list = list};
}

static void
copy_seqs(struct doom *m)
{
	unsigned i;

	for (i = 0; i < m->n; i++)
		m->seqs[i] = m->list[i].seq;
}

struct locking {
	struct doom *doom;
	unsigned n; /* those that are there come first in the list */
	bool changed;
};

static void
take_locked(struct db_rows *r, void *arg)
{
	struct locking *l = arg;
	uint64_t seq = (uint64_t)db_get_int(r, 0);
	struct doomed *d = find_seq(l->doom, seq);

	if (!d)
		return;
	if (d->revision && d->revision != (uint32_t)db_get_int(r, 2))
		l->changed = true;
	db_get_uuid(r, 1, &d->uuid);
	l->doom->seqs[l->n++] = seq;
}

/* Keeps those whose seqs are the first n of m->seqs, both ascending. */
static void
keep(struct doom *m, unsigned n)
{
	unsigned i, j = 0;

	for (i = 0; i < m->n && j < n; i++)
		if (m->list[i].seq == m->seqs[j])
			m->list[j++] = m->list[i];
	assert(j == n);
	m->n = n;
}

/* Locks the customers, and forgets those that have gone. */
static enum err_code
lock(struct doom *m, struct err *e)
{
	struct runs locks =
	    runs_of(m, SQL_DELETE_LOCK_RANGE, SQL_DELETE_LOCK_LIST);
	struct locking l = {.doom = m};
	uint64_t *asked = arena_calloc(m->arena, m->n, sizeof(*asked));
	enum err_code err;

	memcpy(asked, m->seqs, m->n * sizeof(*asked));
	err = runs_query(&locks, asked, m->n, take_locked, &l, e);
	if (!err && l.changed)
		return err_fault(e, ERR_RETRY, "a customer has just changed");
	if (!err)
		keep(m, l.n);
	return err;
}

static void
take_membership(struct db_rows *r, void *arg)
{
	struct belongs b = {.segment_id = (uint32_t)db_get_int(r, 0),
	    .member = {.position = (uint64_t)db_get_int(r, 1),
	        .seq = (uint64_t)db_get_int(r, 2)}};

	buf_add(arg, &b, sizeof(b));
}

static enum err_code
read_memberships(struct doom *m, struct err *e)
{
	struct runs members =
	    runs_of(m, SQL_DELETE_MEMBERS_RANGE, SQL_DELETE_MEMBERS_LIST);

	buf_reset(&m->belongs);
	return runs_query(
	    &members, m->seqs, m->n, take_membership, &m->belongs, e);
}

static int
compare_belongs(const void *a, const void *b)
{
	const struct belongs *x = a, *y = b;

	if (x->segment_id != y->segment_id)
		return x->segment_id < y->segment_id ? -1 : 1;
	return (x->member.position > y->member.position) -
	       (x->member.position < y->member.position);
}

static int
compare_seqs(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static struct belongs *
memberships(const struct doom *m, unsigned *n_out)
{
	*n_out = (unsigned)(m->belongs.len / sizeof(struct belongs));
	return (struct belongs *)(void *)m->belongs.data;
}

/* Forgets the memberships of customers that are not to be deleted. */
static void
drop_others(struct doom *m)
{
	unsigned i, n, kept = 0;
	struct belongs *b = memberships(m, &n);

	for (i = 0; i < n; i++)
		if (find_seq(m, b[i].member.seq))
			b[kept++] = b[i];
	m->belongs.len = kept * sizeof(*b);
}

/* Reads the customers' memberships, sorted, and forgets customers that are not
 * in the group. */
static enum err_code
choose(struct doom *m, struct err *e)
{
	unsigned i, n, found = 0;
	struct belongs *b;
	enum err_code err = read_memberships(m, e);

	if (err)
		return err;
	b = memberships(m, &n);
	if (m->group->id != SEGMENT_ALL) {
		for (i = 0; i < n; i++)
			if (b[i].segment_id == m->group->id)
				m->seqs[found++] = b[i].member.seq;
		qsort(m->seqs, found, sizeof(*m->seqs), compare_seqs);
		if (found < m->n) {
			keep(m, found);
			drop_others(m);
			b = memberships(m, &n);
		}
	}
	if (n)
		qsort(b, n, sizeof(*b), compare_belongs);
	return ERR_OK;
}

/* Deletes rows of customers that hang on their seqs. */
static enum err_code
delete_rows(struct doom *m, struct err *e)
{
	struct runs keys =
	    runs_of(m, SQL_DELETE_KEYS_RANGE, SQL_DELETE_KEYS_LIST);
	struct runs rows =
	    runs_of(m, SQL_DELETE_CUSTOMER_RANGE, SQL_DELETE_CUSTOMER_LIST);
	uint64_t affected;
	enum err_code err = runs_exec(&keys, m->seqs, m->n, NULL, e);

	if (!err)
		err = runs_exec(&rows, m->seqs, m->n, &affected, e);
	if (!err && affected != m->n)
		return err_fault(
		    e, ERR_INTERNAL, "customers that were locked have gone");
	return err;
}

/* Takes n members out of one group. */
static enum err_code
leave(struct doom *m, const struct belongs *b, unsigned n, struct err *e)
{
	uint32_t id = b->segment_id;
	uint64_t *positions = arena_calloc(m->arena, n, sizeof(*positions));
	struct member *list = arena_calloc(m->arena, n, sizeof(*list));
	enum err_code err;
	unsigned i;

	for (i = 0; i < n; i++) {
		list[i] = b[i].member;
		positions[i] = list[i].position;
	}
	err = segment_members_delete(
	    m->site->db, m->ctx, id, positions, n, NULL, e);
	if (!err)
		err = segment_count_remove(
		    m->site->db, m->ctx, id, list, n, e);
	return err;
}

/* The counts of `all`, then the groups in ascending order. */
static enum err_code
leave_groups(struct doom *m, struct err *e)
{
	struct member *all = arena_calloc(m->arena, m->n, sizeof(*all));
	unsigned i, n, run;
	struct belongs *b = memberships(m, &n);
	enum err_code err;

	for (i = 0; i < m->n; i++)
		all[i].position = all[i].seq = m->seqs[i];
	err = segment_count_remove(
	    m->site->db, m->ctx, SEGMENT_ALL, all, m->n, e);
	for (i = 0; i < n && !err; i += run) {
		for (run = 1; i + run < n &&
		              b[i + run].segment_id == b[i].segment_id;)
			run++;
		err = leave(m, b + i, run, e);
	}
	return err;
}

static enum err_code
audit(struct doom *m, struct err *e)
{
	struct audit_event *list = arena_calloc(m->arena, m->n, sizeof(*list));
	char group[UUID_TEXT];
	const char *detail;
	unsigned i;

	uuid_format(&m->group->uuid, group);
	detail = arena_printf(m->arena, "{\"customer_group_id\":\"%s\"}", group);
	for (i = 0; i < m->n; i++)
		list[i] = (struct audit_event){.action = AUDIT_CUSTOMER_DELETE,
		    .subject = &m->list[i].uuid,
		    .detail = detail};
	return audit_change(m->site, m->ctx, list, m->n, e);
}

/* Deletes the customers of m->list, as far as they are there and in the group:
 * what is left in the list. Who is in the group is asked before anything of
 * them is erased elsewhere, and again when they are locked. */
static enum err_code
run(struct doom *m, struct err *e)
{
	enum err_code err = ERR_OK;

	qsort(m->list, m->n, sizeof(*m->list), compare_doomed);
	m->seqs = arena_calloc(m->arena, m->n, sizeof(*m->seqs));
	copy_seqs(m);
	if (m->n && m->group->id != SEGMENT_ALL)
		err = choose(m, e);
	if (!err && m->n)
		err = erase_traces(
		    m->site, m->ctx, m->list, m->n, m->arena, e);
	if (!err && m->n)
		err = lock(m, e);
	if (!err && m->n)
		err = choose(m, e);
	if (!err && m->n)
		err = delete_rows(m, e);
	if (!err && m->n)
		err = leave_groups(m, e);
	if (!err && m->n)
		err = audit(m, e);
	return err;
}

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
	return err ? err : run(m, e);
}

/* A COMMIT in doubt: are they gone? */
static enum err_code
done(struct db *db, void *arg, struct err *e)
{
	const struct transaction *t = arg;
	struct doom left = t->doom;
	enum err_code err;

	(void)db;
	left.arena = arena_new(65536);
	err = find(&left, t->deletion->ids, t->deletion->n, e);
	if (!err && left.n && t->doom.n) {
		qsort(left.list, left.n, sizeof(*left.list), compare_doomed);
		if (find_seq(&left, t->doom.list[0].seq))
			err = err_set(e, ERR_NOT_FOUND, NULL);
	}
	arena_free(&left.arena);
	return err;
}

static int
compare_uuids(const void *a, const void *b)
{
	return memcmp(a, b, UUID_LEN);
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
	qsort(gone, d->deleted, sizeof(*gone), compare_uuids);
	for (i = 0; i < d->n; i++)
		d->gone_out[i] = d->deleted &&
		                 bsearch(&d->ids[i], gone, d->deleted,
		                     sizeof(*gone), compare_uuids);
}

enum err_code
customer_delete(struct site *s, const struct db_context *ctx,
    struct deletion *d, struct arena *a, struct err *e)
{
	struct transaction t = {.deletion = d,
	    .doom = {.site = s, .ctx = ctx, .group = d->group}};
	enum err_code err;

	assert(d->n && d->n <= DELETE_MAX);
	t.doom.arena = arena_new(1u << 20);
	err = db_transaction(s->db, body, done, &t, e);
	if (!err)
		tell(&t, a);
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
find_range(struct doom *m, uint64_t first, uint64_t end, int64_t until,
    struct err *e)
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
		err = run(&m, e);
	*n_out = m.n;
	buf_free(&m.belongs);
	return err;
}

static void
count_row(struct db_rows *r, void *arg)
{
	(void)r;
	++*(unsigned *)arg;
}

enum err_code
customer_hold(struct db *db, const struct db_context *ctx, uint64_t *seqs,
    unsigned n, bool *all_out, struct err *e)
{
	const struct runs locks = {.db = db,
	    .ctx = ctx,
	    .range = SQL_CUSTOMER_HOLD_RANGE,
	    .list = SQL_CUSTOMER_HOLD_LIST};
	unsigned i, m = 0, there = 0;
	enum err_code err;

	qsort(seqs, n, sizeof(*seqs), compare_seqs);
	for (i = 0; i < n; i++)
		if (!i || seqs[i] != seqs[i - 1])
			seqs[m++] = seqs[i];
	err = runs_query(&locks, seqs, m, count_row, &there, e);
	*all_out = there == m;
	return err;
}
