/* Transactions: commit, rollback, retries, a real deadlock, lost COMMITs. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/internal.h"
#include "server.h"
#include "t/tap.h"

static struct server server;
static struct db *db, *killer;
static const struct db_context ctx = {.account_id = 1, .workspace_id = 10};

/* What a body does and how often it did it. */
struct work {
	int64_t id;     /* of the segment it moves */
	int runs;       /* of the body so far */
	int kill_until; /* kills its connection in runs below this */
	bool commit_first, swallow;
	enum err_code result;
	int probes;
	bool away; /* the probe's first answer is ERR_UNAVAILABLE */
};

static void
take_int(struct db_rows *r, void *arg)
{
	*(int64_t *)arg = db_get_int(r, 0);
}

static int64_t
position(struct db *on, int64_t id)
{
	int64_t n = -1;
	struct err e;

	if (told(db_one(on, &ctx, SQL_SEGMENT_READ, DB_ARGS(db_int(id)),
	             take_int, &n, &e),
	        &e))
		return -1;
	return n;
}

static enum err_code
move(struct db *on, int64_t id, struct err *e)
{
	return db_exec(on, &ctx, SQL_SEGMENT_MOVE,
	    DB_ARGS(db_int(1), db_int(id)), NULL, NULL, e);
}

static void
add_segment(int64_t id)
{
	struct uuid u = {{(uint8_t)id}};
	char code[8];
	struct err e;

	snprintf(code, sizeof(code), "s%d", (int)id);
	is_int(told(db_exec(db, &ctx, SQL_SEGMENT_INSERT,
	                DB_ARGS(db_int(id), db_uuid(&u), db_str(code),
	                    db_str(code)),
	                NULL, NULL, &e),
	           &e),
	    ERR_OK, "segment %d", (int)id);
}

/* Kills a connection from another, and waits until that is done. */
static void
kill_session(struct db *victim)
{
	int64_t id = (int64_t)mysql_thread_id(victim->mysql);
	struct err e;

	if (told(db_exec(killer, NULL, SQL_SESSION_KILL, DB_ARGS(db_int(id)),
	             NULL, NULL, &e),
	        &e))
		exit(1);
	usleep(50000);
}

static enum err_code
body(struct db *on, void *arg, struct err *e)
{
	struct work *w = arg;
	enum err_code err;

	w->runs++;
	err = move(on, w->id, e);
	if (!err && w->commit_first)
		err = conn_run(on, "COMMIT", e);
	if (!err && w->runs <= w->kill_until)
		kill_session(on);
	if (!err && w->swallow) {
		(void)!move(on, w->id, e);
		return ERR_OK;
	}
	return err ? err : w->result ? err_set(e, w->result, NULL) : ERR_OK;
}

/* The mark that a body would leave is the segment's position. */
static enum err_code
done(struct db *on, void *arg, struct err *e)
{
	struct work *w = arg;

	if (w->probes++ == 0 && w->away)
		return err_set(e, ERR_UNAVAILABLE, NULL);
	return position(on, w->id) > 0 ? ERR_OK
	                               : err_set(e, ERR_NOT_FOUND, NULL);
}

static void
test_plain(void)
{
	struct work w = {.id = 1};
	struct err e;

	ok(!db_in_transaction(db), "outside");
	is_int(told(db_transaction(db, body, NULL, &w, &e), &e), ERR_OK,
	    "a transaction");
	is_int(position(killer, 1), 1, "is committed");
	w.result = ERR_CONFLICT;
	is_int(db_transaction(db, body, NULL, &w, &e), ERR_CONFLICT,
	    "an error of the body comes through");
	ok(!db_in_transaction(db), "and ends it");
	is_int(position(db, 1), 1, "rolled back");
	w = (struct work){.id = 1, .result = ERR_RETRY};
	is_int(db_transaction(db, body, NULL, &w, &e), ERR_RETRY,
	    "an error that stays");
	is_int(w.runs, 5, "is tried five times");
	is_int(position(db, 1), 1, "and leaves nothing");
}

static enum err_code
body_inside(struct db *on, void *arg, struct err *e)
{
	bool *inside = arg;

	(void)e;
	*inside = db_in_transaction(on);
	return ERR_OK;
}

