/* Pages: the order of the group, whatever the seqs of its members. */
#include "batch.h"
#include "model/customer.h"

#define CUSTOMERS 3000
#define MEMBERS 1500

static uint64_t seqs[MEMBERS], positions[MEMBERS];
static unsigned n;

static void
add_member(uint64_t seq)
{
	static uint64_t position = 5000;

	seqs[n] = seq;
	positions[n++] = position;
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
		rc = customer_join(
		    db, &one, group.id, positions, seqs, n, 1000, err);
	return rc ? rc : segment_count_add(
	    db, &one, group.id, positions, n, err);
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
page_is_right(uint64_t first, unsigned limit)
{
	struct segment_page at;
	struct buf out = {0};
	const char *p;
	unsigned i, want;

	want = first >= n ? 0 : n - first < limit ? n - (unsigned)first : limit;
	must(segment_seek(site.db, &one, group.id, first, &at, &e), "seek");
	must(customer_page_write(site.db, &one, group.id, &at, limit, &out,
		 no_flush, NULL, &e),
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
		ok(page_is_right(firsts[i], 1000), "1000 from member %u on",
		    firsts[i]);
	for (i = 0; i < MEMBERS; i += 3)
		if (!page_is_right(i, 3))
			break;
	ok(i >= MEMBERS, "pages of three");
}

static void
test_bytes(void)
{
	struct segment_page at = {.position = 5000};
	struct buf out = {0};
	char *id;

	must(customer_page_write(site.db, &one, group.id, &at, 1, &out,
		 no_flush, NULL, &e),
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

	must(customer_page_write(site.db, &two, group.id, &at, 1000, &out,
		 no_flush, NULL, &e),
	    "page");
	is_int((int)out.len, 0, "S12: nothing of another workspace");
	must(customer_page_write(site.db, &two, SEGMENT_ALL, &at, 1000, &out,
		 no_flush, NULL, &e),
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
	return batch_end();
}
