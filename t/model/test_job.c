/* Jobs: queue, claims, fence, retry, release, the mark, the report. */
#include <unistd.h>

#include "base/clock.h"
#include "batch.h"

static const char *const rows[] = {"a@x.org||Ann|gold", "b@x.org||Bea|tin",
    "c@x.org||Cy|", "d@x.org|dan|Dan|", "e@x.org|||"};

static int64_t wait_ms;

static void
queue(struct batch *b, unsigned per_chunk, const char *owner)
{
	memset(b, 0, sizeof(*b));
	b->rows = rows;
	b->n = 5;
	b->per_chunk = per_chunk;
	b->owner = owner;
	batch_queue(b, group.id, EXISTING_ERROR);
}

static enum err_code
claim(struct claim *c, const char *owner)
{
	return job_claim(&site, owner, c, &wait_ms, &e);
}

struct step {
	struct claim *claim;
	unsigned succeeded, failed;
};

static enum err_code
finish_body(struct db *db, void *arg, struct err *err)
{
	struct step *s = arg;
	enum err_code rc = job_chunk_fence(db, &one, s->claim, err);

	return rc ? rc
	          : job_chunk_done(
	                &site, &one, s->claim, s->succeeded, s->failed, err);
}

static enum err_code
finish(struct claim *c, unsigned succeeded, unsigned failed)
{
	struct step s = {c, succeeded, failed};

	return db_transaction(site.db, finish_body, NULL, &s, &e);
}

static void
test_life(void)
{
	struct batch b;
	struct claim c[3], more;
	struct buf packed = {0};
	unsigned i, seen = 0;

	is_int(claim(&more, "w1"), ERR_NOT_FOUND, "an empty queue");
	is_int(wait_ms, -1, "says so");
	queue(&b, 2, NULL);
	is_str(job_state_name(b.job.state), "queued", "a job is queued");
	for (i = 0; i < 3; i++) {
		must(claim(&c[i], "w1"), "claim");
		seen |= 1u << c[i].n;
		is_int(c[i].attempt, 1, "first try");
	}
	is_int(seen, 7, "each chunk once");
	is_int(claim(&more, "w2"), ERR_NOT_FOUND, "nothing is left");
	ok(wait_ms > 0 && wait_ms <= server.conf.worker_lease,
	    "until a lease runs out");
	batch_read(&b);
	is_str(job_state_name(b.job.state), "running", "now it runs");
	ok(b.job.started_at >= b.job.created_at, "since it started");
	must(job_chunk_get(&site, &one, &c[0], &packed, &e), "get");
	ok(packed.len > 0, "a payload opens");
	buf_free(&packed);
	more = c[0];
	more.attempt++;
	is_int(finish(&more, 1, 0), ERR_SUPERSEDED, "another try has no claim");
	is_int(finish(&c[0], 1, 1), ERR_OK, "a claim of one's own ends");
	is_int(job_chunk_mark(site.db, &one, &c[0], &e), ERR_OK,
	    "the mark says so");
	is_int(job_chunk_mark(site.db, &one, &c[1], &e), ERR_NOT_FOUND,
	    "not of others");
	must(finish(&c[1], 2, 0), "second");
	batch_read(&b);
	is_str(job_state_name(b.job.state), "running", "still runs");
	must(finish(&c[2], 1, 0), "third");
	batch_read(&b);
	is_str(job_state_name(b.job.state), "completed_with_errors",
	    "the last chunk ends the job");
	is_int(b.job.processed, 5, "processed");
	is_int(b.job.succeeded, 4, "succeeded");
	is_int(b.job.failed, 1, "failed");
	ok(b.job.finished_at >= b.job.started_at, "it is finished");
	is_int(claim(&more, "w1"), ERR_NOT_FOUND, "the queue is empty");
	is_int(wait_ms, -1, "again");
}

static void
test_places(void)
{
	struct batch x, y;
	struct claim c;

	queue(&x, 5, NULL);
	queue(&y, 5, NULL);
	is_int((int64_t)(y.job.first_seq - x.job.first_seq), 5,
	    "jobs have places of their own among all");
	is_int((int64_t)(y.job.first_position - x.job.first_position), 5,
	    "and in the group");
	while (!claim(&c, "w"))
		must(finish(&c, 5, 0), "finish");
	batch_read(&x);
	is_str(job_state_name(x.job.state), "completed", "without errors");
}

