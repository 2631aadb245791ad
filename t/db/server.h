/* What the tests of src/db share: a server, a database of their own in it,
 * and a configuration that names them. */
#ifndef COFFER_T_DB_SERVER_H
#define COFFER_T_DB_SERVER_H

#include <stdbool.h>

#include "base/conf.h"
#include "db/db.h"

struct server {
	char dir[256];
	bool own; /* started here, to be stopped here */
	struct conf conf;
	char socket[128], app_pw[300], owner_pw[300], name[80];
};

/* Takes the server in COFFER_TEST_DB and the database COFFER_TEST_DBNAME, or,
 * when that is not set or `own` is asked for, starts a server in a new
 * directory. The database is dropped if it is there. Exits on failure. */
void server_open(struct server *s, bool own);

/* Applies schema/ of the source tree. Exits on failure. */
void server_migrate(struct server *s);

/* contrib/mariadb verb on the server's directory. */
void server_run(const struct server *s, const char *verb);

/* Stops and removes a server of one's own. */
void server_close(struct server *s);

/* The top of the source tree. */
const char *server_source(void);

/* Prints an error as a TAP comment and returns its code. */
enum err_code told(enum err_code err, const struct err *e);

#endif
