/* What tests of deferred transactions share: a database in either form, and
 * what became of its last transaction. */
#ifndef COFFER_T_DB_DEFERRED_H
#define COFFER_T_DB_DEFERRED_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/internal.h"
#include "server.h"
#include "t/tap.h"

static struct server server;
static struct db *db, *other;
static const struct db_context ctx = {.account_id = 1, .workspace_id = 10};
static struct err e;
static const char *form; /* of the database under test */

__attribute__((unused)) static void
must(enum err_code err)
{
	if (told(err, &e))
		exit(1);
}

__attribute__((unused)) static int64_t
asked(const char *what)
{
	int64_t n = -1;

	must(db_one(db, NULL, SQL_SESSION_ASKED, DB_ARGS(db_str(what)),
	    db_take_int, &n, &e));
	return n;
}

__attribute__((unused)) static int64_t
position_on(struct db *on, int64_t id)
{
	int64_t n = -1;

	must(db_one(on, &ctx, SQL_SEGMENT_READ, DB_ARGS(db_int(id)),
	    db_take_int, &n, &e));
	return n;
}

__attribute__((unused)) static int64_t
position(int64_t id)
{
	return position_on(other, id);
}

__attribute__((unused)) static enum err_code
move(struct db *on, int64_t id, int64_t by, struct err *err)
{
	return db_exec(on, &ctx, SQL_SEGMENT_MOVE,
	    DB_ARGS(db_int(by), db_int(id)), NULL, NULL, err);
}

__attribute__((unused)) static enum err_code
look(struct db *on, int64_t id, int64_t *out, struct err *err)
{
	return db_one(on, &ctx, SQL_SEGMENT_READ, DB_ARGS(db_int(id)),
	    db_take_int, out, err);
}

__attribute__((unused)) static enum err_code
add_segment(struct db *on, int64_t id, struct err *err)
{
	struct uuid u = {{(uint8_t)id}};
	char code[16];
	enum err_code rc;

	snprintf(code, sizeof(code), "s%d", (int)id);
	rc = db_exec(on, &ctx, SQL_SEGMENT_INSERT,
	    DB_ARGS(db_int(id), db_uuid(&u), db_str(code), db_str(code)), NULL,
	    NULL, err);
	memset(&u, 0xff, sizeof(u));
	memset(code, 'x', sizeof(code));
	return rc;
}

__attribute__((unused)) static void
kill_session(struct db *victim)
{
	int64_t id = (int64_t)mysql_thread_id(victim->mysql);

	must(db_exec(other, NULL, SQL_SESSION_KILL, DB_ARGS(db_int(id)), NULL,
	    NULL, &e));
	usleep(50000);
}

/* Runs of a body, looks of its probe, ends that the owner was told. */
static int runs, probes;
static char ends[16];

__attribute__((unused)) static void
on_end(void *owner, enum db_end how)
{
	(void)owner;
	if (strlen(ends) < sizeof(ends) - 1)
		strncat(ends, &"CRD"[how], 1);
}

__attribute__((unused)) static enum err_code
run(db_body *body, db_body *done, void *arg)
{
	runs = probes = 0;
	memset(ends, 0, sizeof(ends));
	return db_transaction_deferred(db, body, done, arg, &e);
}

/* Whether segment 2 has left its place. */
static int64_t place;
__attribute__((unused)) static enum err_code
done(struct db *on, void *arg, struct err *err)
{
	(void)arg;
	probes++;
	return position_on(on, 2) != place ? ERR_OK
	                                   : err_set(err, ERR_NOT_FOUND, NULL);
}

/* Opens the server, with seven segments. */
__attribute__((unused)) static void
deferred_begin(void)
{
	int64_t i;

	server_open(&server, false);
	server_migrate(&server);
	other = db_new(&server.conf, DB_APP);
	for (i = 1; i <= 7; i++)
		must(add_segment(other, i, &e));
}

/* Runs all cases in both forms. */
__attribute__((unused)) static int
deferred_end(void (*cases)(void))
{
	struct conf without = server.conf;
	int i;

	without.database_compound = false;
	for (i = 0; i < 2; i++) {
		db = db_new(i ? &without : &server.conf, DB_APP);
		form = i ? "one by one" : "blocks";
		db_own(db, NULL, on_end);
		must(db_ping(db, &e));
		ok(db->compound == !i, "%s", form);
		cases();
		db_free(&db);
	}
	db_free(&other);
	server_close(&server);
	return done_testing();
}

#endif
