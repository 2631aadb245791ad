/* Lists of customers: reading rows, and those lists that no index has: members
 * of a group and who has a text, by a date of the customer. */
#include "model/customer_list_rows.h"

#include <assert.h>
#include <stdlib.h>

#include "model/rows.h"
#include "model/search.h"
#include "model/segment.h"

/* What looking up a customer's date costs, in rows of a walk: a member's is
 * looked up as a walk looks for the member; that of who has a text costs more
 * than a look into the set. */
#define COST_MEMBER 1
#define COST_HIT 5
#define STEP_MIN 64 /* rows of a walk read at a time */
#define STEP_MAX 8192

#define STMTS(NAME)                                                           \
	{                                                                     \
		{SQL_LIST_##NAME##_UP, SQL_LIST_##NAME##_DOWN},               \
		    {SQL_LIST_##NAME##_WALK_UP, SQL_LIST_##NAME##_WALK_DOWN}, \
		    {SQL_LIST_##NAME##_MEMBERS_UP,                            \
		        SQL_LIST_##NAME##_MEMBERS_DOWN},                      \
		    SQL_LIST_##NAME##_OF                                      \
	}
const struct list_stmts LIST_STMTS[] = {
    [LIST_CREATED] = STMTS(CREATED), [LIST_UPDATED] = STMTS(UPDATED)};

static struct list_row
take_row(struct db_rows *r)
{
	return (struct list_row){db_get_int(r, 0), (uint64_t)db_get_int(r, 1),
	    (uint64_t)db_get_int(r, 2)};
}

enum err_code
list_query(struct lister *l, enum stmt st, struct db_args args)
{
	struct db_rows *r;
	enum err_code err = db_query(l->site->db, l->ctx, st, args, &r, l->e);

	if (err)
		return err;
	while (db_next(r)) {
		assert(l->n <= LIST_MAX);
		l->rows[l->n++] = take_row(r);
	}
	return db_done(&r, l->e);
}

/* Hits of a search by seq, until there are enough. */
struct some {
	struct lister *lister;
	unsigned wanted;
};

static bool
take_hit(uint64_t seq, void *arg)
{
	struct some *s = arg;
	struct lister *l = s->lister;

	l->rows[l->n++] = (struct list_row){0, seq, seq};
	return l->n < s->wanted;
}

enum err_code
list_search(struct lister *l, bool down, struct list_split from, unsigned n)
{
	struct some s = {l, n};
	uint64_t seq = from.place;

	if (down && !seq)
		return ERR_OK;
	if (down)
		seq = seq >= INT64_MAX ? UINT64_MAX : seq - 1;
	return search_scan(l->site, l->ctx, l->ask->text, l->ask->ntext, seq,
	    down, take_hit, &s, l->e);
}

static bool
count_hit(uint64_t seq, void *arg)
{
	struct lister *l = arg;

	seq_set_add(&l->hits, seq);
	l->passing++;
	return true;
}

static enum err_code
count_live(struct lister *l, uint32_t segment_id, uint64_t *out)
{
	return db_one(l->site->db, l->ctx, SQL_LIST_LIVE,
	    DB_ARGS(db_int(segment_id)), db_take_u64, out, l->e);
}

/* Learns how many customers there are and how many of them pass; of a text also
 * which. */
static enum err_code
count(struct lister *l)
{
	enum err_code err = ERR_OK;

	if (l->counted)
		return ERR_OK;
	l->counted = true;
	err = count_live(l, SEGMENT_ALL, &l->live);
	if (!err && l->ask->text)
		return search_scan(l->site, l->ctx, l->ask->text, l->ask->ntext,
		    0, false, count_hit, l, l->e);
	return err ? err : count_live(l, l->ask->segment_id, &l->passing);
}

/* A walk along the index of the date. */
struct walk {
	struct list_split from;
	bool down, ended;
	unsigned wanted, step;
	uint64_t seen;
};

static void
walk_row(struct lister *l, struct walk *w, struct db_rows *r)
{
	struct list_row row = take_row(r);
	bool passes = l->ask->text ? seq_set_has(&l->hits, row.seq)
	                           : db_get_int(r, 3) != 0;

	w->from = (struct list_split){row.date, row.place + !w->down};
	if (passes && l->n < w->wanted)
		l->rows[l->n++] = row;
}

static enum err_code
walk_step(struct lister *l, struct walk *w)
{
	const struct list_stmts *st = &LIST_STMTS[l->order];
	struct db_val args[] = {db_int(l->ask->segment_id),
	    db_int(w->from.date), db_int((int64_t)w->from.place),
	    db_int(w->from.date), db_int(w->step)};
	bool text = l->ask->text != NULL;
	struct db_rows *r;
	unsigned met = 0;
	enum err_code err;

	err = db_query(l->site->db, l->ctx,
	    (text ? st->plain : st->walk)[w->down],
	    (struct db_args){args + text, 5 - text}, &r, l->e);
	if (err)
		return err;
	for (; db_next(r); met++)
		walk_row(l, w, r);
	w->seen += met;
	w->ended = met < w->step;
	return db_done(&r, l->e);
}

static int
compare_rows(const void *a, const void *b)
{
	const struct list_row *x = a, *y = b;

	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static int
compare_rows_down(const void *a, const void *b)
{
	return compare_rows(b, a);
}

static bool
is_beyond(const struct list_row *row, bool down, struct list_split from)
{
	struct list_row split = {from.date, from.place, 0};

	return down == (compare_rows(row, &split) < 0);
}

/* Looks the dates of some customers up, and keeps the n rows of l->rows that
 * come first. */
static enum err_code
look_up(struct lister *l, const struct walk *w, const struct db_val *seqs,
    unsigned n)
{
	struct list_row row;
	struct db_rows *r;
	enum err_code err;

	if (!n)
		return ERR_OK;
	err = db_query_list(l->site->db, l->ctx, LIST_STMTS[l->order].of,
	    DB_NOARGS, (struct db_args){seqs, n}, &r, l->e);
	if (err)
		return err;
	while (db_next(r)) {
		row = take_row(r);
		if (is_beyond(&row, w->down, w->from))
			l->rows[l->n++] = row;
	}
	qsort(l->rows, l->n, sizeof(*l->rows),
	    w->down ? compare_rows_down : compare_rows);
	if (l->n > w->wanted)
		l->n = w->wanted;
	return db_done(&r, l->e);
}

/* Looks at all that have the text. */
static enum err_code
gather_hits(struct lister *l, const struct walk *w)
{
	uint64_t seq, end = (uint64_t)l->hits.n * SEQ_BLOCK;
	struct db_val seqs[DB_LIST_MAX];
	enum err_code err = ERR_OK;
	unsigned n = 0;

	for (seq = 0; seq < end && !err; seq++) {
		if (!seq_set_has(&l->hits, seq))
			continue;
		seqs[n++] = db_int((int64_t)seq);
		if (n < DB_LIST_MAX)
			continue;
		err = look_up(l, w, seqs, n);
		n = 0;
	}
	return err ? err : look_up(l, w, seqs, n);
}

/* Looks at all that pass. */
static enum err_code
gather(struct lister *l, const struct walk *w)
{
	struct db_val date = db_int(w->from.date);

	l->n = 0;
	if (l->ask->text)
		return gather_hits(l, w);
	return list_query(l, LIST_STMTS[l->order].members[w->down],
	    DB_ARGS(db_int(l->ask->segment_id), date,
	        db_int((int64_t)w->from.place), date, db_int(w->wanted)));
}

/* A walk is expected to look at wanted * live / passing rows; if they lie
 * elsewhere, it is given up when it has cost as much as to look at all that
 * pass. */
enum err_code
list_filter(struct lister *l, bool down, struct list_split from, unsigned n)
{
	struct walk w = {.from = from, .down = down, .wanted = n};
	uint64_t rows, budget;
	enum err_code err = count(l);

	if (err || !l->passing)
		return err;
	rows = n * (l->live / l->passing + 1);
	budget = l->passing * (l->ask->text ? COST_HIT : COST_MEMBER);
	w.step =
	    rows + rows / 4 < STEP_MAX ? (unsigned)(rows + rows / 4) : STEP_MAX;
	w.step = w.step < STEP_MIN ? STEP_MIN : w.step;
	while (rows <= budget && w.seen < budget && !err) {
		err = walk_step(l, &w);
		if (!err && (l->n == n || w.ended))
			return ERR_OK;
	}
	w.from = from;
	return err ? err : gather(l, &w);
}
