#include "ingest/targets.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/segment.h"

/* A row of the file. */
struct target {
	uint64_t seq; /* of its customer, or CUSTOMER_NONE */
	uint32_t row, line;
	uint16_t named;
};

/* A value of a row that a customer has. */
struct meeting {
	uint64_t owner;
	uint32_t at; /* of the row, in targets */
	uint16_t field;
};

/* A row that waits for its customer. */
struct waiting {
	struct uuid id;
	size_t n; /* bytes of the packed row; 0: it is wrong */
};

struct targets {
	const struct field *const *unique;
	unsigned nunique;
	struct buf list; /* struct target, in order of rows */
	struct buf says; /* a bit a field, nbits bytes a row */
	size_t nbits;
	struct buf meetings;                        /* struct meeting */
	uint8_t connected[ROW_ERRORS_ROWS / 8 + 1]; /* a bit a row */

	struct waiting waiting[DB_LIST_MAX];
	unsigned nwaiting;
	struct buf packed;
	struct arena *scratch;
};

struct targets *
targets_new(const struct field *const *unique, unsigned nunique)
{
	struct targets *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->unique = unique;
	t->nunique = nunique;
	t->nbits = (nunique + 7) / 8;
	t->scratch = arena_new(65536);
	return t;
}

void
targets_free(struct targets **t)
{
	if (!*t)
		return;
	buf_free(&(*t)->list);
	buf_free(&(*t)->says);
	buf_free(&(*t)->meetings);
	buf_free(&(*t)->packed);
	arena_free(&(*t)->scratch);
	free(*t);
	*t = NULL;
}

void
targets_reset(struct targets *t)
{
	buf_reset(&t->list);
	buf_reset(&t->says);
	buf_reset(&t->meetings);
	buf_reset(&t->packed);
	memset(t->connected, 0, sizeof(t->connected));
	t->nwaiting = 0;
}

static struct target *
targets_of(const struct targets *t, unsigned *n_out)
{
	*n_out = (unsigned)(t->list.len / sizeof(struct target));
	return (struct target *)(void *)t->list.data;
}

void
targets_add(struct targets *t, const struct record *r, uint16_t named,
    const char *packed, size_t n)
{
	static const char zeros[(FIELDS_MAX + 7) / 8];
	struct target target = {.seq = CUSTOMER_NONE,
	    .row = r->row,
	    .line = r->line,
	    .named = named};
	struct waiting *w = &t->waiting[t->nwaiting];

	assert(t->nwaiting < DB_LIST_MAX && t->nbits <= sizeof(zeros));
	t->nwaiting++;
	*w = (struct waiting){.n = n};
	if (named == TARGET_BY_ID)
		w->id = r->customer;
	buf_add(&t->list, &target, sizeof(target));
	buf_add(&t->says, zeros, t->nbits);
	buf_add(&t->packed, packed, n);
}

void
targets_says(struct targets *t, unsigned field)
{
	char *bits = t->says.data + t->says.len - t->nbits;

	bits[field / 8] = (char)(bits[field / 8] | 1 << (field % 8));
}

static bool
says(const struct targets *t, unsigned at, unsigned field)
{
	const char *bits = t->says.data + at * t->nbits;

	return bits[field / 8] >> (field % 8) & 1;
}

/* The first of the rows that wait. */
static struct target *
waiting_rows(const struct targets *t)
{
	unsigned n;
	struct target *list = targets_of(t, &n);

	return list + (n - t->nwaiting);
}

static void
meet(void *arg, unsigned at, unsigned field, uint64_t owner)
{
	struct targets *t = arg;
	struct target *target = waiting_rows(t) + at;
	struct meeting m = {.owner = owner, .field = (uint16_t)field};
	unsigned n;

	if (target->named == field) {
		target->seq = owner;
		return;
	}
	m.at = (uint32_t)(target - targets_of(t, &n));
	buf_add(&t->meetings, &m, sizeof(m));
}

