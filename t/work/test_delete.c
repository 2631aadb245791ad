/* Deletion beside the queue, at the borders of buckets, in both forms of bulk
 * statements; deletion of a group's members by their positions. */
#include <sys/wait.h>
#include <unistd.h>

#include "model/customer.h"
#include "model/customer_delete.h"
#include "t/work/chunks.h"

#define MANY 2500

/* Deletes customers and says how many there were. */
static unsigned delete (const struct uuid *ids, unsigned n)
{
	bool gone[MANY];
	struct deletion d = {
	    .group = &group, .ids = ids, .n = n, .gone_out = gone};
	unsigned i, told = 0;

	must(customer_delete(&site, &one, &d, arena, &e), "delete");
	for (i = 0; i < n; i++)
		told += gone[i];
	is_int((int)told, (int)d.deleted, "each is told of");
	return d.deleted;
}

static uint64_t
count(uint32_t segment_id)
{
	struct segment_page p;

	must(segment_seek(site.db, &one, segment_id, 0, 1000, &p, &e), "seek");
	return p.total;
}

static enum err_code
no_flush(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	return ERR_OK;
}

/* The ids of the members from `first` on. */
static unsigned
page(uint32_t segment_id, uint64_t first, struct uuid *out)
{
	static const char name[] = "\"customer_id\":\"";
	struct segment_page p;
	struct buf text = {0};
	const char *id;
	unsigned n = 0;

	must(segment_seek(site.db, &one, segment_id, first, 1000, &p, &e),
	    "seek");
	must(customer_page_write(
	         &site, &one, segment_id, &p, 1000, &text, no_flush, NULL, &e),
	    "page");
	buf_addc(&text, '\0');
	for (id = text.data; (id = strstr(id, name)); n++) {
		id += strlen(name);
		uuid_parse(id, UUID_TEXT - 1, &out[n]);
	}
	buf_free(&text);
	return n;
}

static unsigned
everybody(uint32_t segment_id, struct uuid *out)
{
	unsigned n = 0, some;

	do
		n += some = page(segment_id, n, out + n);
	while (some == 1000);
	return n;
}

static struct uuid all[MANY];
static unsigned nall;

/* Deletes every `step`th of those from `first` to before `end`; the others
 * must be what is left, in their order, of the group and of all. */
static void
delete_slice(unsigned first, unsigned end, unsigned step, const char *name)
{
	static struct uuid gone[MANY], left[MANY], got[MANY];
	unsigned i, ngone = 0, nleft = 0;

	for (i = 0; i < nall; i++)
		if (i >= first && i < end && !((i - first) % step))
			gone[ngone++] = all[i];
		else
			left[nleft++] = all[i];
	is_int((int)delete (gone, ngone), (int)ngone, name);
	is_int((int)count(group.id), (int)nleft, "the count of the group");
	is_int((int)count(SEGMENT_ALL), (int)nleft, "the count of all");
	ok(everybody(group.id, got) == nleft &&
	        !memcmp(got, left, nleft * sizeof(*got)),
	    "the group's pages are the others");
	ok(everybody(SEGMENT_ALL, got) == nleft &&
	        !memcmp(got, left, nleft * sizeof(*got)),
	    "and so are those of all");
	is_int((int)delete (gone, ngone), 0, "a second time: nobody");
	memcpy(all, left, sizeof(left));
	nall = nleft;
}

static void
test_borders(bool bulk)
{
	static const char *rows[MANY];
	struct batch b;
	unsigned i;

	server.conf.database_bulk = bulk;
	db_close(site.db);
	for (i = 0; i < MANY; i++)
		rows[i] = arena_printf(
		    arena, "b%u.%d@x.org|u%u.%d||", i, bulk, i, bulk);
	queue_new(&b, rows, MANY, 1000, EXISTING_ERROR);
	apply_all();
	nall = everybody(group.id, all);
	is_int((int)nall, MANY, "all are there");
	delete_slice(1023, 1024, 1, "the last of a bucket");
	delete_slice(1023, 1024, 1, "the first of the next");
	delete_slice(900, 1300, 1, "a run over a border");
	delete_slice(0, 1, 1, "the very first");
	delete_slice(1400, 1500, 3, "every third");
	delete_slice(nall - 1, nall, 1, "the very last");
	delete_slice(0, 700, 1, "most of a bucket");
	delete_slice(0, nall, 7, "every seventh");
	delete_slice(0, nall, 1, "all of them");
}

