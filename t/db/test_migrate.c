/* Migrations: from nothing, again, half-applied, broken; and the grants. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "db/internal.h"
#include "db/migrate.h"
#include "server.h"
#include "t/tap.h"

static struct server server;
static struct db *owner;
static struct err e;
static char schema[300];

static enum err_code
up(const char *dir, unsigned *n)
{
	*n = 99;
	return told(
	    migrate_up(owner, dir, server.conf.database_user, n, &e), &e);
}

static enum err_code
check(void)
{
	struct db *app = db_new(&server.conf, DB_APP);
	enum err_code err = migrate_check(app, &e);

	db_free(&app);
	return err;
}

static enum err_code
as_app(const char *sql)
{
	struct db *app = db_new(&server.conf, DB_APP);
	enum err_code err = conn_ready(app, &e);

	if (!err)
		err = conn_run(app, sql, &e);
	db_free(&app);
	return err;
}

static void
test_up(void)
{
	unsigned n;

	is_int(check(), ERR_UNAVAILABLE, "no schema yet");
	ok(strstr(err_text(&e), "cofferctl migrate"), "says what to do: %s",
	    err_text(&e));
	is_int(up(schema, &n), ERR_OK, "migrate");
	is_int(n, SCHEMA_VERSION, "applies every file");
	is_int(check(), ERR_OK, "the programs accept it");
	is_int(up(schema, &n), ERR_OK, "once more");
	is_int(n, 0, "applies nothing");
	is_int(conn_run(owner, "DELETE FROM schema_migration", &e), ERR_OK,
	    "forget what was done, as after a crash");
	is_int(conn_run(owner, "DROP TABLE customer", &e), ERR_OK,
	    "with a table missing");
	is_int(check(), ERR_UNAVAILABLE, "that is noticed");
	is_int(up(schema, &n), ERR_OK, "migrate goes on");
	is_int(n, SCHEMA_VERSION, "from the start");
	is_int(check(), ERR_OK, "and ends well");
	is_int(as_app("DELETE FROM customer"), ERR_OK, "with its rights");
}

static void
test_grants(void)
{
	is_int(as_app("INSERT INTO master_canary VALUES ('1', '2', 3)"), ERR_OK,
	    "S36: the programs' user writes rows");
	is_int(as_app("DELETE FROM schema_migration"), ERR_DATABASE,
	    "S36: but not the schema's version");
	is_int(as_app("INSERT INTO audit VALUES ('c', 1, 2, 2, 'info', 'login',"
	              " 0, 0, 0, NULL, '', '', 'm')"),
	    ERR_OK, "S36: adds an entry to the audit log");
	is_int(as_app("DO (SELECT COUNT(*) FROM audit)"), ERR_OK,
	    "S36: reads them");
	is_int(as_app("UPDATE audit SET at = 3"), ERR_DATABASE,
	    "S36: changes none");
	is_int(as_app("INSERT INTO audit SELECT * FROM audit"
	              " ON DUPLICATE KEY UPDATE at = 3"),
	    ERR_DATABASE, "S36: not by another way either");
	is_int(as_app("REPLACE INTO audit SELECT * FROM audit"), ERR_DATABASE,
	    "S36: nor by a third");
	is_int(as_app("DELETE FROM audit"), ERR_DATABASE, "S36: removes none");
	is_int(as_app("TRUNCATE TABLE audit"), ERR_DATABASE,
	    "S36: nor all of them");
	is_int(as_app("ALTER TABLE audit ADD x INT"), ERR_DATABASE,
	    "S36: does not alter their table");
	is_int(as_app("RENAME TABLE audit TO other"), ERR_DATABASE,
	    "S36: nor rename it");
	is_int(as_app("DROP TABLE audit"), ERR_DATABASE, "S36: nor drop it");
	is_int(as_app("CREATE TABLE t (a INT)"), ERR_DATABASE,
	    "S36: makes no table");
	is_int(as_app("ALTER TABLE account ADD x INT"), ERR_DATABASE,
	    "S36: alters none");
	is_int(as_app("DROP TABLE account"), ERR_DATABASE, "S36: drops none");
	is_int(as_app("TRUNCATE TABLE account"), ERR_DATABASE,
	    "S36: empties none");
}

static void
write_file(const char *dir, const char *name, const char *text)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(1);
}

static void
test_files(void)
{
	char dir[] = "/tmp/coffer-t-mig.XXXXXX", cmd[64];
	unsigned n;

	if (!mkdtemp(dir))
		exit(1);
	write_file(dir, "902-broken.sql", "CREATE TABLE m3 (a INT);\nBAD;\n");
	write_file(dir, "901-more.sql",
	    "-- a remark;\nCREATE TABLE m1 (\n"
	    "  a INT DEFAULT 1, -- of ';' inside\n  b VARCHAR(9) DEFAULT ';'\n"
	    ");\n\n  -- again;\nCREATE TABLE m2 (a INT);  \n");
	write_file(dir, "903-never.sql", "CREATE TABLE m4 (a INT);\n");
	write_file(dir, "9-other.sql", "BAD;\n");
	write_file(dir, "904-edit.sql~", "BAD;\n");
	is_int(up(dir, &n), ERR_DATABASE, "a broken file stops");
	is_int(n, 1, "after the one before it");
	ok(strstr(err_text(&e), "902-broken.sql"), "names it: %s",
	    err_text(&e));
	ok(strstr(e.cause, "statement 2"), "and the statement, in the log");
	is_int(conn_run(owner, "INSERT INTO m1 (a) VALUES (1)", &e), ERR_OK,
	    "statements end at a line's end");
	is_int(conn_run(owner, "INSERT INTO m2 (a) VALUES (1)", &e), ERR_OK,
	    "the second too");
	is_int(conn_run(owner, "INSERT INTO m4 (a) VALUES (1)", &e),
	    ERR_DATABASE, "what comes after the broken one waits");
	write_file(dir, "902-broken.sql", "CREATE TABLE m3 (a INT);\nSELECT 1");
	is_int(up(dir, &n), ERR_BAD_REQUEST, "a statement without an end");
	write_file(dir, "902-broken.sql", "CREATE TABLE m3 (a INT);\n");
	is_int(up(dir, &n), ERR_OK, "mended, it is applied from its start");
	is_int(n, 2, "with the one after it");
	is_int(check(), ERR_UNAVAILABLE, "a schema newer than the programs");
	ok(strstr(err_text(&e), "newer"), "is told");
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	ok(!system(cmd), "clean up");
	is_int(up("/nonexistent", &n), ERR_BAD_REQUEST, "no directory");
	is_int(migrate_up(owner, schema, "coffer'nobody", &n, &e),
	    ERR_BAD_REQUEST, "no such user");
}

int
main(void)
{
	server_open(&server, false);
	snprintf(schema, sizeof(schema), "%s/schema", server_source());
	owner = db_new(&server.conf, DB_OWNER);
	test_up();
	test_grants();
	test_files();
	db_free(&owner);
	server_close(&server);
	return done_testing();
}