static void
test_superseded(void)
{
	struct batch b;
	struct claim slow, fast;
	struct buf packed = {0};

	server.conf.worker_lease = 100;
	queue(&b, 5, NULL);
	must(claim(&slow, "slow"), "claim");
	usleep(130000);
	must(claim(&fast, "fast"), "a lease that ran out is taken over");
	is_int(fast.attempt, 2, "as the second try");
	is_int(finish(&slow, 5, 0), ERR_SUPERSEDED,
	    "S39: the first owner fails at the fence");
	is_int(job_chunk_mark(site.db, &one, &slow, &e), ERR_NOT_FOUND,
	    "and has changed nothing");
	must(finish(&fast, 5, 0), "the second ends it");
	is_int(finish(&fast, 5, 0), ERR_SUPERSEDED, "S39: and only once");
	is_int(job_chunk_get(&site, &one, &fast, &packed, &e), ERR_SUPERSEDED,
	    "the payload is gone");
	batch_read(&b);
	is_int(b.job.processed, 5, "counted once");
	is_int(b.job.attempts, 2, "two tries");
	server.conf.worker_lease = 30000;
	buf_free(&packed);
}

static void
test_retry(void)
{
	struct batch b;
	struct claim c, again;
	struct buf packed = {0};
	int i, tries;

	server.conf.worker_backoff = 300;
	server.conf.worker_backoff_max = 400;
	queue(&b, 5, NULL);
	for (i = 1; i <= 3; i++) {
		for (tries = 0; claim(&c, "w") && tries < 4000; tries++)
			usleep(5000);
		is_int(c.attempt, i, "try %d", i);
		job_chunk_retry(&site, &one, &c);
		is_int(claim(&again, "w"), ERR_NOT_FOUND, "not due at once");
		if (i < 3)
			ok(wait_ms >= 0 && wait_ms <= 400, "but after backoff");
	}
	is_int(wait_ms, -1, "the last try empties the queue");
	batch_read(&b);
	is_str(job_state_name(b.job.state), "failed", "and the job fails");
	is_int(job_chunk_get(&site, &one, &c, &packed, &e), ERR_SUPERSEDED,
	    "its payloads go at once");
	buf_free(&packed);
	ok(b.job.finished_at > 0, "it is finished");
}

static void
test_release(void)
{
	struct batch b;
	struct claim c;
	char self[JOB_OWNER_MAX], dead[JOB_OWNER_MAX], *colon;

	queue(&b, 5, NULL);
	must(claim(&c, "gone"), "claim");
	must(job_release(site.db, "other", &e), "release another's");
	is_int(claim(&c, "w"), ERR_NOT_FOUND, "frees nothing");
	must(job_release(site.db, "gone", &e), "release");
	job_owner(self);
	must(claim(&c, self), "a freed chunk is due");
	must(job_release_dead(site.db, &e), "the dead");
	is_int(claim(&c, "w"), ERR_NOT_FOUND, "a living owner keeps it");
	must(job_release(site.db, self, &e), "release");
	strcpy(dead, self);
	colon = strrchr(dead, ':');
	snprintf(colon, sizeof(dead) - (size_t)(colon - dead), ":12");
	must(claim(&c, dead), "the same process id, started earlier");
	must(job_release_dead(site.db, &e), "the dead");
	must(claim(&c, "w"), "is freed");
	must(finish(&c, 5, 0), "finish");
}

/* A chunk that ends every process that claims it. */
static void
test_hopeless(void)
{
	struct batch b;
	struct claim c;
	int i;

	queue(&b, 5, NULL);
	for (i = 0; i < CLAIMS_PER_TRY * server.conf.worker_attempts; i++) {
		must(claim(&c, "w"), "claim");
		must(job_release(site.db, "w", &e), "release");
	}
	is_int(claim(&c, "w"), ERR_NOT_FOUND, "one claim too many");
	batch_read(&b);
	is_str(job_state_name(b.job.state), "failed",
	    "a chunk that nobody survives fails its job");
	is_int(wait_ms, -1, "and leaves the queue");
}

static void
test_inline(void)
{
	struct batch b;
	struct claim c;

	queue(&b, 5, "self");
	is_str(job_state_name(b.job.state), "running", "born claimed: runs");
	is_int(claim(&c, "w"), ERR_NOT_FOUND, "nobody else's");
	c = (struct claim){.account_id = one.account_id,
	    .workspace_id = one.workspace_id,
	    .job = b.job.uuid,
	    .n = 0,
	    .attempt = 1,
	    .owner = "self"};
	is_int(finish(&c, 5, 0), ERR_OK, "its owner ends it");
}

