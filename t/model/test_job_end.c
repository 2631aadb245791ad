/* How jobs end: cancelled, swept, listed while they are there. */
#include "batch.h"
#include "model/cursor.h"
#include "model/user.h"

static const char *const rows[] = {"a@x.org||Ann|gold", "b@x.org||Bea|tin",
    "c@x.org||Cy|", "d@x.org|dan|Dan|"};

static void
queue(struct batch *b)
{
	memset(b, 0, sizeof(*b));
	b->rows = rows;
	b->n = 4;
	b->per_chunk = 1;
	batch_queue(b, group.id, EXISTING_ERROR);
}

static enum err_code
finish_body(struct db *db, void *arg, struct err *err)
{
	struct claim *c = arg;
	enum err_code rc = job_chunk_fence(db, &one, c, err);

	return rc ? rc : job_chunk_done(&site, &one, c, 1, 0, err);
}

static enum err_code
finish(struct claim *c)
{
	return db_transaction(site.db, finish_body, NULL, c, &e);
}

static enum err_code
claim(struct claim *c)
{
	return job_claim(&site, "w", c, NULL, &e);
}

static void
test_cancel(void)
{
	struct batch b;
	struct claim done, held, more;
	struct buf packed = {0};
	struct job job;

	queue(&b);
	must(claim(&done), "claim");
	must(finish(&done), "finish");
	must(claim(&held), "claim");
	job = b.job;
	is_int(job_cancel(&site, &one, &job, &e), ERR_OK, "a job is cancelled");
	is_str(job_state_name(job.state), "cancelled", "and says so");
	is_int(job.processed, 1, "what was done is counted");
	is_int(job.succeeded, 1, "as it was");
	ok(job.finished_at >= job.started_at, "it is finished");
	is_int(finish(&held), ERR_SUPERSEDED,
	    "a chunk in hand finds its claim gone");
	is_int(job_chunk_get(&site, &one, &held, &packed, &e), ERR_SUPERSEDED,
	    "and its payload");
	is_int(claim(&more), ERR_NOT_FOUND, "nothing of it is left");
	is_int(job_cancel(&site, &one, &job, &e), ERR_CONFLICT, "only once");
	batch_read(&b);
	is_int(b.job.processed, 1, "the counts stay");
	job.kind = JOB_KIND_ROTATE;
	is_int(job_cancel(&site, &one, &job, &e), ERR_CONFLICT,
	    "some kinds have to come to their end");
	ok(strstr(e.text, "rotate") != NULL, "which are named");
	buf_free(&packed);
}

static void
test_list(void)
{
	struct job_filter f = job_filter_all();
	struct job_list *list = arena_alloc(arena, sizeof(*list));
	struct db_context as = one;
	struct batch b[3];
	unsigned i, seen = 0;

	for (i = 0; i < 3; i++)
		queue(&b[i]);
	must(job_list_read(site.db, &one, &f, RIGHT_JOBS, 2, arena, list, &e),
	    "list");
	is_int(list->n, 2, "a page of two");
	ok(list->more, "there is more");
	for (;;) {
		for (i = 0; i < list->n; i++)
			seen++;
		if (!list->more)
			break;
		f.has_place = true;
		f.place.created_at = list->jobs[list->n - 1].created_at;
		f.place.uuid = list->jobs[list->n - 1].uuid;
		queue(&b[0]);
		must(job_list_read(
		         site.db, &one, &f, RIGHT_JOBS, 2, arena, list, &e),
		    "list");
	}
	is_int(seen, 4, "each once, whatever came meanwhile");
	f = job_filter_all();
	f.state = JOB_CANCELLED;
	must(job_list_read(site.db, &one, &f, 0, 10, arena, list, &e), "list");
	is_int(list->n, 1, "by state");
	f = job_filter_all();
	f.kind = JOB_KIND_DELETE;
	must(job_list_read(site.db, &one, &f, 0, 10, arena, list, &e), "list");
	is_int(list->n, 0, "by kind");
	f = job_filter_all();
	must(job_list_read(site.db, &two, &f, 0, 10, arena, list, &e), "list");
	is_int(list->n, 0, "S12: none of another account");
	as.workspace_id = 0;
	as.user_id = 4711;
	must(job_list_read(site.db, &as, &f, RIGHT_JOBS, 10, arena, list, &e),
	    "list");
	is_int(list->n, 0, "none for a user without a role");
}

static int
count(void)
{
	struct job_filter f = job_filter_all();
	struct job_list *list = arena_alloc(arena, sizeof(*list));

	must(job_list_read(site.db, &one, &f, 0, 100, arena, list, &e), "list");
	return (int)list->n;
}

static void
test_retention(void)
{
	struct claim c;
	int before = count();

	while (!claim(&c))
		must(finish(&c), "finish");
	must(job_sweep(&site, &one, &e), "sweep");
	is_int(count(), before, "finished jobs stay for their time");
	tenant_sql("UPDATE job SET finished_at = finished_at - 31 * 86400000"
	           " WHERE state = 'completed' LIMIT 2");
	must(job_sweep(&site, &one, &e), "sweep");
	is_int(count(), before - 2, "and go after it");
	tenant_sql("UPDATE job SET finished_at = NULL, state = 'running'"
	           " WHERE state = 'completed'");
	tenant_sql("UPDATE job SET finished_at = 1 WHERE state = 'cancelled'");
	must(job_sweep(&site, &one, &e), "sweep");
	is_int(count(), before - 3, "cancelled ones too, running ones not");
}

static void
test_cursor(void)
{
	char place[24] = "twenty-four bytes of it", back[24];
	const char *text, *other;
	char changed[100];
	size_t i, n, refused = 0;

	must(cursor_make(
	         &site, &one, "jobs", place, sizeof(place), arena, &text, &e),
	    "make");
	is_int(cursor_read(&site, &one, "jobs", text, back, sizeof(back), &e),
	    ERR_OK, "a cursor is read");
	ok(!memcmp(back, place, sizeof(place)), "as it was made");
	n = strlen(text);
	for (i = 0; i < n; i++) {
		strcpy(changed, text);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		refused += cursor_read(&site, &one, "jobs", changed, back,
		               sizeof(back), &e) == ERR_BAD_REQUEST;
	}
	is_int((int64_t)refused, (int64_t)n, "changed anywhere it is refused");
	is_int(cursor_read(&site, &one, "others", text, back, sizeof(back), &e),
	    ERR_BAD_REQUEST, "so is that of another list");
	is_int(cursor_read(&site, &two, "jobs", text, back, sizeof(back), &e),
	    ERR_BAD_REQUEST, "S12: and that of another account");
	must(cursor_make(&site, &one, "jobs", place, 20, arena, &other, &e),
	    "make");
	is_int(cursor_read(&site, &one, "jobs", other, back, sizeof(back), &e),
	    ERR_BAD_REQUEST, "and one of another length");
	memset(changed, 'x', 99);
	changed[99] = '\0';
	is_int(
	    cursor_read(&site, &one, "jobs", changed, back, sizeof(back), &e),
	    ERR_BAD_REQUEST, "a long one");
	is_int(cursor_read(&site, &one, "jobs", "", back, sizeof(back), &e),
	    ERR_BAD_REQUEST, "an empty one");
}

int
main(void)
{
	batch_begin();
	test_cancel();
	test_list();
	test_retention();
	test_cursor();
	return batch_end();
}