/* Finds the customers that rows name by their UUIDs. */
static enum err_code
find_named(struct targets *t, struct db *db, const struct db_context *ctx,
    struct err *e)
{
	struct target *list = waiting_rows(t);
	struct uuid ids[DB_LIST_MAX];
	uint64_t seqs[DB_LIST_MAX];
	unsigned i, n = 0;
	enum err_code err;

	for (i = 0; i < t->nwaiting; i++)
		if (list[i].named == TARGET_BY_ID)
			ids[n++] = t->waiting[i].id;
	err = customer_seqs(db, ctx, ids, n, seqs, t->scratch, e);
	for (i = n = 0; i < t->nwaiting && !err; i++)
		if (list[i].named == TARGET_BY_ID)
			list[i].seq = seqs[n++];
	return err;
}

/* The places of the waiting rows whose customers are known: how many. */
static unsigned
known(const struct targets *t, unsigned *places, uint64_t *seqs)
{
	const struct target *list = waiting_rows(t);
	unsigned i, n = 0;

	for (i = 0; i < t->nwaiting; i++) {
		if (list[i].seq == CUSTOMER_NONE)
			continue;
		places[n] = i;
		seqs[n++] = list[i].seq;
	}
	return n;
}

/* Whoever is not of the group is nobody. */
static enum err_code
check_group(struct targets *t, struct db *db, const struct db_context *ctx,
    uint32_t segment_id, struct err *e)
{
	unsigned places[DB_LIST_MAX], n, i;
	uint64_t seqs[DB_LIST_MAX];
	bool in[DB_LIST_MAX] = {false};
	enum err_code err;

	n = known(t, places, seqs);
	if (segment_id == SEGMENT_ALL || !n)
		return ERR_OK;
	err = customer_members(db, ctx, segment_id, seqs, n, in, t->scratch, e);
	for (i = 0; i < n && !err; i++)
		if (!in[i])
			waiting_rows(t)[places[i]].seq = CUSTOMER_NONE;
	return err;
}

/* Gives the rows that were found by a value their customers' UUIDs. */
static enum err_code
name_found(struct targets *t, struct db *db, const struct db_context *ctx,
    struct err *e)
{
	struct target *list = waiting_rows(t);
	unsigned places[DB_LIST_MAX], n, i, m = 0;
	uint64_t seqs[DB_LIST_MAX];
	struct uuid ids[DB_LIST_MAX];
	bool found[DB_LIST_MAX];
	enum err_code err;

	n = known(t, places, seqs);
	for (i = 0; i < n; i++) {
		if (list[places[i]].named == TARGET_BY_ID)
			continue;
		places[m] = places[i];
		seqs[m++] = seqs[i];
	}
	err = customer_uuids(db, ctx, seqs, m, ids, found, t->scratch, e);
	for (i = 0; i < m && !err; i++) {
		if (found[i])
			t->waiting[places[i]].id = ids[i];
		else
			list[places[i]].seq = CUSTOMER_NONE;
	}
	return err;
}

static const char *
named_by(const struct targets *t, const struct target *target)
{
	return target->named < t->nunique ? t->unique[target->named]->name
	                                  : RECORD_CUSTOMER_ID;
}

static void
add_error(const struct targets *t, const struct target *target,
    const char *field, enum row_code code, const char *text,
    struct row_errors *errs, struct arena *a)
{
	struct cell_error ce = {.code = code};

	(void)t;
	snprintf(ce.text, sizeof(ce.text), "%s", text);
	row_errors_add(errs, a, target->row, target->line, field, &ce);
}

/* Hands on what waits. */
static enum err_code
hand_on(struct targets *t, struct row_errors *errs, struct arena *a,
    unsigned *unknown_out, targets_put *put, void *arg, struct err *e)
{
	struct target *list = waiting_rows(t);
	char *packed = t->packed.data;
	enum err_code err = ERR_OK;
	unsigned i;

	for (i = 0; i < t->nwaiting && !err; i++) {
		const struct waiting *w = &t->waiting[i];

		if (list[i].named == TARGET_UNNAMED)
			continue;
		if (list[i].seq == CUSTOMER_NONE) {
			add_error(t, &list[i], named_by(t, &list[i]),
			    ROW_UNKNOWN, "the group has no such customer", errs,
			    a);
			++*unknown_out;
		} else if (w->n) {
			record_point(packed, &w->id);
			err = put(arg, list[i].row, packed, w->n, e);
		}
		packed += w->n;
	}
	return err;
}

