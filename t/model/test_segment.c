/* Segments: creation, positions, counts and where pages begin. */
#include "model/segment.h"
#include "tenant.h"

static struct segment group;

static void
test_create(void)
{
	static const char *const bad[] = {"", "A", "-a", "_a", "a b", "a/b",
	    "0123456789012345678901234567890123456789012345678901234567890123"
	    "4"};
	struct segment s;
	char text[UUID_TEXT];

	is_int(told(segment_create(site.db, &one, "vip-1", "V\xc3\xafp \"1\"",
	                NULL, &group, &e),
	           &e),
	    ERR_OK, "a group is made");
	is_int(group.id, 1, "with an id of its own");
	is_int(segment_create(site.db, &one, "vip-1", "x", NULL, &s, &e),
	    ERR_CONFLICT, "a code is taken once");
	is_int(segment_create(site.db, &one, "all", "x", NULL, &s, &e),
	    ERR_CONFLICT, "and `all` is");
	is_int(
	    told(segment_create(site.db, &two, "vip-1", "x", NULL, &s, &e), &e),
	    ERR_OK, "in each workspace");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_int(segment_create(site.db, &one, bad[i], "x", NULL, &s, &e),
		    ERR_BAD_REQUEST, "no code: case %zu", i);
	is_int(segment_create(site.db, &one, "x", "", NULL, &s, &e),
	    ERR_BAD_REQUEST, "a name has a character");
	uuid_format(&group.uuid, text);
	is_int(segment_find(site.db, &one, text, &s, &e), ERR_OK, "found");
	is_int(s.id, group.id, "by its id");
	is_int(segment_find(site.db, &two, text, &s, &e), ERR_NO_CUSTOMERS,
	    "S12: not in another workspace");
	is_int(segment_find(site.db, &one, "vip-1", &s, &e), ERR_NO_CUSTOMERS,
	    "S12: nonsense is answered the same");
}

static void
test_write(void)
{
	char text[UUID_TEXT], want[300];
	struct buf out = {0};

	uuid_format(&group.uuid, text);
	snprintf(want, sizeof(want),
	    "{\"customer_group_id\":\"%s\",\"code\":\"vip-1\",\"name\":"
	    "\"V\xc3\xafp \\\"1\\\"\",\"description\":\"\",\"customers\":0}",
	    text);
	must(segment_write(site.db, &one, &group, &out, &e), "write");
	is_str(out.data, want, "a group as JSON");
	buf_reset(&out);
	must(segment_list_write(site.db, &one, &out, &e), "list");
	ok(strstr(out.data, "[{\"customer_group_id\":\"") == out.data &&
	        strstr(out.data, "\"code\":\"all\""),
	    "the list begins with `all`");
	ok(strstr(out.data, want) && out.data[out.len - 1] == ']',
	    "and has the other group");
	buf_free(&out);
}

struct reservation {
	uint32_t n;
	uint64_t first;
};

static enum err_code
reserve_body(struct db *db, void *arg, struct err *err)
{
	struct reservation *r = arg;

	return segment_reserve(db, &one, group.id, r->n, &r->first, err);
}

static uint64_t
reserve(uint32_t n)
{
	struct reservation r = {.n = n};

	must(db_transaction(site.db, reserve_body, NULL, &r, &e), "reserve");
	return r.first;
}

static enum err_code
reserve_and_fail(struct db *db, void *arg, struct err *err)
{
	enum err_code rc = reserve_body(db, arg, err);

	return rc ? rc : err_set(err, ERR_CONFLICT, NULL);
}

static void
test_reserve(void)
{
	struct reservation r = {.n = 7};

	is_int(reserve(1000), 0, "positions begin at 0");
	is_int(reserve(1), 1000, "and go on");
	is_int(db_transaction(site.db, reserve_and_fail, NULL, &r, &e),
	    ERR_CONFLICT, "what is rolled back");
	is_int(reserve(5), 1001, "was not taken");
	is_int(reserve(1), 1006, "five positions are five");
}

static void
seek(uint64_t member, uint64_t total, uint64_t position, uint32_t skip)
{
	struct segment_page page;

	must(segment_seek(site.db, &one, group.id, member, 1000, &page, &e),
	    "seek");
	is_int(page.total, total, "total, seeking %ju", (uintmax_t)member);
	is_int(page.position, position, "the bucket of %ju", (uintmax_t)member);
	is_int(
	    page.skip, skip, "and what is before %ju in it", (uintmax_t)member);
}

