#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/internal.h"
#include "db/migrate.h"

static void
die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(99);
}

const char *
server_source(void)
{
	const char *dir = getenv("srcdir");

	return dir && *dir ? dir : ".";
}

void
server_run(const struct server *s, const char *verb)
{
	char cmd[800];

	snprintf(cmd, sizeof(cmd), "sh '%s/contrib/mariadb' %s '%s' >&2",
	    server_source(), verb, s->dir);
	if (system(cmd))
		die(cmd);
}

static void
start_own(struct server *s)
{
	snprintf(s->dir, sizeof(s->dir), "/tmp/coffer-t-db.XXXXXX");
	if (!mkdtemp(s->dir))
		die("mkdtemp");
	setenv("COFFER_DB_FLUSH", "0", 1);
	s->own = true;
	server_run(s, "start");
}

static void
read_socket(struct server *s)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/socket.path", s->dir);
	f = fopen(path, "r");
	if (!f || !fgets(s->socket, sizeof(s->socket), f))
		die(path);
	fclose(f);
	s->socket[strcspn(s->socket, "\n")] = '\0';
}

/* Every option at its default, but for the database's place. */
static void
configure(struct server *s)
{
	struct conf *c = &s->conf;

	memset(c, 0, sizeof(*c));
#define STRING(section, name, def, doc) c->section##_##name = (char *)def;
#define NUMBER(section, name, def, min, max, doc) c->section##_##name = def;
#define SWITCH(section, name, def, doc) c->section##_##name = def;
#include "tbl/config.h"
#undef STRING
#undef NUMBER
#undef SWITCH
	snprintf(s->app_pw, sizeof(s->app_pw), "%s/app.pw", s->dir);
	snprintf(s->owner_pw, sizeof(s->owner_pw), "%s/owner.pw", s->dir);
	c->database_socket = s->socket;
	c->database_name = s->name;
	c->database_password_file = s->app_pw;
	c->database_owner_password_file = s->owner_pw;
}

static void
drop_database(struct server *s)
{
	struct db *db = db_new(&s->conf, DB_OWNER);
	char sql[128];
	struct err e;

	snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS `%s`", s->name);
	if (conn_ready(db, &e) || conn_run(db, sql, &e))
		die(e.cause);
	db_free(&db);
}

void
server_open(struct server *s, bool own)
{
	const char *dir = getenv("COFFER_TEST_DB");
	const char *name = getenv("COFFER_TEST_DBNAME");

	memset(s, 0, sizeof(*s));
	if (own || !dir || !*dir)
		start_own(s);
	else
		snprintf(s->dir, sizeof(s->dir), "%s", dir);
	snprintf(s->name, sizeof(s->name), "%s",
	    name && *name ? name : "coffer_test");
	read_socket(s);
	configure(s);
	drop_database(s);
}

void
server_migrate(struct server *s)
{
	struct db *db = db_new(&s->conf, DB_OWNER);
	char dir[300];
	unsigned n;
	struct err e;

	snprintf(dir, sizeof(dir), "%s/schema", server_source());
	if (migrate_up(db, dir, s->conf.database_user, &n, &e))
		die(e.cause);
	db_free(&db);
}

void
server_close(struct server *s)
{
	char cmd[400];

	drop_database(s);
	if (!s->own)
		return;
	server_run(s, "stop");
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", s->dir);
	if (system(cmd))
		die(cmd);
}

enum err_code
told(enum err_code err, const struct err *e)
{
	if (err)
		printf("# %s: %s / %s\n", err_name(err), e->text, e->cause);
	return err;
}