static enum err_code
wrong_body(struct db *db, void *arg, struct err *err)
{
	struct claim *c = arg;
	struct record r = batch_record("d@x.org|d\"an|Dan, Jr.|", 4);
	enum err_code rc = job_chunk_fence(db, &one, c, err);

	if (!rc)
		rc = job_error_put(
		    &site, &one, c, &schema, &r, "email", ROW_UNIQUE, err);
	return rc ? rc : job_chunk_done(&site, &one, c, 4, 1, err);
}

static unsigned flushed;

static enum err_code
count_flush(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	flushed++;
	return ERR_OK;
}

static struct batch reported;

static void
test_report(void)
{
	struct claim c;
	struct buf out = {0};
	struct job job;
	json_t *v, *first;

	queue(&reported, 5, NULL);
	must(claim(&c, "w"), "claim");
	must(db_transaction(site.db, wrong_body, NULL, &c, &e), "wrong row");
	batch_read(&reported);
	server.conf.server_hostname = (char *)"coffer.example:8443";
	must(job_write(&site, &one, "one", &reported.job, arena, &out, &e),
	    "write");
	must(json_read_mem(out.data, out.len, &v, &e), "parse");
	is_str(json_string_value(json_object_get(v, "status")),
	    "completed_with_errors", "status");
	is_str(jv_number(json_object_get(v, "progress")), "1.00", "progress");
	ok(!strncmp(json_string_value(json_object_get(v, "job_id")),
	       "coffer.example:8443/one/upload_customers/", 41),
	    "job id");
	first = json_array_get(json_object_get(v, "errors"), 0);
	is_str(json_string_value(json_object_get(first, "code")), "unique",
	    "an error is listed");
	is_str(jv_number(json_object_get(first, "line")), "5", "its line");
	ok(!strstr(out.data, "d@x.org"), "without the value");
	json_decref(v);
	buf_reset(&out);
	must(job_errors_csv(&site, &one, &reported.job, arena, &out,
	         count_flush, NULL, &e),
	    "csv");
	is_str(out.data,
	    "email,username,name,tier,error_row,error_field,error_code\r\n"
	    "d@x.org,\"d\"\"an\",\"Dan, Jr.\",,4,email,unique\r\n",
	    "the wrong rows as CSV");
	is_int(flushed, 1, "flushed after each");
	is_int(job_find(site.db, &two, &reported.job.uuid, arena, &job, &e),
	    ERR_NOT_FOUND, "S12: another account has no such job");
	buf_reset(&out);
	must(job_list(site.db, &one, JOB_STATES, &out, &e), "list");
	ok(strstr(out.data, " upload completed_with_errors rows=5") != NULL,
	    "the list has it");
	buf_free(&out);
}

static void
test_sweep(void)
{
	struct buf out = {0};

	must(job_sweep(&site, &one, &e), "sweep");
	must(job_errors_csv(&site, &one, &reported.job, arena, &out,
	         count_flush, NULL, &e),
	    "csv");
	is_int(flushed, 2, "kept rows stay for their time");
	tenant_sql("UPDATE job_error SET expires_at = 1");
	must(job_sweep(&site, &one, &e), "sweep");
	must(job_errors_csv(&site, &one, &reported.job, arena, &out,
	         count_flush, NULL, &e),
	    "csv");
	is_int(flushed, 2, "and go after it");
	buf_free(&out);
}

static void
test_check(void)
{
	struct batch b;
	struct uuid id;
	struct db_context as = one;

	queue(&b, 5, "w");
	is_int(job_check(site.db, &one, &b.job, &id, &e), ERR_OK,
	    "a job of the programs runs");
	ok(!memcmp(&id, &workspace_one, sizeof(id)), "in its workspace");
	is_int(job_check(site.db, &two, &b.job, &id, &e), ERR_FORBIDDEN,
	    "S15: not under another account");
	as.account_id = two.account_id;
	is_int(job_check(site.db, &as, &b.job, &id, &e), ERR_FORBIDDEN,
	    "S15: whatever workspace it says");
	b.job.segment_id = 99;
	is_int(job_check(site.db, &one, &b.job, &id, &e), ERR_FORBIDDEN,
	    "S15: not into a group that is gone");
	b.job.segment_id = group.id;
	b.job.user_id = 12345;
	is_int(job_check(site.db, &one, &b.job, &id, &e), ERR_FORBIDDEN,
	    "S15: not for a user who is gone");
}

int
main(void)
{
	batch_begin();
	test_life();
	test_places();
	test_superseded();
	test_retry();
	test_release();
	test_hopeless();
	test_inline();
	test_report();
	test_sweep();
	test_check();
	return batch_end();
}
