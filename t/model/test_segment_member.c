/* One customer that comes into a segment or leaves it; pages of segments. */
#include "model/segment.h"
#include "tenant.h"

#define CUSTOMERS 50

static struct segment group, all;
static struct uuid ids[CUSTOMERS];

/* Customers who were uploaded into the group: places and seqs run in step. */
static enum err_code
upload(struct db *db, void *arg, struct err *err)
{
	struct member list[CUSTOMERS];
	uint64_t first;
	unsigned i;
	enum err_code rc =
	    segment_reserve(db, &one, group.id, CUSTOMERS, &first, err);

	(void)arg;
	for (i = 0; i < CUSTOMERS; i++)
		list[i] = (struct member){first + i, 100 + i, true};
	return rc ? rc
	          : segment_count_add(db, &one, group.id, list, CUSTOMERS, err);
}

static void
begin(void)
{
	char sql[500], hex[2 * UUID_LEN + 1];
	unsigned i;

	tenant_begin();
	must(segment_create(site.db, &one, "g", "G", NULL, &group, &e), "g");
	must(segment_find_code(site.db, &one, "all", &all, &e), "all");
	for (i = 0; i < CUSTOMERS; i++) {
		rand_uuid(&ids[i]);
		hex_encode(ids[i].b, UUID_LEN, hex);
		snprintf(sql, sizeof(sql),
		    "INSERT INTO customer (workspace_id, seq, uuid, revision,"
		    " key_version, profile, created_at, updated_at) VALUES"
		    " (%u, %u, UNHEX('%s'), 1, 1, '{}', 5, 6);"
		    "INSERT INTO segment_member VALUES (%u, %u, %u, %u, 7)",
		    one.workspace_id, 100 + i, hex, one.workspace_id, group.id,
		    i, 100 + i);
		tenant_sql(sql);
	}
	must(db_transaction(site.db, upload, NULL, NULL, &e), "upload");
}

/* The members as both levels count them, and whether a page is one range. */
static void
is_counted(unsigned want, bool ranged, const char *what)
{
	struct segment_extent x;
	struct segment_page page;

	must(segment_extent(site.db, &one, group.id, &x, &e), "extent");
	must(segment_seek(site.db, &one, group.id, 0, 1000, &page, &e), "seek");
	is_int(x.members, want, "%s: buckets", what);
	is_int(page.total, want, "%s: blocks", what);
	is_int(page.ranged, ranged, "%s: in step", what);
}

static enum err_code
add(const struct segment *s, const struct uuid *id)
{
	return segment_member_add(&site, &one, s, id, &e);
}

static enum err_code
take(const struct segment *s, const struct uuid *id)
{
	return segment_member_remove(&site, &one, s, id, &e);
}

static void
test_members(void)
{
	struct uuid nobody;

	is_counted(CUSTOMERS, true, "uploaded");
	is_int(add(&group, &ids[3]), ERR_OK, "who is in it stays");
	is_counted(CUSTOMERS, true, "nothing happened");
	is_int(take(&group, &ids[3]), ERR_OK, "one leaves");
	is_counted(CUSTOMERS - 1, false, "one less");
	is_int(take(&group, &ids[3]), ERR_OK, "who is out stays out");
	is_counted(CUSTOMERS - 1, false, "the same");
	is_int(add(&group, &ids[3]), ERR_OK, "and comes again");
	is_counted(CUSTOMERS, false, "all");
	rand_uuid(&nobody);
	is_int(add(&group, &nobody), ERR_NOT_FOUND, "nobody comes");
	is_int(take(&group, &nobody), ERR_NOT_FOUND, "nobody goes");
	is_int(segment_member_add(&site, &two, &group, &ids[3], &e),
	    ERR_NOT_FOUND, "S12: nor does another workspace's");
	is_int(add(&all, &ids[3]), ERR_BAD_REQUEST, "`all` is not joined");
	is_int(take(&all, &ids[3]), ERR_BAD_REQUEST, "nor left");
}

static void
test_gone(void)
{
	struct segment gone = {.id = 99};

	is_int(add(&gone, &ids[1]), ERR_NOT_FOUND, "a segment that is gone");
	is_int(take(&gone, &ids[1]), ERR_OK, "is left by all");
	is_int(segment_find_code(site.db, &two, "g", &gone, &e), ERR_NOT_FOUND,
	    "S12: another workspace's code is none");
}

static enum err_code
stay(void *arg, struct err *err)
{
	(void)err;
	++*(unsigned *)arg;
	return ERR_OK;
}

static void
test_pages(void)
{
	struct segment s;
	struct buf out = {0};
	uint32_t list[3];
	unsigned n, flushed = 0;

	must(segment_create(site.db, &one, "a", "A", NULL, &s, &e), "a");
	must(segment_create(site.db, &one, "b", "B", NULL, &s, &e), "b");
	must(segment_ids(site.db, &one, false, 0, 3, list, &n, &e), "up");
	ok(n == 3 && !list[0] && list[1] == group.id && list[2] == s.id - 1,
	    "upward, as they were made");
	must(segment_ids(site.db, &one, true, s.id, 2, list, &n, &e), "down");
	ok(n == 2 && list[0] == s.id - 1 && list[1] == group.id, "downward");
	must(segment_ids(site.db, &one, true, 0, 2, list, &n, &e), "end");
	is_int(n, 0, "below the first there is none");
	must(segment_range_write(
	         site.db, &one, s.id - 1, s.id, &out, stay, &flushed, &e),
	    "range");
	ok(strstr(out.data, "\"code\":\"a\"") &&
	        strstr(out.data, "},{\"customer_group_id\"") &&
	        strstr(out.data, "\"code\":\"b\""),
	    "some of them");
	is_int(flushed, 2, "flushed after each");
	buf_free(&out);
}

int
main(void)
{
	begin();
	test_members();
	test_gone();
	test_pages();
	return tenant_end();
}
