/*
 * The master of the pool: proc/supervisor.h over the processes of
 * http/server.h. After a stop what waits is still answered, for as long as
 * [server] request_timeout.
 */
#ifndef COFFER_HTTP_MASTER_H
#define COFFER_HTTP_MASTER_H

#include "http/listener.h"
#include "http/server.h"

/* Runs the pool on an open listener until a signal stops it; takes *service,
 * which becomes NULL. In the processes that it forks it does not return.
 * Returns an exit status. */
int master_run(
    const char *conf_path, struct service **service, struct listener *listener);

#endif
