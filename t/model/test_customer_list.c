/* Lists of customers: each order, up and down, in pages forward and backward,
 * from any split, is what a sort of all rows says; whether the index of a date
 * is walked, or what passes is gathered. */
#include "model/customer_list.h"
#include "base/json.h"
#include "model/search.h"
#include "model/segment.h"
#include "tenant.h"

#define MOST 6000  /* customers */
#define MOMENTS 61 /* dates: many ties */

/* Who is in a list, and in which order. */
struct row {
	int64_t date;
	uint64_t place, seq;
};
struct wanted {
	struct row rows[MOST];
	unsigned n;
};

/* Customers, as the SQL below stores them. */
static int64_t
created(uint64_t seq)
{
	return 1000 + (int64_t)(seq * 7 % MOMENTS);
}

static int64_t
updated(uint64_t seq)
{
	return 5000 + (int64_t)(seq * 11 % MOMENTS);
}

/* Groups: half of all, spread; a few, spread; a third, which are the newest. */
static bool
is_in(unsigned g, uint64_t seq)
{
	return g == 1   ? seq % 2 == 0
	       : g == 2 ? seq % 97 == 5
	                : created(seq) > 1000 + MOMENTS * 2 / 3;
}

static uint64_t
position(unsigned g, uint64_t seq)
{
	return g == 2 ? MOST - seq : seq + 3;
}

static int64_t
segmented(uint64_t seq)
{
	return 9000 + (int64_t)(seq % 5);
}

static struct arena *arena;
static struct schema schema;

/* A field that is looked through. */
static void
begin(void)
{
	static const char definition[] =
	    "{\"field_name\":\"name\",\"field_type\":\"string\","
	    "\"pii\":true,\"searchable\":true}";
	static const uint8_t seed[32] = {2, 7, 1, 8, 2, 8};
	struct field f;
	json_t *v;

	json_setup(seed);
	tenant_begin();
	arena = arena_new(65536);
	must(json_read_mem(definition, strlen(definition), &v, &e), "parse");
	must(field_from_definition(v, arena, &f, &e), "define");
	must(field_create(site.db, &one, &f, &e), "field");
	json_decref(v);
	must(schema_load(site.db, &one, arena, &schema, &e), "schema");
}

/* Two in three are Ann, one in 600 a rare one. */
static const char *
name_of(uint64_t seq)
{
	return seq % 3 == 0     ? "\"Bob\""
	       : seq % 400 == 0 ? "\"Ann Rare\""
	                        : "\"Ann\"";
}

static enum err_code
store_texts(struct db *db, void *arg, struct err *err)
{
	struct value *v = arena_calloc(arena, schema.n, sizeof(*v));
	const struct field *f = schema_find(&schema, "name", 4);
	struct search_batch batch = {.list = {0}};
	struct record r = {.values = v};
	struct keyring *k;
	uint64_t seq, taken;
	enum err_code rc =
	    segment_reserve(db, &one, SEGMENT_ALL, MOST, &taken, err);

	(void)arg;
	if (!rc)
		rc = site_keyring(&site, &one, &k, err);
	for (seq = 0; seq < MOST && !rc; seq++) {
		v[f - schema.fields].json = name_of(seq);
		v[f - schema.fields].n = (uint32_t)strlen(name_of(seq));
		rc = search_add(&batch, &schema, seq, true, &r, arena, err);
	}
	if (!rc)
		rc = search_put(&site, &one, k, &batch, err);
	search_batch_free(&batch);
	return rc;
}

static const char *const conditions[] = {
    "", "seq % 2 = 0", "seq % 97 = 5", "(seq * 7) % 61 > 61 * 2 div 3"};

