/*
 * Waking the worker: datagrams on a Unix socket. They say nothing but that
 * there may be work; a lost one costs the time of a poll.
 */
#ifndef COFFER_WORK_WAKE_H
#define COFFER_WORK_WAKE_H

#include "base/conf.h"
#include "base/err.h"

/* Binds [worker] wake_socket, in place of one that was left there. *fd_out is
 * the caller's, does not block, and is -1 if none is configured.
 * ERR_UNAVAILABLE, with a text for the operator. */
MUST_CHECK enum err_code wake_listen(
    const struct conf *c, int *fd_out, struct err *e);

/* Wakes up to n processes of the worker. Never waits, never fails: without a
 * worker that listens it does nothing. */
void wake_send(const struct conf *c, unsigned n);

#endif
