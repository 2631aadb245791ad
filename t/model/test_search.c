/* Search: what matches, and the same as a plain look through all values,
 * whatever was made, changed, deleted and merged before. */
#include "search.h"

#define OPS 70
#define CHECK_EVERY 5

static struct arena *scratch;
static uint32_t state = 12345;

/* Below n; the same in every run. */
static uint32_t
draw(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(state >> 4) * n >> 28);
}

/* Value (JSON), text looked for, whether it is found. */
static const struct {
	const char *json, *text;
	bool found;
} matches[] = {
    {"\"Ann Example\"", "ann", true},
    {"\"Ann Example\"", "N E", true},
    {"\"Ann Example\"", "ann example", true},
    {"\"Ann Example\"", "ann example ", false},
    {"\"Ann Example\"", " ann", false},
    {"\" Ann \"", " ANN ", true},
    {"\"Ann Example\"", "annexample", false},
    {"\"a\"", "a", true},
    {"\"a\"", "aa", false},
    {"\"Straße\"", "STRASSE", true},
    {"\"STRASSE\"", "straße", true},
    {"\"STRASSE\"", "ß", true},
    {"\"Straße\"", "s", true},
    {"\"Istanbul\"", "i", true},
    {"\"İstanbul\"", "i", true},
    {"\"İstanbul\"", "İ", true},
    {"\"ısı\"", "I", false},
    {"\"ısı\"", "ı", true},
    {"\"ΟΔΥΣΣΕΥΣ\"", "οδυσσευς", true},
    {"\"Οδυσσεύς\"", "ΟΔΥΣΣΕΎΣ", true},
    {"\"Οδυσσεύς\"", "σ", true},
    {"\"caf\\u00e9\"", "cafe\xcc\x81", true},
    {"\"cafe\\u0301\"", "CAF\xc3\x89", true},
    {"\"caf\\u00e9\"", "cafe", false},
    {"\"I \\ud83d\\ude00 you\"", "\xf0\x9f\x98\x80", true},
    {"\"I \\ud83d\\ude00 you\"", "\xf0\x9f\x98\x81", false},
    {"\"quote\\\" back\\\\ slash\"", "\" back\\ ", true},
    {"\"tab\\there\"", "tab\there", true},
    {"\"%_'; DROP TABLE\"", "%_'; drop", true},
    {"\"ﬁnance\"", "fin", true},
    {"\"Джон\"", "дЖ", true},
    {"\"東京都\"", "京", true},
    {"\"\"", "a", false},
    {"null", "null", false},
};

static void
test_matches(void)
{
	unsigned i, n = sizeof(matches) / sizeof(matches[0]);
	uint64_t seq;
	char *json;

	for (i = 0; i < n; i++) {
		seq = i;
		json = (char *)(uintptr_t)matches[i].json;
		search_set(&seq, 1, &json);
		ok(search_for(matches[i].text, seq, false, 1)->n ==
		            matches[i].found ||
		        search_for(matches[i].text, seq, false, 1)->seqs[0] !=
		            seq,
		    "%s %s %s", matches[i].json,
		    matches[i].found ? "has" : "has not", matches[i].text);
		search_delete(&seq, 1);
	}
}

/* Each value by itself: no hit crosses two, and it does not matter which. */
static void
test_values(void)
{
	static struct putting p;
	uint64_t seq = 5;

	values[5] = strdup("\"Ann\"");
	p = (struct putting){.seqs = &seq,
	    .n = 1,
	    .fresh = {true},
	    .note = "\"not looked through\"",
	    .sum = "1500.00",
	    .tags = "[\"red\",\"Blue\",7.50]"};
	must(db_transaction(site.db, search_store, NULL, &p, &e), "put");
	ok(search_for("ann", 0, false, 9)->n == 1, "the first value");
	ok(search_for("1500.00", 0, false, 9)->n == 1, "digits of a number");
	ok(search_for("00.0", 0, false, 9)->n == 1, "within it");
	ok(search_for("BLUE", 0, false, 9)->n == 1, "an element of an array");
	ok(search_for("7.50", 0, false, 9)->n == 1, "which may be a number");
	ok(search_for("looked", 0, false, 9)->n == 0, "no other field");
	ok(search_for("redblue", 0, false, 9)->n == 0, "not over elements");
	ok(search_for("ann1500", 0, false, 9)->n == 0, "not over fields");
	ok(search_for("\"", 0, false, 9)->n == 0, "no punctuation of JSON");
	ok(search_for(",", 0, false, 9)->n == 0, "nor between elements");
	search_delete(&seq, 1);
	ok(search_for("ann", 0, false, 9)->n == 0, "gone when deleted");
}