enum err_code
targets_look(struct targets *t, struct existing *x, struct db *db,
    const struct db_context *ctx, uint32_t segment_id, struct row_errors *errs,
    struct arena *a, unsigned *unknown_out, targets_put *put, void *arg,
    struct err *e)
{
	enum err_code err;

	*unknown_out = 0;
	arena_reset(t->scratch);
	err = existing_find(x, db, ctx, meet, t, e);
	if (!err)
		err = find_named(t, db, ctx, e);
	if (!err)
		err = check_group(t, db, ctx, segment_id, e);
	if (!err)
		err = name_found(t, db, ctx, e);
	if (!err)
		err = hand_on(t, errs, a, unknown_out, put, arg, e);
	t->nwaiting = 0;
	buf_reset(&t->packed);
	return err;
}

static int
compare(const void *a, const void *b)
{
	const struct target *const *x = a, *const *y = b;

	if ((*x)->seq != (*y)->seq)
		return (*x)->seq < (*y)->seq ? -1 : 1;
	return ((*x)->row > (*y)->row) - ((*x)->row < (*y)->row);
}

/* The rows by customer, those of one in order. */
static const struct target **
by_customer(const struct targets *t, unsigned n)
{
	const struct target **list =
	    arena_calloc(t->scratch, n, sizeof(const struct target *));
	const struct target *first = targets_of(t, &n);
	unsigned i;

	for (i = 0; i < n; i++)
		list[i] = &first[i];
	qsort(list, n, sizeof(struct target *), compare);
	return list;
}

/* The row about a customer, or NULL. */
static const struct target *
row_about(const struct target *const *list, unsigned n, uint64_t seq)
{
	unsigned low = 0, high = n;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (list[mid]->seq < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && list[low]->seq == seq ? list[low] : NULL;
}

static void
connect(struct targets *t, uint32_t row)
{
	t->connected[row / 8] =
	    (uint8_t)(t->connected[row / 8] | 1u << (row % 8));
}

bool
targets_connected(const struct targets *t, uint32_t row)
{
	return t->connected[row / 8] >> (row % 8) & 1;
}

static void
find_rivals(struct targets *t, const struct target *const *list, unsigned n,
    struct row_errors *errs, struct arena *a)
{
	char text[60];
	unsigned i, first = 0;

	for (i = 1; i < n; i++) {
		if (list[i]->seq != list[first]->seq)
			first = i;
		if (i == first || list[i]->seq == CUSTOMER_NONE)
			continue;
		snprintf(text, sizeof(text),
		    "row %u is about the same customer", list[first]->row);
		add_error(t, list[i], named_by(t, list[i]), ROW_DUPLICATE, text,
		    errs, a);
	}
}

void
targets_judge(struct targets *t, struct row_errors *errs, struct arena *a,
    unsigned *taken_out)
{
	const struct meeting *m = (const void *)t->meetings.data;
	size_t count = t->meetings.len / sizeof(*m);
	const struct target **list, *own, *other;
	unsigned n;

	own = targets_of(t, &n);
	arena_reset(t->scratch);
	list = by_customer(t, n);
	find_rivals(t, list, n, errs, a);
	*taken_out = 0;
	for (; count; count--, m++) {
		const struct target *target = &own[m->at];

		if (target->seq == m->owner || target->seq == CUSTOMER_NONE)
			continue;
		other = row_about(list, n, m->owner);
		if (other && says(t, (unsigned)(other - own), m->field)) {
			connect(t, target->row);
			connect(t, other->row);
			continue;
		}
		add_error(t, target, t->unique[m->field]->name, ROW_UNIQUE,
		    "another customer has this value", errs, a);
		++*taken_out;
	}
}
