/* Whose chunk is next: turns between accounts, small jobs, the programs' own,
 * cancelled and given back ones. One worker, which does what it claims. */
#include "batch.h"

#define LARGE 10000
#define CHUNKS 10 /* of it */
#define SMALL 5

struct order {
	const struct db_context *ctx;
	struct job job;
	uint32_t chunks;
	const char *owner;
};

static enum err_code
order_body(struct db *db, void *arg, struct err *err)
{
	struct order *o = arg;

	(void)db;
	if (job_kind_payload(o->job.kind) == JOB_PAYLOAD_RANGE)
		return job_enqueue_range(
		    &site, o->ctx, &o->job, o->job.rows, err);
	return job_enqueue(&site, o->ctx, &o->job, o->chunks, o->owner, err);
}

/* Queues a job of so many rows, a thousand a chunk. */
static struct job
order(const struct db_context *ctx, enum job_kind kind, uint32_t rows)
{
	struct order o = {.ctx = ctx, .chunks = (rows + 999) / 1000};

	rand_uuid(&o.job.uuid);
	o.job.kind = kind;
	o.job.segment_id = SEGMENT_ALL;
	o.job.columns = "[]";
	o.job.rows = rows;
	o.job.step = 1000;
	must(db_transaction(site.db, order_body, NULL, &o, &e), "order");
	return o.job;
}

static enum err_code
finish_body(struct db *db, void *arg, struct err *err)
{
	struct claim *c = arg;
	struct db_context ctx = {
	    .account_id = c->account_id, .workspace_id = c->workspace_id};
	enum err_code rc = job_chunk_fence(db, &ctx, c, err);

	return rc ? rc : job_chunk_done(&site, &ctx, c, 1, 0, err);
}

/* Does the next chunk; false if none is left. */
static bool
next(struct claim *c)
{
	enum err_code rc = job_claim(&site, "w", c, NULL, &e);

	if (rc == ERR_NOT_FOUND)
		return false;
	must(rc, "claim");
	must(db_transaction(site.db, finish_body, NULL, c, &e), "finish");
	return true;
}

static bool
is_of(const struct claim *c, const struct job *job)
{
	return !memcmp(&c->job, &job->uuid, sizeof(c->job));
}

static void
drain(void)
{
	struct claim c;

	while (next(&c))
		;
}

static void
test_small(void)
{
	struct job small;
	struct claim c;
	int i;

	for (i = 0; i < 20; i++)
		order(&one, JOB_KIND_UPLOAD, LARGE);
	for (i = 0; i < 3; i++)
		next(&c);
	small = order(&two, JOB_KIND_UPLOAD, SMALL);
	ok(next(&c) && is_of(&c, &small),
	    "a small job of another account is next, before 197 chunks");
	small = order(&one, JOB_KIND_UPLOAD, SMALL);
	ok(next(&c) && is_of(&c, &small), "and so is one of the same account");
	must(job_claim(&site, "w", &c, NULL, &e), "a chunk in hand");
	small = order(&two, JOB_KIND_UPLOAD, 100);
	must(db_transaction(site.db, finish_body, NULL, &c, &e), "is done");
	ok(next(&c) && is_of(&c, &small),
	    "it waits for the chunk in hand alone");
	drain();
}

/* How many of the next n chunks are of `ctx`'s account. */
static int
count_of(const struct db_context *ctx, int n)
{
	struct claim c;
	int got = 0;

	while (n-- && next(&c))
		got += c.account_id == ctx->account_id;
	return got;
}

static void
test_turns(void)
{
	struct claim c;
	int i, got;

	for (i = 0; i < 5; i++)
		order(&one, JOB_KIND_UPLOAD, LARGE);
	for (i = 0; i < 20; i++)
		next(&c);
	for (i = 0; i < 5; i++)
		order(&two, JOB_KIND_UPLOAD, LARGE);
	got = count_of(&one, 20);
	ok(got >= 9 && got <= 11,
	    "two accounts take turns: %d of 20, whatever one had before", got);
	drain();
	order(&two, JOB_KIND_UPLOAD, LARGE);
	order(&one, JOB_KIND_UPLOAD, LARGE);
	got = count_of(&one, 10);
	ok(got >= 4 && got <= 6, "after an idle time too: %d of 10", got);
	drain();
}

static void
test_stream(void)
{
	struct job large = order(&one, JOB_KIND_UPLOAD, LARGE);
	struct claim c;
	int left = CHUNKS, smalls = 0;

	while (left && smalls < 1000) {
		order(&two, JOB_KIND_UPLOAD, 100);
		smalls++;
		must(next(&c) ? ERR_OK : err_set(&e, ERR_NOT_FOUND, NULL),
		    "next");
		left -= is_of(&c, &large);
	}
	is_int(left, 0, "a large job ends while small ones come without end");
	ok(smalls > 3 * CHUNKS, "which go before it: %d", smalls);
	drain();
}

static void
test_own(void)
{
	struct job own = order(&one, JOB_KIND_CONVERT, LARGE);
	struct claim c;
	int i, first = 0, upto = 0;

	order(&one, JOB_KIND_UPLOAD, LARGE);
	for (i = 1; i <= 20 && next(&c); i++) {
		if (!is_of(&c, &own))
			continue;
		first = first ? first : i;
		upto += i <= 10;
	}
	ok(first > 1 && first <= 6,
	    "the programs' own jobs go behind rows, and yet on: %d", first);
	ok(upto <= 3, "at a fraction of their rate: %d of 10", upto);
	drain();
}

static void
test_cancelled(void)
{
	struct job jobs[10];
	int i, got;

	for (i = 0; i < 10; i++)
		jobs[i] = order(&one, JOB_KIND_UPLOAD, LARGE);
	for (i = 0; i < 10; i++)
		must(job_cancel(&site, &one, &jobs[i], &e), "cancel");
	ok(count_of(&one, 1) == 0, "cancelled jobs leave the queue");
	order(&two, JOB_KIND_UPLOAD, LARGE);
	order(&one, JOB_KIND_UPLOAD, LARGE);
	got = count_of(&one, 10);
	ok(got >= 4 && got <= 6, "and are not held against anyone: %d", got);
	drain();
}

static void
test_given_back(void)
{
	struct order o = {.ctx = &two, .chunks = 1, .owner = "request"};
	struct claim c;

	order(&one, JOB_KIND_UPLOAD, LARGE);
	rand_uuid(&o.job.uuid);
	o.job.kind = JOB_KIND_UPLOAD;
	o.job.columns = "[]";
	o.job.rows = 5;
	must(db_transaction(site.db, order_body, NULL, &o, &e), "inline");
	ok(next(&c) && !is_of(&c, &o.job),
	    "what a request works on is nobody else's");
	must(job_release(site.db, "request", &e), "release");
	ok(next(&c) && is_of(&c, &o.job), "given back, it is the first");
	drain();
}

int
main(void)
{
	batch_begin();
	test_small();
	test_turns();
	test_stream();
	test_own();
	test_cancelled();
	test_given_back();
	return batch_end();
}