static void
test_long(void)
{
	static char json[70000], text[20000];
	uint64_t seq = 4000;
	char *p = json;
	unsigned i;

	*p++ = '"';
	for (i = 0; i < 15990; i++)
		p += sprintf(p, "%s", i % 2 ? "ß" : "x");
	strcpy(p, "needle\"");
	p = json;
	search_set(&seq, 1, &p);
	for (i = 0; i < 300; i++)
		memcpy(text + i * 3, "xss", 3);
	strcpy(text + 900, "x");
	ok(search_for(text, 0, false, 9)->n == 1, "a text of 901 characters");
	strcpy(text + 900, "y");
	ok(search_for(text, 0, false, 9)->n == 0, "that is not there");
	ok(search_for("NEEDLE", 0, false, 9)->n == 1, "at a long value's end");
	search_delete(&seq, 1);
}

/* The plain way. */
static bool
has(uint64_t seq, const char *folded)
{
	return values[seq] && strstr(values[seq], folded) != NULL;
}

static bool
same(const struct found *f, const char *text, uint64_t from, bool down,
    unsigned most)
{
	uint64_t i, seq;
	unsigned n = 0;
	size_t len;
	const char *folded = utf8_fold_whole(scratch, text, strlen(text), &len);

	for (i = 0; i < MOST && n < most; i++) {
		seq = down ? MOST - 1 - i : i;
		if ((down ? seq > from : seq < from) || !has(seq, folded))
			continue;
		if (n >= f->n || f->seqs[n] != seq) {
			printf("# %s: customer %u is not found\n", text,
			    (unsigned)seq);
			return false;
		}
		n++;
	}
	if (n != f->n)
		printf("# %s: %u found, not %u\n", text, f->n, n);
	return n == f->n;
}

static const char *const words[] = {"ann", "BOB", "Straße", "Zoë", "İnci",
    "ΣΊΣΥΦΟΣ", "x", "😀", "a a", "o'brien"};
#define WORDS (sizeof(words) / sizeof(words[0]))

static char *
make_name(void)
{
	struct buf out = {0};
	unsigned i, n = draw(4);
	char *json;

	buf_addc(&out, '"');
	for (i = 0; i < n; i++)
		buf_addf(&out, "%s%u", words[draw(WORDS)], draw(100));
	if (!draw(40)) /* a long one: pages get full */
		for (i = 0; i < 2000; i++)
			buf_addf(&out, "lorem%u", draw(10));
	buf_addc(&out, '"');
	json = draw(15) ? strdup(out.data) : strdup("null");
	buf_free(&out);
	return json;
}

static unsigned
choose(
    uint64_t *seqs, uint64_t first, unsigned span, unsigned one_in, bool there)
{
	unsigned i, n = 0;

	for (i = 0; i < span && first + i < MOST; i++)
		if ((values[first + i] != NULL) == there && !draw(one_in))
			seqs[n++] = first + i;
	return n;
}

/* Keeps the value as it is looked through, in quotes that nobody looks for. */
static void
fold_value(uint64_t seq)
{
	size_t n;
	const char *folded =
	    utf8_fold_whole(scratch, values[seq], strlen(values[seq]), &n);

	free(values[seq]);
	values[seq] = strdup(strcmp(folded, "null") ? folded : "");
	arena_reset(scratch);
}

static void
set_names(const uint64_t *seqs, unsigned n)
{
	static char *names[MOST];
	unsigned i;

	for (i = 0; i < n; i++)
		names[i] = make_name();
	search_set(seqs, n, names);
	for (i = 0; i < n; i++)
		fold_value(seqs[i]);
	for (i = 0; i < n; i++)
		free(names[i]);
}

static void
operate(void)
{
	static uint64_t seqs[MOST], next;
	uint64_t at = draw(MOST);
	unsigned n, kind = draw(10);
	bool left;

	if (kind < 2 && next < MOST) { /* an upload; rows that failed */
		n = choose(seqs, next, 1 + draw(1000), 1 + draw(2), false);
		next = n ? seqs[n - 1] + 1 : next;
		set_names(seqs, n);
	} else if (kind < 4) { /* a few */
		n = choose(seqs, 0, MOST, 300, true);
		set_names(seqs, n);
	} else if (kind < 5) { /* many that lie together */
		n = choose(seqs, at, 1200, 1 + draw(3), true);
		set_names(seqs, n);
	} else if (kind < 6) {
		n = choose(seqs, at, 300, 1 + draw(30), true);
		search_delete(seqs, n);
	} else {
		must(search_merge_block(
		         &site, &one, at / SEARCH_BLOCK, false, &left, &e),
		    "merge");
	}
}

static bool
check(void)
{
	static const char *const texts[] = {"ann", "b", "SS", "zoe", "ZOË", "i",
	    "σ", "😀", "a a", "7", "'", "lorem1", "m9lo", "ann1b", "nobody",
	    "zq", "lorem77"};
	const char *text = texts[draw(sizeof(texts) / sizeof(texts[0]))];
	unsigned most = draw(2) ? MOST : 1 + draw(60);
	bool down = draw(2);
	uint64_t from = draw(MOST);

	if (draw(2))
		from = down ? UINT64_MAX : 0;
	return same(search_for(text, from, down, most), text, from, down, most);
}

