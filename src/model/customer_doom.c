/* What the transaction of a deletion does. Locks come in the order that
 * model/customer_delete.h says. */
#include "model/customer_doom.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "model/audit.h"
#include "model/export.h"
#include "model/runs.h"
#include "model/search.h"

static int
compare_doomed(const void *a, const void *b)
{
	const struct doomed *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

struct doomed *
doom_find(const struct doom *m, uint64_t seq)
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
	bool refused; /* by the condition */
};

static void
take_locked(struct db_rows *r, void *arg)
{
	struct locking *l = arg;
	uint64_t seq = (uint64_t)db_get_int(r, 0);
	uint32_t revision = (uint32_t)db_get_int(r, 2);
	const struct precondition *p = l->doom->condition;
	struct doomed *d = doom_find(l->doom, seq);

	if (!d)
		return;
	if (d->revision && d->revision != revision)
		l->changed = true;
	if (p && !precondition_holds(p, revision))
		l->refused = true;
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
	if (!err && l.refused)
		return err_set(e, ERR_PRECONDITION, NULL);
	if (!err && l.changed)
		return err_fault(e, ERR_RETRY, "a customer has just changed");
	if (!err)
		keep(m, l.n);
	return err;
}

struct choosing {
	uint64_t *found; /* room for as many as there are customers */
	unsigned n, max;
};

static void
take_chosen(struct db_rows *r, void *arg)
{
	struct choosing *c = arg;

	assert(c->n < c->max);
	c->found[c->n++] = (uint64_t)db_get_int(r, 0);
}

/* Forgets customers that are not in the group. */
static enum err_code
choose(struct doom *m, struct err *e)
{
	struct choosing c = {.max = m->n,
	    .found = arena_calloc(m->arena, m->n, sizeof(*c.found))};
	struct db_val group = db_int(m->group->id);
	struct runs chosen =
	    runs_of(m, SQL_DELETE_CHOSEN_RANGE, SQL_DELETE_CHOSEN_LIST);
	enum err_code err;

	if (m->group->id == SEGMENT_ALL)
		return ERR_OK;
	chosen.args = (struct db_args){&group, 1};
	err = runs_query(&chosen, m->seqs, m->n, take_chosen, &c, e);
	if (err || c.n == m->n)
		return err;
	c.n = runs_sort(c.found, c.n);
	memcpy(m->seqs, c.found, c.n * sizeof(*c.found));
	keep(m, c.n);
	return ERR_OK;
}

/* Deletes rows of customers that hang on their seqs. */
static enum err_code
delete_rows(struct doom *m, struct err *e)
{
	struct runs keys =
	    runs_of(m, SQL_DELETE_KEYS_RANGE, SQL_DELETE_KEYS_LIST);
	struct runs sessions =
	    runs_of(m, SQL_DELETE_SESSIONS_RANGE, SQL_DELETE_SESSIONS_LIST);
	struct runs rows =
	    runs_of(m, SQL_DELETE_CUSTOMER_RANGE, SQL_DELETE_CUSTOMER_LIST);
	uint64_t affected;
	enum err_code err = runs_exec(&keys, m->seqs, m->n, NULL, e);

	if (!err)
		err = runs_exec(&sessions, m->seqs, m->n, NULL, e);
	if (!err)
		err = runs_exec(&rows, m->seqs, m->n, &affected, e);
	if (!err && affected != m->n)
		return err_fault(
		    e, ERR_INTERNAL, "customers that were locked have gone");
	return err;
}

static enum err_code
erase_texts(struct doom *m, struct err *e)
{
	struct keyring *k;
	enum err_code err = site_keyring(m->site, m->ctx, &k, e);

	if (err)
		return err;
	return search_remove(m->site->db, m->ctx, k, m->seqs, m->n, e);
}

static enum err_code
audit(struct doom *m, struct err *e)
{
	struct audit_event *list = arena_calloc(m->arena, m->n, sizeof(*list));
	char group[UUID_TEXT];
	const char *detail;
	unsigned i;

	uuid_format(&m->group->uuid, group);
	detail =
	    arena_printf(m->arena, "{\"customer_group_id\":\"%s\"}", group);
	for (i = 0; i < m->n; i++)
		list[i] = (struct audit_event){.action = AUDIT_CUSTOMER_DELETE,
		    .subject = &m->list[i].uuid,
		    .detail = detail};
	return audit_change(m->site, m->ctx, list, m->n, e);
}

/* Who is in the group is asked before anything of them is erased elsewhere,
 * and again when they are locked. */
enum err_code
doom_run(struct doom *m, struct err *e)
{
	enum err_code err = ERR_OK;

	qsort(m->list, m->n, sizeof(*m->list), compare_doomed);
	m->seqs = arena_calloc(m->arena, m->n, sizeof(*m->seqs));
	copy_seqs(m);
	if (m->n)
		err = choose(m, e);
	if (!err && m->n)
		err = erase_traces(m->site, m->ctx, m->list, m->n, m->arena, e);
	if (!err && m->n)
		err = lock(m, e);
	if (!err && m->n)
		err = choose(m, e);
	if (!err && m->n)
		err = erase_answers(m->site, m->ctx, m->list, m->n, e);
	if (!err && m->n)
		err = delete_rows(m, e);
	if (!err && m->n)
		err = erase_texts(m, e);
	if (!err && m->n)
		err = doom_leave(m, e);
	if (!err && m->n)
		err = export_forget(
		    m->site, m->ctx, m->seqs, m->n, &m->withdrew, e);
	if (!err && m->n)
		err = audit(m, e);
	return err;
}
