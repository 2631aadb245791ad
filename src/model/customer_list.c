#include "model/customer_list.h"

#include <assert.h>
#include <string.h>

#include "model/customer_list_rows.h"
#include "model/segment.h"

static const struct list_split FIRST = {0, 0}, LAST = {INT64_MAX, INT64_MAX};

/* The split beside a row: above it going up (it is passed), below it going
 * down. */
static struct list_split
split_past(const struct list_row *r, bool down)
{
	return (struct list_split){r->date, r->place + !down};
}

/* The members of a group in the order in which they came: one read of an index,
 * that has it. */
static enum err_code
fetch_joined(struct lister *l, bool down, struct list_split from, unsigned n)
{
	struct db_val place = db_int((int64_t)from.place), limit = db_int(n);

	if (l->ask->segment_id == SEGMENT_ALL)
		return list_query(l, down ? SQL_LIST_SEQ_DOWN : SQL_LIST_SEQ_UP,
		    DB_ARGS(place, limit));
	return list_query(l,
	    down ? SQL_LIST_POSITION_DOWN : SQL_LIST_POSITION_UP,
	    DB_ARGS(db_int(l->ask->segment_id), place, limit));
}

static enum err_code
fetch_segmented(struct lister *l, bool down, struct list_split from, unsigned n)
{
	struct db_val date = db_int(from.date);

	return list_query(l,
	    down ? SQL_LIST_SEGMENTED_DOWN : SQL_LIST_SEGMENTED_UP,
	    DB_ARGS(db_int(l->ask->segment_id), date,
	        db_int((int64_t)from.place), date, db_int(n)));
}

static enum err_code
fetch_dated(struct lister *l, bool down, struct list_split from, unsigned n)
{
	struct db_val date = db_int(from.date);

	return list_query(l, LIST_STMTS[l->order].plain[down],
	    DB_ARGS(date, db_int((int64_t)from.place), date, db_int(n)));
}

/* Reads up to n rows into l->rows, from a split on, up or down. */
static enum err_code
fetch(struct lister *l, bool down, struct list_split from, unsigned n)
{
	bool all = l->ask->segment_id == SEGMENT_ALL;

	l->n = 0;
	if (l->ask->text && l->order == LIST_JOINED)
		return list_search(l, down, from, n);
	if (l->order == LIST_JOINED)
		return fetch_joined(l, down, from, n);
	if (l->order == LIST_SEGMENTED)
		return fetch_segmented(l, down, from, n);
	if (all && !l->ask->text)
		return fetch_dated(l, down, from, n);
	return list_filter(l, down, from, n);
}

/* The rows are in the order of reading: backward, that of the list turned
 * round. */
static void
take_page(struct lister *l, bool down, struct list_split from,
    struct customer_page *out)
{
	unsigned size = l->ask->size, i, at;
	bool backward = l->ask->backward;

	out->n = l->n < size ? l->n : size;
	for (i = 0; i < out->n; i++) {
		at = backward ? out->n - 1 - i : i;
		out->seqs[at] = l->rows[i].seq;
	}
	out->begin = out->end = from;
	*(backward ? &out->prev : &out->next) = l->n > size;
	if (!out->n)
		return;
	if (backward) {
		out->begin = split_past(&l->rows[out->n - 1], down);
		out->end = split_past(&l->rows[0], !down);
	} else {
		out->begin = split_past(&l->rows[0], !down);
		out->end = split_past(&l->rows[out->n - 1], down);
	}
}

static enum err_code
read_page(struct lister *l, struct customer_page *out)
{
	const struct customer_list *ask = l->ask;
	bool down = ask->descending != ask->backward;
	struct list_split from = down ? LAST : FIRST;
	enum err_code err;

	assert(ask->size && ask->size <= LIST_MAX);
	if (ask->has_split)
		from = ask->split;
	err = fetch(l, down, from, ask->size + 1);
	if (err)
		return err;
	take_page(l, down, from, out);
	if (!ask->has_split)
		return ERR_OK;
	err = fetch(l, !down, from, 1);
	*(ask->backward ? &out->next : &out->prev) = l->n > 0;
	return err;
}

enum err_code
customer_list_read(struct site *s, const struct db_context *ctx,
    const struct customer_list *ask, struct customer_page *out, struct err *e)
{
	struct lister l = {
	    .site = s, .ctx = ctx, .ask = ask, .order = ask->order, .e = e};
	enum err_code err;

	assert(db_in_snapshot(s->db));
	memset(out, 0, sizeof(*out));
	if (!ask->text && ask->segment_id == SEGMENT_ALL &&
	    l.order == LIST_SEGMENTED)
		l.order = LIST_CREATED;
	err = read_page(&l, out);
	seq_set_clear(&l.hits);
	return err;
}