static void
test_random(void)
{
	unsigned i, wrong = 0;

	for (i = 0; i < OPS; i++) {
		operate();
		if (i % CHECK_EVERY == 0)
			wrong += !check();
		if (i == OPS / 2)
			tenant_sql("UPDATE search_block SET filter = NULL"
			           " WHERE block % 2");
		arena_reset(scratch);
	}
	for (i = 0; i < 12; i++)
		wrong += !check();
	ok(!wrong, "exactly what a plain look finds, after %u steps", OPS);
}

static void
take_count(struct db_rows *r, void *arg)
{
	*(unsigned *)arg += 1;
	(void)r;
}

static unsigned
count_rows(enum stmt st)
{
	struct db_rows *r;
	unsigned n = 0;

	must(db_query(site.db, &one, st, DB_ARGS(db_int(0), db_int(INT64_MAX)),
	         &r, &e),
	    "count");
	while (db_next(r))
		take_count(r, &n);
	must(db_done(&r, &e), "count");
	return n;
}

/* Of deleted customers nothing is left, in whichever table it was. */
static void
test_erased(void)
{
	static uint64_t seqs[MOST];
	unsigned n = choose(seqs, 0, MOST, 1, true);

	ok(count_rows(SQL_SEARCH_PENDING) && count_rows(SQL_SEARCH_BLOCKS),
	    "some is pending, some in blocks");
	search_delete(seqs, n);
	ok(!count_rows(SQL_SEARCH_PENDING) && !count_rows(SQL_SEARCH_BLOCKS),
	    "all customers deleted: no row is left");
}

/* What is pending past the bound is merged, and only that. */
static void
test_due(void)
{
	char *name = (char *)(uintptr_t) "\"Due\"";
	uint64_t seq;
	bool done;

	server.conf.worker_search_pending = 3;
	tenant_sql("DELETE FROM search_due");
	for (seq = 0; seq < 2; seq++)
		search_set(&seq, 1, &name);
	ok(!search_is_due(), "two wait");
	must(search_merge(&site, 1000, &done, &e), "merge");
	ok(done && count_rows(SQL_SEARCH_PENDING) == 2, "and are left alone");
	seq = 3000;
	search_set(&seq, 1, &name);
	ok(search_is_due(), "a third one: they are due");
	must(search_merge(&site, 1000, &done, &e), "merge");
	ok(!done && !count_rows(SQL_SEARCH_PENDING) && !search_is_due(),
	    "and merged");
	ok(search_for("due", 0, false, 9)->n == 3, "and found");
	must(search_merge(&site, 1000, &done, &e), "merge");
	ok(done, "nothing more is due");
	tenant_sql("INSERT INTO search_due SELECT id, account_id, 1e15 FROM "
	           "workspace WHERE id = 1");
	must(search_merge(&site, 1000, &done, &e), "merge");
	ok(done, "what another has taken on is left to it");
}

/* A sealed text opens in its place alone. */
static void
test_moved(void)
{
	struct found f = {.most = 9};
	uint64_t seq = 1030;
	char *name = (char *)(uintptr_t) "\"Moved\"";
	bool left;

	search_set(&seq, 1, &name);
	must(search_merge_block(
	         &site, &one, seq / SEARCH_BLOCK, false, &left, &e),
	    "merge");
	tenant_sql("UPDATE search_block SET block = 4 WHERE block = 1");
	ok(search_scan(&site, &one, "moved", 5, 0, false, search_take, &f,
	       &e) == ERR_CRYPTO,
	    "S19: a block's text in another block is refused");
	tenant_sql("UPDATE search_block SET block = 1 WHERE block = 4");
	ok(search_for("moved", 0, false, 9)->n == 1, "and opens in its own");
	tenant_sql("UPDATE search_block SET block = 4, filter = NULL"
	           " WHERE block = 1");
	ok(search_scan(&site, &one, "moved", 5, 0, false, search_take, &f,
	       &e) == ERR_CRYPTO,
	    "nor is it by itself");
	tenant_sql("UPDATE search_block SET block = 1, filter = text"
	           " WHERE block = 4");
	ok(search_scan(&site, &two, "moved", 5, 0, false, search_take, &f,
	       &e) == ERR_OK &&
	        !f.n,
	    "S12: another tenant finds nothing");
}

int
main(void)
{
	search_begin();
	scratch = arena_new(65536);
	test_matches();
	test_values();
	test_long();
	test_random();
	test_erased();
	test_due();
	test_moved();
	arena_free(&scratch);
	return search_end();
}
