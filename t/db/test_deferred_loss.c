/* Deferred transactions whose connection is lost, or that meet a deadlock; the
 * same with [database] compound = off. */
#include <sys/socket.h>
#include <sys/wait.h>

#include "deferred.h"

struct losing {
	int until; /* loses its connection in runs below this */
	bool asked_before, asks;
};

static enum err_code
losing(struct db *on, void *arg, struct err *err)
{
	const struct losing *l = arg;
	enum err_code rc = ERR_OK;
	int64_t n;

	runs++;
	if (l->asked_before)
		rc = look(on, 2, &n, err);
	if (!rc)
		rc = move(on, 2, 1, err);
	if (!rc && runs <= l->until)
		kill_session(on);
	if (!rc && l->asks)
		rc = look(on, 2, &n, err);
	return rc;
}

static void
test_loss(void)
{
	struct losing l = {.until = 0};

	place = position(2);
	kill_session(db);
	is_int(told(run(losing, NULL, &l), &e), ERR_OK,
	    "%s: a connection that was lost before is made anew", form);
	is_int(position(2), place + 1, "%s: for one run", form);
	place = position(2);
	l = (struct losing){.until = 1};
	is_int(told(run(losing, done, &l), &e), ERR_OK,
	    "%s: lost before COMMIT", form);
	is_int(runs * 10 + probes, 21, "%s: done again, after a look", form);
	is_str(ends, "DC", "%s: in doubt, then committed", form);
	is_int(position(2), place + 1, "%s: once", form);
	l = (struct losing){.until = 0, .asked_before = true};
	must(run(losing, NULL, &l)); /* so that it is prepared */
	l.until = 1;
	place = position(2);
	is_int(told(run(losing, done, &l), &e), ERR_OK,
	    "%s: lost after a query", form);
	is_int(position(2), place + 1, "%s: done once", form);
	l = (struct losing){.until = 9, .asked_before = true, .asks = true};
	is_int(run(losing, done, &l), ERR_UNAVAILABLE, "%s: lost inside", form);
	is_int(runs * 10 + probes, 10, "%s: is told at once", form);
	is_str(ends, "R", "%s: as rolled back", form);
	is_int(position(2), place + 1, "%s: nothing was done", form);
}

/* What only blocks do. */

/* Before its first statement the transaction is not there to be lost. */
static void
test_loss_of_block(void)
{
	struct losing l = {.until = 1, .asks = true};

	is_int(told(run(losing, NULL, &l), &e), ERR_OK,
	    "lost before its first block");
	is_int(runs, 2, "it is run anew");
	is_str(ends, "RC", "nothing was in doubt");
	l.until = 9;
	is_int(run(losing, NULL, &l), ERR_UNAVAILABLE,
	    "not over and over, if new connections are lost");
	is_int(runs, 2, "once");
}

/* A block with COMMIT waits for a lock of `other`'s while its connection is
 * cut by a child: on the client's side alone, or the server ends it. */

struct cut {
	bool killed;
};

static enum err_code
cutting(struct db *on, void *arg, struct err *err)
{
	struct cut *c = arg;
	int64_t id = (int64_t)mysql_thread_id(on->mysql);
	struct db *own;
	pid_t pid;

	if (runs++)
		return move(on, 2, 1, err);
	/* However long the child takes, it is the cut that ends the wait. */
	must(conn_run(on, "SET SESSION innodb_lock_wait_timeout = 120", &e));
	pid = fork();
	if (pid == 0) {
		own = db_new(&server.conf, DB_OWNER);
		await(own, SQL_SESSION_WAITS, id, 1);
		if (!c->killed)
			shutdown(mysql_get_socket(on->mysql), SHUT_RDWR);
		else
			must(db_exec(own, NULL, SQL_SESSION_KILL,
			    DB_ARGS(db_int(id)), NULL, NULL, &e));
		db_free(&own);
		_exit(0);
	}
	return move(on, 2, 1, err);
}

static enum err_code
let_go(struct db *on, void *arg, struct err *err)
{
	int i;

	if (!probes)
		must(conn_run(other, "ROLLBACK", &e));
	for (i = 0;
	     i < 50 && done(on, arg, err) && !((struct cut *)arg)->killed; i++)
		usleep(20000);
	return position_on(on, 2) != place ? ERR_OK
	                                   : err_set(err, ERR_NOT_FOUND, NULL);
}

static void
test_doubt(bool killed)
{
	struct cut c = {.killed = killed};

	place = position(2);
	must(conn_run(other, "START TRANSACTION", &e));
	must(move(other, 2, 100, &e));
	is_int(told(run(cutting, let_go, &c), &e), ERR_OK,
	    "cut off in a block with COMMIT, %s", killed ? "killed" : "alive");
	wait(NULL);
	ok(probes > 0, "it is asked after");
	/* Whether the lock or the end comes first to who is killed is open. */
	is_int(*ends, 'D', "for it is in doubt");
	ok(runs == 1 || (killed && runs == 2), "%s",
	    killed ? "again if it was undone" : "it came through: not again");
	is_int(position(2), place + 1, "it is there once");
}

/* A deadlock in a block with COMMIT. */

struct side {
	int64_t first, second;
	int in, out;
	int runs;
};

static enum err_code
cross(struct db *on, void *arg, struct err *err)
{
	struct side *s = arg;
	int64_t n;
	char c = 'x';
	enum err_code rc = move(on, s->first, 1, err);

	if (!rc)
		rc = look(on, s->first, &n, err);
	if (!rc && s->runs++ == 0 &&
	    (write(s->out, &c, 1) != 1 || read(s->in, &c, 1) != 1))
		return err_set(err, ERR_INTERNAL, NULL);
	return rc ? rc : move(on, s->second, 1, err);
}

static void
test_deadlock(void)
{
	int64_t five = position(5), six = position(6);
	int a[2], b[2], status;
	struct side mine, yours;
	pid_t pid;

	if (pipe(a) || pipe(b))
		exit(1);
	mine = (struct side){5, 6, a[0], b[1], 0};
	yours = (struct side){6, 5, b[0], a[1], 0};
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct db *own = db_new(db->conf, DB_APP);
		enum err_code rc =
		    db_transaction_deferred(own, cross, NULL, &yours, &e);

		db_free(&own);
		_exit(rc ? 100 : yours.runs);
	}
	is_int(told(run(cross, NULL, &mine), &e), ERR_OK,
	    "%s: deadlock: one side ends well", form);
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) < 100,
	    "%s: deadlock: the other side too", form);
	is_int(mine.runs + WEXITSTATUS(status), 3,
	    "%s: deadlock: one of them was run again", form);
	is_int(position(5) + position(6), five + six + 4,
	    "%s: deadlock: both did their work, once", form);
}

static void
cases(void)
{
	test_loss();
	test_deadlock();
	if (!db->compound)
		return;
	test_loss_of_block();
	test_doubt(false);
	test_doubt(true);
}

int
main(void)
{
	deferred_begin();
	return deferred_end(cases);
}
