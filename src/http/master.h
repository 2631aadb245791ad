/*
 * The master: starts the processes of the pool, replaces those that die, and
 * does what signals ask.
 *   SIGHUP                     reads the configuration again; a bad one is
 *                              logged and the old one stays. New processes
 *                              start, old ones finish what they do
 *   SIGUSR1                    opens the logs again
 *   SIGTERM, SIGQUIT, SIGINT   stops: what waits is still answered, for as
 *                              long as [server] request_timeout
 */
#ifndef COFFER_HTTP_MASTER_H
#define COFFER_HTTP_MASTER_H

#include "http/listener.h"
#include "http/server.h"

/* Runs the pool on an open listener until a signal stops it; takes *service,
 * which becomes NULL. In the processes that it forks it does not return.
 * Returns an exit status. */
int master_run(const char *conf_path, struct service **service,
    const struct listener *listener);

#endif