/* A chunk that is claimed when one of its customers goes. */
static void
test_claimed(void)
{
	static const char *const rows[] = {"ann@x.org|||", "bea@x.org|||"};
	static const char *const more[] = {
	    "ANN@x.org|||gold", "bea@x.org|||tin"};
	struct uuid ids[2];
	struct batch b;
	struct claim c;

	queue_new(&b, rows, 2, 2, EXISTING_ERROR);
	apply_all();
	everybody(group.id, ids);
	queue_new(&b, more, 2, 2, EXISTING_UPDATE);
	must(job_claim(&site, "w", &c, NULL, &e), "claim");
	is_int((int)delete (ids, 1), 1, "deleted while the chunk is claimed");
	must(work_apply(&site, &c, &done, &e), "apply");
	is_int((int)done.succeeded, 1, "the other row is applied");
	is_int((int)done.failed, 1, "hers fails");
	is_int((int)count(SEGMENT_ALL), 1, "and she is not made again");
	is_int((int)delete (ids + 1, 1), 1, "the other goes too");
}

static void
test_range(void)
{
	static const char *const rows[] = {
	    "r0@x.org|||", "r1@x.org|||", "r2@x.org|||", "r3@x.org|||"};
	struct segment_extent x;
	struct batch b;
	uint32_t n;

	queue_new(&b, rows, 4, 4, EXISTING_ERROR);
	apply_all();
	must(segment_extent(site.db, &one, group.id, &x, &e), "extent");
	is_int((int)x.members, 4, "four members");
	ok(x.first <= b.job.first_position && x.end == b.job.first_position + 4,
	    "and where they are");
	must(customer_delete_range(&site, &one, &group, b.job.first_position,
	         b.job.first_position + 2, 0, arena, &n, &e),
	    "delete");
	is_int((int)n, 0, "who came later than the time stays");
	must(customer_delete_range(&site, &one, &group, b.job.first_position,
	         b.job.first_position + 2, INT64_MAX, arena, &n, &e),
	    "delete");
	is_int((int)n, 2, "two of them");
	is_int((int)count(group.id), 2, "two are left");
}

/* An answer that is being kept: its customer is held already. */
struct keeping {
	struct idempotency again;
	struct uuid customer;
	int ready; /* written to when she is held */
};

static enum err_code
keep_body(struct db *db, void *arg, struct err *err)
{
	const struct keeping *k = arg;
	struct buf traces = {0}, answer = {0};
	uint8_t ref[4 + MAC_LEN + 1] = {0};
	struct keyring *ring;
	uint64_t seq;
	bool all_there;
	enum err_code rc =
	    customer_seqs(db, &one, &k->customer, 1, &seq, arena, err);

	if (!rc)
		rc = customer_hold(db, &one, &seq, 1, &all_there, err);
	if (rc || write(k->ready, "", 1) != 1)
		return rc;
	usleep(300000);
	must(site_keyring(&site, &one, &ring, &e), "keyring");
	put_u32(ref, one.user_id);
	sha256(k->again.key, strlen(k->again.key), ref + 4);
	ref[4 + MAC_LEN] = 'r';
	trace_add_customer(&traces, &one, ring, &k->customer);
	buf_adds(&answer, "{}");
	rc = trace_put(
	    db, &one, TRACE_ANSWER, &traces, ref, sizeof(ref), INT64_MAX, err);
	if (!rc)
		rc = idempotency_keep(
		    &site, &one, &k->again, true, 202, &answer, err);
	buf_free(&traces);
	buf_free(&answer);
	return rc;
}

/* The deletion finds no answer, waits for its customer, and then finds it. */
static void
test_answer(void)
{
	static const char *const rows[] = {"kept@x.org|||"};
	struct keeping k = {.again = {.key = "k", .route = "r"}};
	int status, pipes[2];
	struct buf out = {0};
	struct batch b;
	char byte;

	queue_new(&b, rows, 1, 1, EXISTING_ERROR);
	apply_all();
	everybody(group.id, &k.customer);
	db_close(site.db);
	if (pipe(pipes))
		abort();
	k.ready = pipes[1];
	fflush(stdout);
	if (!fork())
		_exit(db_transaction(site.db, keep_body, NULL, &k, &e) != 0);
	is_int((int)read(pipes[0], &byte, 1), 1, "she is held");
	is_int((int)delete (&k.customer, 1), 1, "and deleted");
	wait(&status);
	is_int(status, 0, "the answer was kept");
	is_int(idempotency_find(&site, &one, &k.again, &status, &out, &e),
	    ERR_NOT_FOUND, "and has gone with her");
	close(pipes[0]);
	close(pipes[1]);
	buf_free(&out);
}

int
main(void)
{
	batch_begin();
	test_claimed();
	test_answer();
	test_borders(true);
	test_borders(false);
	test_range();
	return batch_end();
}
