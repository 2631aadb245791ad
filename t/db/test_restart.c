/* The database goes away and comes back, under a server of this test's own:
 * errors are ERR_UNAVAILABLE, and service returns by itself (S40). */
#include "server.h"
#include "t/tap.h"

static struct server server;

static void
take_int(struct db_rows *r, void *arg)
{
	*(int64_t *)arg = db_get_int(r, 0);
}

static enum err_code
body(struct db *db, void *arg, struct err *e)
{
	unsigned *runs = arg;

	if (++*runs == 1)
		server_run(&server, "stop");
	return db_exec(db, NULL, SQL_CANARY_INSERT,
	    DB_ARGS(db_str("12345678"), db_str("x"), db_int(0)), NULL, NULL, e);
}

int
main(void)
{
	struct db *db;
	int64_t n = -1;
	unsigned runs = 0;
	struct err e;

	server_open(&server, true);
	server_migrate(&server);
	db = db_new(&server.conf, DB_APP);
	is_int(told(db_one(db, NULL, SQL_CANARY_COUNT, DB_NOARGS, take_int, &n,
	                &e),
	           &e),
	    ERR_OK, "a statement");
	is_int(db_transaction(db, body, NULL, &runs, &e), ERR_UNAVAILABLE,
	    "S40: the server stops inside a transaction");
	is_int(db_ping(db, &e), ERR_UNAVAILABLE, "S40: it is away");
	is_int(db_one(db, NULL, SQL_CANARY_COUNT, DB_NOARGS, take_int, &n, &e),
	    ERR_UNAVAILABLE, "S40: statements say so");
	is_int(err_status(e.code), 503, "S40: as a 503");
	server_run(&server, "start");
	is_int(told(db_one(db, NULL, SQL_CANARY_COUNT, DB_NOARGS, take_int, &n,
	                &e),
	           &e),
	    ERR_OK, "S40: service returns by itself");
	is_int(n, 0, "S40: the transaction left nothing");
	is_int(told(db_transaction(db, body, NULL, &runs, &e), &e), ERR_OK,
	    "S40: transactions too");
	db_free(&db);
	server_close(&server);
	return done_testing();
}
