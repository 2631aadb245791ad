#include "work/wake.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define WAKE_MOST 64 /* datagrams of one call */

/* False if the path does not fit an address, or is empty. */
static bool
wake_address(const struct conf *c, struct sockaddr_un *out)
{
	size_t n = strlen(c->worker_wake_socket);

	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	if (!n || n >= sizeof(out->sun_path))
		return false;
	memcpy(out->sun_path, c->worker_wake_socket, n);
	return true;
}

static int
wake_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Removes a socket that was left behind, and nothing else. */
static void
remove_stale(const char *path)
{
	struct stat st;

	if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
		unlink(path);
}

enum err_code
wake_listen(const struct conf *c, int *fd_out, struct err *e)
{
	struct sockaddr_un addr;
	mode_t old;
	int fd, failed;

	*fd_out = -1;
	if (!*c->worker_wake_socket)
		return ERR_OK;
	if (!wake_address(c, &addr))
		return err_set(e, ERR_UNAVAILABLE,
		    "[worker] wake_socket: the path is too long");
	fd = wake_socket();
	remove_stale(addr.sun_path);
	old = umask(0117);
	failed =
	    fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof(addr));
	umask(old);
	if (failed) {
		err_set(e, ERR_UNAVAILABLE,
		    "[worker] wake_socket: cannot bind %s: %s", addr.sun_path,
		    strerror(errno));
		if (fd >= 0)
			close(fd);
		return ERR_UNAVAILABLE;
	}
	*fd_out = fd;
	return ERR_OK;
}

void
wake_send(const struct conf *c, unsigned n)
{
	struct sockaddr_un addr;
	unsigned i;
	int fd;

	if (!wake_address(c, &addr))
		return;
	fd = wake_socket();
	if (fd < 0)
		return;
	for (i = 0; i < n && i < WAKE_MOST; i++)
		if (sendto(fd, "", 1, MSG_NOSIGNAL,
		        (const struct sockaddr *)&addr, sizeof(addr)) < 0)
			break;
	close(fd);
}
