/* The real server takes every statement of the registry on the real schema,
 * in each form in which it can be run, with the rights of the programs. */
#include "db/internal.h"
#include "db/migrate.h"
#include "server.h"
#include "t/tap.h"

static struct server server;
static struct db *db;

static void
try_form(enum stmt st, enum form form, unsigned times)
{
	struct call c = {.st = st, .form = form, .times = times};
	struct prepared *ps;
	struct err e;

	ok(!told(prepared_get(db, &c, &ps, &e), &e), "%s, %u times",
	    stmt_get(st)->name, times);
}

int
main(void)
{
	unsigned st, i;
	struct err e;

	server_open(&server, false);
	server_migrate(&server);
	db = db_new(&server.conf, DB_APP);
	is_int(told(db_ping(db, &e), &e), ERR_OK, "connect");
	is_int(
	    told(migrate_check(db, &e), &e), ERR_OK, "the schema is current");
	for (st = 0; st < STMT_COUNT; st++) {
		const char *sql = stmt_get((enum stmt)st)->sql;
		bool list = strstr(sql, "(?...)");

		if (!list)
			try_form((enum stmt)st, FORM_PLAIN, 1);
		for (i = 0; list && i < LIST_SIZES; i++)
			try_form((enum stmt)st, FORM_SIZED + i, list_sizes[i]);
	}
	db_free(&db);
	server_close(&server);
	return done_testing();
}