static void
add(uint64_t first, unsigned n, unsigned step)
{
	struct member members[3000];

	for (unsigned i = 0; i < n; i++)
		members[i] = (struct member){
		    .position = first + (uint64_t)i * step, .seq = i};
	must(segment_count_add(site.db, &one, group.id, members, n, &e),
	    "count");
}

static void
test_count(void)
{
	seek(0, 0, INT64_MAX, 0);
	add(0, 1, 1);
	seek(0, 1, 0, 0);
	seek(1, 1, INT64_MAX, 0); /* past the end */
	add(1, 2999, 1);          /* buckets: 1024, 1024, 952 */
	seek(0, 3000, 0, 0);
	seek(1000, 3000, 0, 1000);
	seek(1023, 3000, 0, 1023);
	seek(1024, 3000, 1024, 0);
	seek(2999, 3000, 2048, 951);
	seek(3000, 3000, INT64_MAX, 0); /* past the end */
	add(1 << 20, 300, 1024); /* a bucket each, more than one statement */
	seek(3000, 3300, 1 << 20, 0);
	seek(3299, 3300, (1 << 20) + 299 * 1024, 0);
	add((1 << 20) + 1, 300, 1024); /* the same ones again */
	seek(3001, 3600, 1 << 20, 1);
	seek(3599, 3600, (1 << 20) + 299 * 1024, 1);
}

/* Deleted members leave buckets that are smaller, or empty. */
static void
test_holes(void)
{
	char sql[300];

	snprintf(sql, sizeof(sql),
	    "UPDATE segment_bucket SET live = IF(level = 1, live - 1048,"
	    " IF(bucket = 0, 0, live - 24)) WHERE workspace_id = %u"
	    " AND segment_id = %u AND bucket < IF(level = 1, 1, 2)",
	    one.workspace_id, group.id);
	tenant_sql(sql);
	seek(0, 2552, 1024, 0);
	seek(1000, 2552, 2048, 0);
}

static struct segment uploads;

/* n fresh members from position `first` on, whose seq is `delta` more. */
static void
upload(uint64_t first, unsigned n, uint64_t delta, bool fresh)
{
	struct member members[3000];

	for (unsigned i = 0; i < n; i++)
		members[i] = (struct member){.position = first + i,
		    .seq = first + i + delta,
		    .fresh = fresh};
	must(segment_count_add(site.db, &one, uploads.id, members, n, &e),
	    "count");
}

/* Whether the page is a range of customers, and which. */
static void
range(uint64_t member, bool ranged, uint64_t first, uint64_t end,
    const char *what)
{
	struct segment_page p;

	must(segment_seek(site.db, &one, uploads.id, member, 1000, &p, &e),
	    "seek");
	is_int(p.ranged, ranged, "%s", what);
	if (ranged)
		ok(p.first_seq + p.seq_skip == first && p.end_seq == end,
		    "%s: from %ju, past %u, to %ju", what,
		    (uintmax_t)p.first_seq, p.seq_skip, (uintmax_t)p.end_seq);
}

static void
test_ranges(void)
{
	must(segment_create(site.db, &one, "uploads", "U", NULL, &uploads, &e),
	    "create");
	upload(1000, 1000, 500, true);
	range(0, true, 1500, 2500, "a chunk that came early");
	upload(0, 1000, 500, true);
	range(0, true, 500, 1524, "with the one before it");
	range(700, true, 1200, 2500, "from the middle on");
	range(1100, true, 1600, 2500, "the last page");
	upload(2000, 1500, 700, true);
	range(0, true, 500, 1524, "an upload that came later does not harm");
	range(1500, false, 0, 0, "but where both meet is no range");
	range(2100, true, 2800, 4200, "past where they meet it is again");
	upload(3500, 1, 700, false);
	range(2100, false, 0, 0, "nor where somebody joined");
}

static void
test_apart(void)
{
	struct segment_page page;

	must(segment_seek(site.db, &one, SEGMENT_ALL, 0, 1000, &page, &e),
	    "seek");
	is_int(page.total, 0, "another group counts its own");
	must(segment_seek(site.db, &two, group.id, 0, 1000, &page, &e), "seek");
	is_int(page.total, 0, "S12: and so does another workspace");
}

int
main(void)
{
	tenant_begin();
	test_create();
	test_write();
	test_reserve();
	test_count();
	test_holes();
	test_ranges();
	test_apart();
	server.conf.database_bulk = false;
	site_close(&site);
	must(site_open(&server.conf, &site, &e), "site_open");
	must(segment_create(site.db, &one, "rows", "x", NULL, &group, &e),
	    "a third group, now without array binding");
	is_int(group.id, 3, "ids go on");
	test_count();
	return tenant_end();
}
