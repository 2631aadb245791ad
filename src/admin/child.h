/*
 * Programs of others that a command runs: mariadb-dump, mariadb, gzip. They
 * get the database's credentials by a descriptor of a file in memory, never by
 * their arguments, environment or a file on a disk.
 */
#ifndef COFFER_ADMIN_CHILD_H
#define COFFER_ADMIN_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/conf.h"
#include "base/err.h"

struct child {
	const char *name;
	pid_t pid; /* 0: none */
};

/* Where a child finds the descriptor that it gets. */
#define CHILD_FD_PATH "/dev/fd/3"

/* Starts argv[0] with `in` and `out` as its standard input and output (-1:
 * /dev/null) and `extra` (-1: none) as descriptor 3. The caller closes its
 * own. */
MUST_CHECK enum err_code child_start(const char *const argv[], int in, int out,
    int extra, struct child *c, struct err *e);

/* Waits for its end. ERR_BAD_REQUEST in words, unless it ended well; it has
 * told the reason itself on standard error. c->pid becomes 0. */
MUST_CHECK enum err_code child_wait(struct child *c, struct err *e);

/* Ends it, if it runs. */
void child_kill(struct child *c);

/* A pair of descriptors, closed on exec. */
MUST_CHECK enum err_code child_pipe(int fds[2], struct err *e);

/* A file in memory with the owner's credentials, for --defaults-file. */
MUST_CHECK enum err_code child_login(
    const struct conf *c, int *fd_out, struct err *e);

/* From here on a signal to end interrupts reads and writes, which then fail,
 * so that what is half made is cleared away; a pipe without reader, too. */
void child_signals(void);

/* Whole reads and writes: false (errno set) on an error or interruption. A
 * short read is the end. */
bool child_read(int fd, void *p, size_t n, size_t *n_out);
bool child_write(int fd, const void *p, size_t n);

#endif
