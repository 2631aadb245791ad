/*
 * One process of the pool: takes connections from the shared socket and
 * answers a request on each, one after the other.
 */
#ifndef COFFER_HTTP_SERVER_H
#define COFFER_HTTP_SERVER_H

#include "model/site.h"

struct jwt_keys;

/* What the pool serves with: one reading of the configuration. */
struct service {
	struct conf *conf;
	struct site site;
	struct jwt_keys *jwt;
};

/* Reads the configuration file and the keys that it names; nothing is asked
 * of the database. The text of an error says what to do. The caller owns
 * *out. */
MUST_CHECK enum err_code service_open(
    const char *conf_path, struct service **out, struct err *e);

/* Opens the log that the configuration names; ERR_BAD_REQUEST. */
MUST_CHECK enum err_code service_log(const struct service *s, struct err *e);

/* Wipes the keys; *s may be NULL. */
void service_close(struct service **s);

/* Serves until a signal ends it; the caller has blocked SIGTERM, SIGUSR1 and
 * SIGUSR2, which arrive between requests alone.
 *   SIGTERM  the pool stops: answers what waits on the socket, then returns
 *   SIGUSR1  opens the log again
 *   SIGUSR2  others go on: returns
 * `listener` does not block. Returns the exit status of the process. */
int server_run(struct service *s, int listener);

#endif
