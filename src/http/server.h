/*
 * One process of the pool: takes connections from the shared socket and
 * answers a request on each, one after the other.
 */
#ifndef COFFER_HTTP_SERVER_H
#define COFFER_HTTP_SERVER_H

#include "proc/service.h"

/* Serves until a signal ends it; the caller has blocked SIGTERM, SIGUSR1 and
 * SIGUSR2, which arrive between requests alone.
 *   SIGTERM  the pool stops: answers what waits on the socket, then returns
 *   SIGUSR1  opens the log again
 *   SIGUSR2  others go on: returns
 * `listener` does not block. Returns the exit status of the process. */
int server_run(struct service *s, int listener);

#endif