static void
store_group(unsigned g)
{
	char sql[1000];
	unsigned live = 0;
	uint64_t seq;

	snprintf(sql, sizeof(sql),
	    "INSERT INTO segment (workspace_id, id, uuid, code, name,"
	    " description, created_at) VALUES (%u, %u, UNHEX(MD5(%u)), 'g%u',"
	    " 'g', '', 0); INSERT INTO segment_member SELECT %u, %u,"
	    " IF(%u = 2, %u - seq, seq + 3), seq, 9000 + seq %% 5 FROM"
	    " seq_0_to_%u WHERE %s",
	    one.workspace_id, g, g, g, one.workspace_id, g, g, MOST, MOST - 1,
	    conditions[g]);
	tenant_sql(sql);
	for (seq = 0; seq < MOST; seq++)
		live += is_in(g, seq);
	snprintf(sql, sizeof(sql),
	    "INSERT INTO segment_bucket VALUES (%u, %u, 1, 0, %u, 0, 1, NULL)",
	    one.workspace_id, g, live);
	tenant_sql(sql);
}

static void
store(void)
{
	char sql[1000];
	unsigned i;

	snprintf(sql, sizeof(sql),
	    "INSERT INTO customer (workspace_id, seq, uuid, revision,"
	    " key_version, profile, created_at, updated_at) SELECT %u, seq,"
	    " UNHEX(MD5(seq)), 1, 1, '{}', 1000 + (seq * 7) %% 61,"
	    " 5000 + (seq * 11) %% 61 FROM seq_0_to_%u;"
	    "INSERT INTO segment_bucket VALUES (%u, 0, 1, 0, %u, 0, %u, NULL)",
	    one.workspace_id, MOST - 1, one.workspace_id, MOST, MOST);
	tenant_sql(sql);
	for (i = 1; i <= 3; i++)
		store_group(i);
	must(db_transaction(site.db, store_texts, NULL, NULL, &e), "texts");
}

static bool
passes(const struct customer_list *l, uint64_t seq)
{
	if (!l->text)
		return !l->segment_id || is_in(l->segment_id, seq);
	return l->ntext == 3 ? seq % 3 != 0 : seq % 3 && seq % 400 == 0;
}

static struct row
row_of(const struct customer_list *l, uint64_t seq)
{
	bool group = !l->text && l->segment_id;
	struct row r = {.place = seq, .seq = seq};

	if (group && (l->order == LIST_JOINED || l->order == LIST_SEGMENTED))
		r.place = position(l->segment_id, seq);
	if (l->order == LIST_CREATED || (l->order == LIST_SEGMENTED && !group))
		r.date = created(seq);
	else if (l->order == LIST_UPDATED)
		r.date = updated(seq);
	else if (l->order == LIST_SEGMENTED)
		r.date = segmented(seq);
	return r;
}

static int
compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static void
sort_all(const struct customer_list *l, struct wanted *out)
{
	struct row swap;
	uint64_t seq;
	unsigned i;

	out->n = 0;
	for (seq = 0; seq < MOST; seq++)
		if (passes(l, seq))
			out->rows[out->n++] = row_of(l, seq);
	qsort(out->rows, out->n, sizeof(*out->rows), compare);
	for (i = 0; i < out->n / 2 && l->descending; i++) {
		swap = out->rows[i];
		out->rows[i] = out->rows[out->n - 1 - i];
		out->rows[out->n - 1 - i] = swap;
	}
}

struct reading {
	const struct customer_list *list;
	struct customer_page *page;
};

static enum err_code
read_body(struct db *db, void *arg, struct err *err)
{
	struct reading *r = arg;

	(void)db;
	return customer_list_read(&site, &one, r->list, r->page, err);
}

static void
read_page(const struct customer_list *l, struct customer_page *out)
{
	struct reading r = {l, out};

	must(db_snapshot(site.db, read_body, &r, &e), "list");
}

/* Whether the page is rows[first, first + n). */
static bool
is_page(const struct customer_page *p, const struct wanted *w, unsigned first,
    unsigned n)
{
	unsigned i;

	if (p->n != n || p->prev != (first > 0) ||
	    p->next != (first + n < w->n))
		return false;
	for (i = 0; i < n; i++)
		if (p->seqs[i] != w->rows[first + i].seq)
			return false;
	return true;
}

/* Goes through the list and back; false where a page is not what it has to
 * be. */
