/*
 * The master of coffer-worker --poll: proc/supervisor.h over the processes of
 * work/worker.h, which finish the chunk in hand when they are told to end. The
 * claims of those that die are freed by those that follow.
 */
#ifndef COFFER_WORK_POOL_H
#define COFFER_WORK_POOL_H

#include "proc/service.h"

/* Runs until a signal stops it; takes *service, which becomes NULL. In the
 * processes that it forks it does not return. Returns an exit status: EX_OK,
 * EX_CONFIG if the keys are not those of the database, EX_UNAVAILABLE if the
 * wake socket cannot be had. */
int pool_run(const char *conf_path, struct service **service);

#endif