static void
test_lost_inside(void)
{
	struct work w = {.id = 2, .kill_until = 9, .swallow = true};
	bool inside = false;
	struct err e;

	is_int(db_transaction(db, body, NULL, &w, &e), ERR_UNAVAILABLE,
	    "a loss inside is told, though the body forgets it");
	is_int(w.runs, 1, "without another run");
	is_int(position(db, 2), 0, "and nothing was written past it");
	kill_session(db);
	is_int(told(db_transaction(db, body_inside, NULL, &inside, &e), &e),
	    ERR_OK, "a connection lost before is made anew");
	ok(inside, "the body knew where it was");
}

static void
test_lost_commit(void)
{
	struct work w = {.id = 3, .kill_until = 1};
	struct err e;

	is_int(db_transaction(db, body, NULL, &w, &e), ERR_UNAVAILABLE,
	    "a lost COMMIT without a probe");
	w = (struct work){.id = 3, .kill_until = 1};
	is_int(told(db_transaction(db, body, done, &w, &e), &e), ERR_OK,
	    "a lost COMMIT that did not happen is done again");
	is_int(w.runs, 2, "by a second run");
	is_int(w.probes, 1, "after one look");
	is_int(position(db, 3), 1, "the work is there once");
	w = (struct work){
	    .id = 4, .kill_until = 1, .commit_first = true, .away = true};
	is_int(told(db_transaction(db, body, done, &w, &e), &e), ERR_OK,
	    "a lost COMMIT that did happen is found");
	is_int(w.runs, 1, "without a second run");
	is_int(w.probes, 2, "by asking until there is an answer");
	is_int(position(db, 4), 1, "the work is there once");
}

/* One side of a deadlock: takes `first`, waits for the other side, and wants
 * what the other side holds. Its body hides the deadlock and goes on. */
struct side {
	int64_t first, second;
	int in, out;
	int runs;
	enum err_code after; /* what a statement after the deadlock said */
};

static enum err_code
cross(struct db *on, void *arg, struct err *e)
{
	struct side *s = arg;
	enum err_code err = move(on, s->first, e);
	struct err ignored;
	char c = 'x';

	if (err)
		return err;
	if (s->runs++ == 0 &&
	    (write(s->out, &c, 1) != 1 || read(s->in, &c, 1) != 1))
		return err_set(e, ERR_INTERNAL, NULL);
	if (move(on, s->second, e))
		s->after = move(on, 1, &ignored);
	return ERR_OK;
}

static void
test_deadlock(void)
{
	int64_t before = position(db, 1);
	int a[2], b[2], status;
	struct side mine, yours;
	struct err e;
	pid_t pid;

	if (pipe(a) || pipe(b))
		exit(1);
	mine = (struct side){5, 6, a[0], b[1], 0, ERR_OK};
	yours = (struct side){6, 5, b[0], a[1], 0, ERR_OK};
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct db *own = db_new(&server.conf, DB_APP);
		enum err_code err =
		    db_transaction(own, cross, NULL, &yours, &e);

		db_free(&own);
		_exit(err || (yours.after && yours.after != ERR_RETRY)
		          ? 100
		          : yours.runs);
	}
	is_int(told(db_transaction(db, cross, NULL, &mine, &e), &e), ERR_OK,
	    "deadlock: one side ends well");
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) < 100,
	    "deadlock: the other side too");
	is_int(mine.runs + WEXITSTATUS(status), 3,
	    "deadlock: one of them was run again");
	ok(!mine.after || mine.after == ERR_RETRY,
	    "deadlock: what follows it is refused by the same error");
	is_int(position(db, 1), before, "deadlock: and does nothing");
	is_int(position(db, 5), 2, "deadlock: both did their work");
	is_int(position(db, 6), 2, "deadlock: on both rows, once");
}

int
main(void)
{
	int64_t i;

	server_open(&server, false);
	server_migrate(&server);
	db = db_new(&server.conf, DB_APP);
	killer = db_new(&server.conf, DB_APP);
	for (i = 1; i <= 6; i++)
		add_segment(i);
	test_plain();
	test_lost_inside();
	test_lost_commit();
	test_deadlock();
	db_free(&db);
	db_free(&killer);
	server_close(&server);
	return done_testing();
}
