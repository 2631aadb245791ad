/* Seqs of new customers: from the range that a pool shares, and from the
 * counter in the database. */
#include "model/seq.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "model/segment.h"
#include "model/seq_cache.h"
#include "tenant.h"

#define EPOCH 1

static struct seq_cache *cache;

struct wish {
	struct site *site;
	const struct db_context *ctx;
	uint32_t epoch, n;
	uint64_t got;
	bool fails;
};

static enum err_code
body(struct db *db, void *arg, struct err *err)
{
	struct wish *w = arg;
	enum err_code rc;

	(void)db;
	if (w->n)
		rc = seq_reserve(w->site, w->ctx, w->n, &w->got, err);
	else
		rc = seq_take(w->site, w->ctx, w->epoch, &w->got, err);
	if (!rc && w->fails)
		return err_set(err, ERR_CONFLICT, NULL);
	return rc;
}

static uint64_t
run(struct wish w)
{
	enum err_code rc = db_transaction(w.site->db, body, NULL, &w, &e);

	if (rc != ERR_CONFLICT || !w.fails)
		must(rc, "a transaction");
	return w.got;
}

static uint64_t
take(struct site *s, const struct db_context *ctx, uint32_t epoch)
{
	must(seq_prepare(s, ctx, &e), "prepare");
	return run((struct wish){.site = s, .ctx = ctx, .epoch = epoch});
}

static uint64_t
reserve(uint32_t n, bool fails)
{
	return run(
	    (struct wish){.site = &site, .ctx = &one, .n = n, .fails = fails});
}

static uint64_t
counter(const struct db_context *ctx)
{
	struct segment_extent at;

	must(segment_extent(site.db, ctx, SEGMENT_ALL, &at, &e), "extent");
	return at.end;
}

static void
set_counter(const struct db_context *ctx, unsigned to)
{
	char sql[120];

	snprintf(sql, sizeof(sql),
	    "UPDATE segment SET next_position = %u WHERE workspace_id = %u AND"
	    " id = 0",
	    to, ctx->workspace_id);
	tenant_sql(sql);
}

static void
test_without(void)
{
	is_int(take(&site, &two, EPOCH), 0, "without a pool the first seq");
	is_int(counter(&two), 1, "is reserved by itself");
	run((struct wish){
	    .site = &site, .ctx = &two, .epoch = EPOCH, .fails = true});
	is_int(
	    take(&site, &two, EPOCH), 1, "what is rolled back was not taken");
}

static void
test_range(void)
{
	uint64_t i, right = 0;

	site.seqs = cache;
	is_int(take(&site, &one, EPOCH), 0, "in a pool the first seq");
	is_int(counter(&one), SEQ_RANGE, "is of a range");
	for (i = 1; i < SEQ_RANGE; i++)
		right += run((struct wish){
		             .site = &site, .ctx = &one, .epoch = EPOCH}) == i;
	is_int(
	    right, SEQ_RANGE - 1, "the others are drawn without the database");
	is_int(counter(&one), SEQ_RANGE, "which was not asked");
	is_int(run((struct wish){.site = &site, .ctx = &one, .epoch = EPOCH}),
	    SEQ_RANGE, "unprepared, the next is reserved by its transaction");
	is_int(take(&site, &one, EPOCH), SEQ_RANGE + 1, "the next range");
	is_int(counter(&one), 2 * SEQ_RANGE + 1, "is reserved once");
	must(seq_prepare(&site, &one, &e), "prepare");
	is_int(counter(&one), 2 * SEQ_RANGE + 1, "and not again");
	is_int(take(&site, &two, EPOCH), 2,
	    "another workspace has another counter");
}

static void
test_upload(void)
{
	uint64_t end = counter(&one), first = reserve(10, false), mine;

	is_int(first, end, "an upload's seqs are behind the range");
	is_int(take(&site, &one, EPOCH), end + 10,
	    "who comes after it draws none that is before");
	end = counter(&one);
	reserve(10, true);
	mine = take(&site, &one, EPOCH);
	ok(mine >= end && mine <= end + 1,
	    "after one that was rolled back it goes on");
	is_int(take(&site, &one, EPOCH), mine + 1, "one by one");
}

static void
test_epoch(void)
{
	uint64_t end = counter(&one);

	is_int(
	    run((struct wish){.site = &site, .ctx = &one, .epoch = EPOCH + 1}),
	    end, "under other keys nothing is drawn that was reserved before");
	tenant_sql("UPDATE account SET key_epoch = 900000");
	is_int(take(&site, &one, 900000), end + 1, "what is reserved then is");
	is_int(take(&site, &one, 900000), end + 2, "and drawn");
	tenant_sql("UPDATE account SET key_epoch = 1");
	seq_drop(&site, &one);
}