static bool
there_and_back(struct customer_list l, const struct wanted *w)
{
	static struct customer_page p;
	unsigned at = 0, n;

	for (;; at += l.size) {
		n = w->n - at < l.size ? w->n - at : l.size;
		read_page(&l, &p);
		if (!is_page(&p, w, at, n))
			return false;
		if (!p.next)
			break;
		l.has_split = true;
		l.split = p.end;
	}
	for (l.backward = true; at; at -= n) {
		l.has_split = true;
		l.split = p.begin;
		read_page(&l, &p);
		n = at < l.size ? at : l.size;
		if (!is_page(&p, w, at - n, n))
			return false;
	}
	return true;
}

/* Splits that are nobody's: between dates, past the ends. */
static bool
from_anywhere(struct customer_list l, const struct wanted *w)
{
	static struct customer_page p;
	unsigned turn, before, n;
	struct row at;

	l.has_split = true;
	for (turn = 0; turn < 12; turn++) {
		at = w->rows[(turn * 577u) % w->n];
		at.place += turn % 3;
		at.date += turn % 2 && at.date ? 1 : 0;
		if (turn > 9)
			at = turn == 10 ? (struct row){0}
			                : (struct row){INT64_MAX, INT64_MAX, 0};
		for (before = 0; before < w->n; before++)
			if ((compare(&w->rows[before], &at) < 0) ==
			    l.descending)
				break;
		l.split = (struct list_split){at.date, at.place};
		l.backward = turn & 1;
		n = l.backward ? before : w->n - before;
		n = n < l.size ? n : l.size;
		read_page(&l, &p);
		if (!is_page(&p, w, l.backward ? before - n : before, n))
			return false;
	}
	return true;
}

static void
try_list(struct customer_list l, const char *what)
{
	static struct wanted w;
	static const unsigned sizes[] = {1000, 333, 20};
	unsigned i;

	for (i = 0; i < 2; i++) {
		l.descending = i;
		sort_all(&l, &w);
		l.size = sizes[(l.order + i) % 2];
		ok(there_and_back(l, &w), "%s, order %d%s: pages of %u, of %u",
		    what, (int)l.order, i ? ", down" : "", l.size, w.n);
		l.size = sizes[2];
		ok(from_anywhere(l, &w), "%s, order %d%s: from any split", what,
		    (int)l.order, i ? ", down" : "");
	}
}

static void
test_groups(void)
{
	static const char *const names[] = {
	    "all", "half of all", "a few", "the newest third"};
	enum list_order o;
	unsigned g;

	for (g = 0; g <= 3; g++)
		for (o = LIST_JOINED; o <= LIST_UPDATED; o++)
			try_list(
			    (struct customer_list){.segment_id = g, .order = o},
			    names[g]);
}

static void
test_texts(void)
{
	static const enum list_order orders[] = {
	    LIST_JOINED, LIST_CREATED, LIST_UPDATED};
	unsigned i;

	for (i = 0; i < 3; i++) {
		try_list(
		    (struct customer_list){
		        .text = "aNN", .ntext = 3, .order = orders[i]},
		    "a text of many");
		try_list(
		    (struct customer_list){
		        .text = "RARE", .ntext = 4, .order = orders[i]},
		    "a text of few");
	}
}

static void
test_nobody(void)
{
	static struct customer_page p;
	struct customer_list l = {.segment_id = 77, .size = 5};

	for (l.order = LIST_JOINED; l.order <= LIST_UPDATED; l.order++) {
		read_page(&l, &p);
		ok(!p.n && !p.prev && !p.next, "nobody is in no group, %d",
		    (int)l.order);
	}
	l = (struct customer_list){.text = "nobody", .ntext = 6, .size = 5};
	l.order = LIST_CREATED;
	read_page(&l, &p);
	ok(!p.n && !p.prev && !p.next, "nobody has a text");
}

int
main(void)
{
	begin();
	store();
	test_groups();
	test_texts();
	test_nobody();
	schema_release(&schema);
	arena_free(&arena);
	return tenant_end();
}
