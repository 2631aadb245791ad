/*
 * The worker: takes chunks from the queue and applies them.
 */
#ifndef COFFER_WORK_WORKER_H
#define COFFER_WORK_WORKER_H

#include <stdbool.h>

#include "model/site.h"

/* Both take signals between chunks alone: SIGTERM, SIGINT and SIGQUIT stop
 * after the chunk in hand, SIGUSR1 opens the log again. */

/* Works until a signal stops it. A database that is away is waited for.
 * `wake` is a socket of wake_listen or -1. Returns an exit status (sysexits.h):
 * EX_OK, or EX_CONFIG if the keys are not those of the database. */
int worker_poll(struct site *s, int wake);

/* Works until nothing is due, also waiting for chunks that fall due within
 * some seconds. `progress` writes to standard error how far it is. EX_OK,
 * EX_UNAVAILABLE if the database stays away or its schema is not current,
 * EX_SOFTWARE on another fault of it, EX_CONFIG. */
int worker_drain(struct site *s, bool progress);

#endif