/* A backup that was brought back below a running pool. */
static void
test_back(void)
{
	uint64_t last = take(&site, &one, EPOCH), next;

	seq_drop(&site, &one);
	set_counter(&one, 0);
	next = take(&site, &one, EPOCH);
	ok(next > last && next <= last + 2,
	    "a counter that was set back gives nothing that was drawn");
	is_int(counter(&one), next + SEQ_RANGE, "it is brought forward");
	is_int(take(&site, &one, EPOCH), next + 1, "and used again");
	set_counter(&one, 0);
	last = reserve(10, false);
	ok(last > next + 1 && last <= next + 3,
	    "nor does an upload get what was drawn");
	is_int(counter(&one), last + 10, "which brings it forward as well");
	set_counter(&one, 0);
	tenant_sql("UPDATE account SET key_epoch = 5");
	run((struct wish){.site = &site, .ctx = &one, .epoch = 5});
	is_int(take(&site, &one, 5), 1,
	    "with another epoch, as restore leaves it, all begins anew");
	tenant_sql("UPDATE account SET key_epoch = 1");
	set_counter(&one, 1000000);
	seq_drop(&site, &one);
}

static void
test_gone(void)
{
	struct db_context gone = {
	    .account_id = one.account_id, .workspace_id = 4000};
	struct wish w = {.site = &site, .ctx = &gone, .epoch = EPOCH};

	is_int(seq_prepare(&site, &gone, &e), ERR_OK,
	    "nothing is told of a workspace that is gone");
	is_int(db_transaction(site.db, body, NULL, &w, &e), ERR_NO_CUSTOMERS,
	    "but to who takes a seq of it");
}

static void
test_full(void)
{
	struct seq_cache *full = seq_cache_new();
	uint64_t seq;

	for (uint32_t i = 1; i <= SEQ_SLOTS; i++)
		seq_slot_find(full, 100000 + i);
	site.seqs = full;
	seq = counter(&one);
	is_int(take(&site, &one, EPOCH), seq,
	    "a workspace without a slot has its seq reserved");
	is_int(counter(&one), seq + 1, "by itself");
	site.seqs = cache;
	seq_cache_free(&full);
}

#define CHILDREN 4
#define EACH 300

/* A process of a pool; what it took goes into the pipe. */
static pid_t
child(int to, unsigned n)
{
	struct site own;
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(120);
	if (site_open(&server.conf, &own, &e))
		_exit(1);
	own.seqs = cache;
	while (n--) {
		uint64_t seq = take(&own, &one, EPOCH);

		if (write(to, &seq, sizeof(seq)) != sizeof(seq))
			_exit(1);
	}
	_exit(0);
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
test_at_once(void)
{
	static uint64_t list[CHILDREN * EACH];
	uint64_t before = counter(&one), last;
	unsigned n = 0, twice = 0;
	pid_t doomed;
	int fds[2];

	if (pipe(fds))
		abort();
	doomed = child(open("/dev/null", O_WRONLY), 1u << 30);
	for (unsigned i = 0; i < CHILDREN; i++)
		child(fds[1], EACH);
	usleep(100000);
	kill(doomed, SIGKILL);
	close(fds[1]);
	while (n < CHILDREN * EACH &&
	       read(fds[0], &list[n], sizeof(*list)) == sizeof(*list))
		n++;
	while (wait(NULL) > 0)
		;
	close(fds[0]);
	last = n ? list[n - 1] : 0;
	qsort(list, n, sizeof(*list), compare);
	for (unsigned i = 1; i < n; i++)
		twice += list[i] == list[i - 1];
	is_int(n, CHILDREN * EACH, "four processes at once, one killed beside");
	is_int(twice, 0, "no seq is given twice");
	ok(n && list[0] >= before && list[n - 1] < counter(&one),
	    "all are reserved");
	ok(take(&site, &one, EPOCH) > last, "and the next is after them");
	printf("# %ju seqs reserved for %u\n",
	    (uintmax_t)(counter(&one) - before), n);
}

int
main(void)
{
	tenant_begin();
	cache = seq_cache_new();
	test_without();
	test_range();
	test_upload();
	test_epoch();
	test_back();
	test_gone();
	test_full();
	test_at_once();
	site.seqs = NULL;
	seq_cache_free(&cache);
	return tenant_end();
}
