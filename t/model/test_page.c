/* Pages: the order of the group, whatever the seqs of its members. */
#include "batch.h"
#include "model/customer.h"
#include "model/segment.h"

#define CUSTOMERS 3000
#define MEMBERS 1500

static uint64_t seqs[CUSTOMERS]; /* of the members, in order */
static struct member members[CUSTOMERS];
static unsigned n;

static void
add_member(uint64_t seq)
{
	static uint64_t position = 5000;

	seqs[n] = seq;
	members[n++] = (struct member){.position = position, .seq = seq};
	position += n % 7 == 0 ? 3 : 1; /* members may have left */
}

/* Runs, runs with gaps, and members that are nobody's neighbours. */
static void
choose_members(void)
{
	unsigned i;

	for (i = 0; i < 400; i++)
		add_member(i);
	for (i = 0; i < 30; i++)
		add_member(2999 - i * 3);
	for (i = 0; i < 200; i++)
		add_member(400 + i * 2);
	for (i = 0; i < 7; i++)
		add_member(2000 + i);
	for (i = 0; i < 100; i++)
		add_member(801 + i * 5);
	for (i = 0; i < 8; i++)
		add_member(2100 + i);
	for (i = 0; i < 30; i++)
		add_member(2800 - i);
	for (i = 0; n < MEMBERS; i++)
		add_member(1301 + (i < 650 ? i : 850 + i));
}

struct storing {
	struct customer list[CUSTOMERS];
	struct buf profiles;
};

static enum err_code
store(struct db *db, void *arg, struct err *err)
{
	struct storing *s = arg;
	enum err_code rc;

	rc = customer_insert(
	    db, &one, s->list, CUSTOMERS, &s->profiles, 1000, err);
	if (!rc)
		rc = customer_join(db, &one, group.id, members, n, 1000, err);
	return rc ? rc : segment_count_add(db, &one, group.id, members, n, err);
}

static void
store_all(void)
{
	static struct storing s;
	unsigned i;

	for (i = 0; i < CUSTOMERS; i++) {
		struct customer *c = &s.list[i];

		c->seq = i;
		c->key_version = 1;
		c->layout = 1;
		c->at = s.profiles.len;
		rand_uuid(&c->uuid);
		buf_addf(&s.profiles, "{\"n\":%u}", i);
		c->n = s.profiles.len - c->at;
	}
	must(db_transaction(site.db, store, NULL, &s, &e), "store");
	buf_free(&s.profiles);
}

static enum err_code
no_flush(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	return ERR_OK;
}

/* Whether the page from member `first` on is what was put there. */
static bool
page_is_right(uint32_t segment_id, uint64_t first, unsigned limit)
{
	struct segment_page at;
	struct buf out = {0};
	const char *p;
	unsigned i, want;

	want = first >= n ? 0 : n - first < limit ? n - (unsigned)first : limit;
	must(segment_seek(site.db, &one, segment_id, first, limit, &at, &e),
	    "seek");
	must(customer_page_write(
	         &site, &one, segment_id, &at, limit, &out, no_flush, NULL, &e),
	    "page");
	p = out.len ? out.data : "";
	for (i = 0; i < want; i++) {
		p = strstr(p, "{\"n\":");
		if (!p || strtoull(p + 5, NULL, 10) != seqs[first + i])
			break;
		p++;
	}
	if (i < want)
		printf("# member %u of the page\n", i);
	else if (strstr(p, "{\"n\":"))
		i = limit + 1;
	buf_free(&out);
	return i == want;
}

static void
test_group(void)
{
	static const unsigned firsts[] = {0, 1, 395, 400, 429, 500, 629, 630,
	    640, 736, 740, 745, 774, 775, 1400, 1499, 1500};
	size_t i;

	for (i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++)
		ok(page_is_right(group.id, firsts[i], 1000),
		    "1000 from member %u on", firsts[i]);
	for (i = 0; i < MEMBERS; i += 3)
		if (!page_is_right(group.id, i, 3))
			break;
	ok(i >= MEMBERS, "pages of three");
}

static enum err_code
count_all(struct db *db, void *arg, struct err *err)
{
	(void)arg;
	return segment_count_add(
	    db, &one, SEGMENT_ALL, members, CUSTOMERS, err);
}

/* Takes every seventh customer away, as a deletion does. */
static void
delete_some(void)
{
	char sql[500];

	snprintf(sql, sizeof(sql),
	    "DELETE FROM customer WHERE workspace_id = %u AND seq %% 7 = 0",
	    one.workspace_id);
	tenant_sql(sql);
	snprintf(sql, sizeof(sql),
	    "UPDATE segment_bucket b SET live = (SELECT COUNT(*) FROM customer"
	    " c WHERE c.workspace_id = b.workspace_id AND c.seq DIV"
	    " IF(b.level, 32768, 1024) = b.bucket)"
	    " WHERE workspace_id = %u AND segment_id = 0",
	    one.workspace_id);
	tenant_sql(sql);
}

/* The group `all` is one range, with or without holes. */
static void
test_all(void)
{
	static const unsigned firsts[] = {
	    0, 1, 500, 877, 878, 1023, 1024, 1999, 2000, 2500};
	struct segment_page at;
	size_t i;

	for (n = 0; n < CUSTOMERS; n++) {
		seqs[n] = n;
		members[n] =
		    (struct member){.position = n, .seq = n, .fresh = true};
	}
	must(db_transaction(site.db, count_all, NULL, NULL, &e), "count");
	for (i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++)
		ok(page_is_right(SEGMENT_ALL, firsts[i], 1000),
		    "all: 1000 from %u on", firsts[i]);
	delete_some();
	for (n = 0, i = 0; i < CUSTOMERS; i++)
		if (i % 7)
			seqs[n++] = i;
	for (i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++)
		ok(page_is_right(SEGMENT_ALL, firsts[i], 1000),
		    "all with holes: 1000 from %u on", firsts[i]);
	must(segment_seek(site.db, &one, SEGMENT_ALL, 900, 1000, &at, &e),
	    "seek");
	ok(at.ranged, "a deletion leaves a range");
}

static void
test_bytes(void)
{
	struct segment_page at = {.position = 5000};
	struct buf out = {0};
	char *id;

	must(customer_page_write(
	         &site, &one, group.id, &at, 1, &out, no_flush, NULL, &e),
	    "page");
	id = strstr(out.data, "\":\"");
	ok(id && id[39] == '"', "a UUID");
	if (id && id[39] == '"')
		memset(id + 3, 'x', 36);
	is_str(out.data,
	    "{\"customer_id\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\","
	    "\"extended_profile\":{\"n\":0},\"key_version\":1,"
	    "\"created_at\":\"1970-01-01T00:00:01.000Z\","
	    "\"updated_at\":\"1970-01-01T00:00:01.000Z\"}",
	    "a customer as JSON");
	buf_free(&out);
}

static void
test_foreign(void)
{
	struct segment_page at = {0};
	struct buf out = {0};

	must(customer_page_write(
	         &site, &two, group.id, &at, 1000, &out, no_flush, NULL, &e),
	    "page");
	is_int((int)out.len, 0, "S12: nothing of another workspace");
	must(customer_page_write(
	         &site, &two, SEGMENT_ALL, &at, 1000, &out, no_flush, NULL, &e),
	    "page");
	is_int((int)out.len, 0, "S12: not of `all` either");
	buf_free(&out);
}

int
main(void)
{
	batch_begin();
	choose_members();
	store_all();
	test_group();
	test_bytes();
	test_foreign();
	test_all();
	return batch_end();
}
