/*
 * The Unix socket on which nginx reaches the pool.
 */
#ifndef COFFER_HTTP_LISTENER_H
#define COFFER_HTTP_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

#include "base/err.h"

struct listener {
	int fd; /* does not block */
	struct sockaddr_un addr;
	dev_t dev; /* the file that we made, and no later one */
	ino_t ino;
};

/* Makes the socket with mode 0660 and listens. A socket on which nobody
 * listens is replaced; anything else at that path is ERR_CONFLICT. Other
 * failures are ERR_UNAVAILABLE; texts name path and reason. */
MUST_CHECK enum err_code listener_open(
    const char *path, struct listener *out, struct err *e);

/* Removes the path, if it is still the socket that was made: nobody comes
 * after those who wait on it now. */
void listener_unlink(const struct listener *l);

#endif
