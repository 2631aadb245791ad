/* Filters of search blocks: made with the texts, renewed by workers, and gone
 * with what they tell of. */
#include <limits.h>

#include "model/search_page.h"
#include "search.h"

/* How many parts may have a text, by their filters; UINT_MAX: one has none. */
static unsigned
count_parts(const char *text)
{
	struct ngram_probe probe;
	struct buf plain = {0};
	struct db_rows *r;
	struct keyring *k;
	const char *sealed;
	unsigned n = 0;
	size_t len;
	bool may;

	ngram_probe_set(&probe, text, strlen(text));
	must(site_keyring(&site, &one, &k, &e), "keys");
	must(db_query(site.db, &one, SQL_SEARCH_FILTERS,
	         DB_ARGS(db_int(0), db_int(INT64_MAX)), &r, &e),
	    "filters");
	while (db_next(r) && n != UINT_MAX) {
		struct page_place at = {.workspace_id = one.workspace_id,
		    .number = (uint64_t)db_get_int(r, 0),
		    .part = (uint32_t)db_get_int(r, 1)};

		sealed = db_get_bytes(r, 2, &len);
		if (sealed)
			must(page_may_have(
			         k, &at, sealed, len, &plain, &probe, &may, &e),
			    "filter");
		n = sealed ? n + may : UINT_MAX;
	}
	must(db_done(&r, &e), "filters");
	buf_free(&plain);
	return n;
}

/* Blocks 4 and 5, of which filters are looked at first. */
#define FILTER_FIRST 4096
#define FILTER_COUNT 1600

static void
test_filters(void)
{
	static uint64_t seqs[FILTER_COUNT];
	static char names[FILTER_COUNT][30], *list[FILTER_COUNT];
	unsigned i;
	bool done;

	for (i = 0; i < FILTER_COUNT; i++) {
		seqs[i] = FILTER_FIRST + i;
		snprintf(names[i], sizeof(names[i]), "\"%s %u\"",
		    i == 1500 ? "Quixote" : "Sancho", i);
		list[i] = names[i];
	}
	search_set(seqs, FILTER_COUNT, list);
	is_int(count_parts("sancho"), 2, "a filter a part");
	is_int(count_parts("quixote"), 1, "that tells of what is in it");
	is_int(count_parts("windmill"), 0, "and mostly not of what is not");
	ok(search_for("xote 15", 0, false, 9)->n == 1, "who is there is found");
	search_delete(seqs + 1500, 1);
	is_int(count_parts("quixote"), 0,
	    "S24: in no filter is anything left of who was deleted");
	tenant_sql("UPDATE search_block SET filter = NULL");
	ok(count_parts("sancho") == UINT_MAX &&
	        search_for("o 1599", 0, false, 9)->n == 1,
	    "without filters everybody is found");
	tenant_sql("REPLACE search_due SELECT id, account_id, 0 FROM "
	           "workspace WHERE id = 1");
	must(search_merge(&site, 10000, &done, &e), "merge");
	ok(!done && !search_is_due() && count_parts("sancho") == 2 &&
	        !count_parts("quixote"),
	    "a worker makes them");
	ok(search_for("o 1599", UINT64_MAX, true, 9)->n == 1, "as they were");
	search_delete(seqs, 1500);
	search_delete(seqs + 1501, FILTER_COUNT - 1501);
}

int
main(void)
{
	search_begin();
	test_filters();
	return search_end();
}
