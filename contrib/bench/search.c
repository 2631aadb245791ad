/*
 * What a search costs, at the level of the model: contrib/bench/README.
 *
 *   search CONF ACCOUNT WORKSPACE fill N     N customers' texts (no customers)
 *   search CONF ACCOUNT WORKSPACE pend N     N of them changed, one by one
 *   search CONF ACCOUNT WORKSPACE time RUNS
 *
 * `time` prints, for each kind of search, "NAME P50 P95" in milliseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "model/search.h"
#include "model/search_page.h"
#include "model/segment.h"
#include "vault/rand.h"

#define BATCH 1000
#define RUNS_MAX 1000
#define FIELDS 4

static struct conf *conf;
static struct site site;
static struct db_context ctx;
static struct err e;
static uint64_t customers;

static void
must(enum err_code rc, const char *what)
{
	if (!rc)
		return;
	fprintf(stderr, "%s: %s: %s\n", what, err_text(&e), e.cause);
	exit(1);
}

static struct field fields[FIELDS] = {
    {.id = 16, .name = "email", .searchable = true},
    {.id = 17, .name = "first_name", .searchable = true},
    {.id = 18, .name = "last_name", .searchable = true},
    {.id = 19, .name = "phone", .searchable = true}};
static const struct schema schema = {
    .fields = fields, .n = FIELDS, .layout = 1};

struct putting {
	uint64_t first;
	unsigned n;
	bool fresh, reserve;
};

static enum err_code
put(struct db *db, void *arg, struct err *err)
{
	struct putting *p = arg;
	struct search_batch batch = {.list = {0}};
	struct arena *a = arena_new(65536);
	struct value v[FIELDS];
	struct record r = {.values = v};
	char text[FIELDS][100];
	struct keyring *k;
	uint64_t i;
	int j;
	enum err_code rc = site_keyring(&site, &ctx, &k, err);

	if (!rc && p->reserve)
		rc = segment_reserve(
		    db, &ctx, SEGMENT_ALL, p->n, &p->first, err);
	for (i = p->first; i < p->first + p->n && !rc; i++) {
		snprintf(text[0], 100, "\"customer.%u.ab12cd34@example.com\"",
		    (unsigned)i);
		snprintf(text[1], 100, "\"Zoë %u\"", (unsigned)(i % 97));
		snprintf(text[2], 100, "\"O'Brien-%u\"", (unsigned)(i % 89));
		snprintf(text[3], 100, "\"+44 20 %08u\"", (unsigned)i);
		for (j = 0; j < FIELDS; j++)
			v[j] = (struct value){text[j], strlen(text[j])};
		rc = search_add(&batch, &schema, i, p->fresh, &r, a, err);
	}
	if (!rc)
		rc = search_put(&site, &ctx, k, &batch, err);
	search_batch_free(&batch);
	arena_free(&a);
	return rc;
}

static void
fill(unsigned n)
{
	struct putting p = {.n = BATCH, .fresh = true, .reserve = true};
	unsigned i;

	for (i = 0; i < n; i += BATCH)
		must(db_transaction(site.db, put, NULL, &p, &e), "fill");
}

static void
pend(unsigned n)
{
	struct putting p = {.n = 1};
	uint32_t r;

	while (n--) {
		rand_bytes(&r, sizeof(r));
		p.first = r % customers;
		must(db_transaction(site.db, put, NULL, &p, &e), "pend");
	}
}

struct hits {
	unsigned n, most;
};

static bool
take(uint64_t seq, void *arg)
{
	struct hits *h = arg;

	(void)seq;
	return ++h->n < h->most;
}

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
report(const char *name, int64_t *us, unsigned runs)
{
	qsort(us, runs, sizeof(*us), compare);
	printf("%s %.1f %.1f\n", name, (double)us[runs / 2] / 1000,
	    (double)us[runs * 95 / 100] / 1000);
}

/* A text of which `most` are taken, or, if it has a %u, of one customer. */
static void
time_search(const char *name, const char *text, unsigned most, bool found,
    unsigned runs)
{
	static int64_t us[RUNS_MAX];
	char needle[100];
	struct hits h;
	unsigned i;
	uint32_t r;

	for (i = 0; i < runs; i++) {
		rand_bytes(&r, sizeof(r));
		snprintf(needle, sizeof(needle), text,
		    (unsigned)(customers / 2 + r % (customers / 2)));
		h = (struct hits){.most = most};
		us[i] = now_us();
		must(search_scan(&site, &ctx, needle, strlen(needle),
		         r & 1 ? UINT64_MAX : 0, r & 1, take, &h, &e),
		    "search");
		us[i] = now_us() - us[i];
		if (!h.n == found) {
			fprintf(stderr,
			    "%s: found %u: more --rows are wanted\n", name,
			    h.n);
			exit(1);
		}
	}
	report(name, us, runs);
}

/* The rows alone, and with what is sealed opened. */
static void
time_rows(const char *name, bool opens, unsigned runs)
{
	static int64_t us[RUNS_MAX];
	struct search_page page;
	struct buf plain = {0};
	struct db_rows *r;
	struct keyring *k;
	const char *s;
	unsigned i;
	size_t n;

	for (i = 0; i < runs; i++) {
		us[i] = now_us();
		must(site_keyring(&site, &ctx, &k, &e), "keys");
		must(db_query(site.db, &ctx, SQL_SEARCH_BLOCKS,
		         DB_ARGS(db_int(0), db_int(INT64_MAX)), &r, &e),
		    "rows");
		while (db_next(r)) {
			struct page_place at = {
			    .workspace_id = ctx.workspace_id,
			    .number = (uint64_t)db_get_int(r, 0),
			    .part = (uint32_t)db_get_int(r, 1)};

			s = db_get_bytes(r, 2, &n);
			if (opens)
				must(page_open(k, &at, s, n, &plain, &page, &e),
				    "open");
		}
		must(db_done(&r, &e), "rows");
		us[i] = now_us() - us[i];
	}
	buf_free(&plain);
	report(name, us, runs);
}

static void
time_all(unsigned runs)
{
	time_search("page_full", "o'brien", 50, true, runs);
	time_search("one_found", "er.%u.ab12", 50, true, runs);
	time_search("none", "nobody@nowhere", 50, false, runs);
	time_search("none_3", "qzq", 50, false, runs);
	time_search("none_2", "zz", 50, false, runs);
	time_search("none_1", "q", 50, false, runs);
	time_rows("fetch", false, runs);
	time_rows("fetch_open", true, runs);
}

int
main(int argc, char **argv)
{
	static const uint8_t seed[32] = {1};
	unsigned n;

	if (argc != 6)
		return 2;
	vault_setup();
	json_setup(seed);
	must(conf_read(argv[1], &conf, &e), "configuration");
	must(site_open(conf, &site, &e), "site");
	ctx.account_id = (uint32_t)atoi(argv[2]);
	ctx.workspace_id = (uint32_t)atoi(argv[3]);
	n = (unsigned)atoi(argv[5]);
	must(db_one(site.db, &ctx, SQL_SEARCH_END, DB_NOARGS, db_take_u64,
	         &customers, &e),
	    "customers");
	if (!strcmp(argv[4], "fill"))
		fill(n);
	else if (!strcmp(argv[4], "pend"))
		pend(n);
	else
		time_all(n < RUNS_MAX ? n : RUNS_MAX);
	site_close(&site);
	conf_free(&conf);
	return 0;
}
