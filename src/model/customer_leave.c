/* Deleted customers leave their groups, in ascending order of groups. */
#include <assert.h>
#include <stdlib.h>

#include "model/customer_delete.h"
#include "model/customer_doom.h"
#include "model/runs.h"

/* Memberships in hand: of customers in many groups the lowest groups are read
 * first, then the next, so that memory does not grow with their number. */
#define PLACES_MAX 98304

/* A customer's membership of a group. */
struct place {
	uint64_t position;
	uint32_t segment_id;
};

/* Some groups' memberships, whole groups each. */
struct part {
	struct buf *buf;
	uint64_t end; /* this group and those after it are left for later */
	uint64_t met, last; /* memberships met, and the last of their groups */
};

static struct place *
places(const struct buf *b, unsigned *n_out)
{
	*n_out = (unsigned)(b->len / sizeof(struct place));
	return (struct place *)(void *)b->data;
}

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->segment_id != y->segment_id)
		return x->segment_id < y->segment_id ? -1 : 1;
	return (x->position > y->position) - (x->position < y->position);
}

static struct place *
sort_places(const struct buf *b, unsigned *n_out)
{
	struct place *list = places(b, n_out);

	if (*n_out)
		qsort(list, *n_out, sizeof(*list), compare_places);
	return list;
}

/* Leaves about half of a full part, the higher groups, for later. A customer is
 * in a group once: the lowest group is never among them. */
static void
cut(struct part *p)
{
	unsigned n;
	struct place *list = sort_places(p->buf, &n);

	_Static_assert(PLACES_MAX / 2 > DELETE_MAX, "a group fits in");
	p->end = list[n / 2].segment_id;
	while (n && list[n - 1].segment_id >= p->end)
		n--;
	assert(n);
	p->buf->len = n * sizeof(*list);
}

static void
take_place(struct db_rows *r, void *arg)
{
	struct part *p = arg;
	struct place x = {.segment_id = (uint32_t)db_get_int(r, 0),
	    .position = (uint64_t)db_get_int(r, 1)};

	p->met++;
	if (p->last < x.segment_id)
		p->last = x.segment_id;
	if (x.segment_id < p->end &&
	    p->buf->len == PLACES_MAX * sizeof(struct place))
		cut(p);
	if (x.segment_id < p->end)
		buf_add(p->buf, &x, sizeof(x));
}

/* What leaving one group needs; both arrays hold as many as there are
 * customers. */
struct leaving {
	struct doom *doom;
	uint64_t *positions;
	struct member *members;
};

/* Takes n customers out of one group. */
static enum err_code
leave(struct leaving *l, const struct place *list, unsigned n, struct err *e)
{
	struct doom *m = l->doom;
	enum err_code err;
	unsigned i;

	assert(n <= m->n);
	for (i = 0; i < n; i++) {
		l->positions[i] = list[i].position;
		l->members[i] = (struct member){.position = list[i].position};
	}
	err = segment_members_delete(
	    m->site->db, m->ctx, list->segment_id, l->positions, n, NULL, e);
	if (!err)
		err = segment_count_remove(
		    m->site->db, m->ctx, list->segment_id, l->members, n, e);
	return err;
}

static enum err_code
leave_part(struct leaving *l, struct err *e)
{
	unsigned i, n, run;
	struct place *list = sort_places(&l->doom->belongs, &n);
	enum err_code err = ERR_OK;

	for (i = 0; i < n && !err; i += run) {
		for (run = 1; i + run < n &&
		              list[i + run].segment_id == list[i].segment_id;)
			run++;
		err = leave(l, list + i, run, e);
	}
	return err;
}

static enum err_code
leave_all(struct leaving *l, struct err *e)
{
	struct doom *m = l->doom;
	unsigned i;

	for (i = 0; i < m->n; i++)
		l->members[i] = (struct member){.position = m->seqs[i]};
	return segment_count_remove(
	    m->site->db, m->ctx, SEGMENT_ALL, l->members, m->n, e);
}

/* Where the groups of the next part may end, if the groups from p->end on to
 * p->last are alike and `left` memberships are there: a guess, which saves
 * reading what is of no use yet. */
static uint64_t
guess_end(const struct part *p, uint64_t left)
{
	uint64_t most = PLACES_MAX * 3 / 4, span = p->last + 1 - p->end;

	return left <= most ? p->last + 1 : p->end + span * most / left + 1;
}

/* Reads the memberships of some groups: those from `first` to before p->end,
 * which is less in the end if they are too many. */
static enum err_code
read_part(struct doom *m, struct part *p, uint64_t first, struct err *e)
{
	struct db_val bounds[] = {
	    db_int((int64_t)first), db_int((int64_t)p->end)};
	struct runs members = {.db = m->site->db,
	    .ctx = m->ctx,
	    .range = SQL_DELETE_MEMBERS_RANGE,
	    .list = SQL_DELETE_MEMBERS_LIST,
	    .args = {bounds, 2}};

	p->met = 0;
	p->buf->len = 0;
	return runs_query(&members, m->seqs, m->n, take_place, p, e);
}

enum err_code
doom_leave(struct doom *m, struct err *e)
{
	struct leaving l = {.doom = m,
	    .positions = arena_calloc(m->arena, m->n, sizeof(*l.positions)),
	    .members = arena_calloc(m->arena, m->n, sizeof(*l.members))};
	struct part p = {.buf = &m->belongs, .end = (uint64_t)UINT32_MAX + 1};
	enum err_code err = leave_all(&l, e);
	uint64_t left = 0, first = 0;

	while (!err && first <= p.last) {
		err = read_part(m, &p, first, e);
		left =
		    (first ? left : p.met) - p.buf->len / sizeof(struct place);
		if (!err)
			err = leave_part(&l, e);
		first = p.end;
		if (first <= p.last)
			p.end = guess_end(&p, left);
	}
	return err;
}
