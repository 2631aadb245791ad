#include "http/listener.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOKS 100  /* at a socket that is in use, */
#define LOOK_MS 50 /* with so much between them */

static int
make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* True if connecting is refused, as it is where nobody listens. */
static bool
is_abandoned(const struct sockaddr_un *addr)
{
	int fd = make_socket();
	bool refused;

	if (fd < 0)
		return false;
	refused =
	    connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 &&
	    errno == ECONNREFUSED;
	close(fd);
	return refused;
}

/* The processes of a killed master end once what they do is done. */
static bool
becomes_abandoned(const struct sockaddr_un *addr)
{
	unsigned i;

	for (i = 0; i < LOOKS; i++) {
		if (is_abandoned(addr))
			return true;
		poll(NULL, 0, LOOK_MS);
	}
	return false;
}

/* Frees the path of a socket that a killed master left. */
static enum err_code
clear_path(const struct sockaddr_un *addr, struct err *e)
{
	struct stat st;

	if (lstat(addr->sun_path, &st) < 0)
		return ERR_OK;
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_CONFLICT,
		    "%s is there and is not a socket", addr->sun_path);
	if (!becomes_abandoned(addr))
		return err_set(e, ERR_CONFLICT,
		    "%s is in use: is another coffer-fcgi running?",
		    addr->sun_path);
	unlink(addr->sun_path);
	return ERR_OK;
}

static enum err_code
listen_at(struct listener *l, struct err *e)
{
	mode_t old = umask(0117);
	int rc = bind(l->fd, (struct sockaddr *)&l->addr, sizeof(l->addr));
	struct stat st;

	umask(old);
	if (rc < 0 || listen(l->fd, SOMAXCONN) < 0 ||
	    lstat(l->addr.sun_path, &st) < 0)
		return err_set(e, ERR_UNAVAILABLE, "cannot listen on %s: %s",
		    l->addr.sun_path, strerror(errno));
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return ERR_OK;
}

enum err_code
listener_open(const char *path, struct listener *out, struct err *e)
{
	struct listener l = {.addr.sun_family = AF_UNIX};
	size_t n = strlen(path);
	enum err_code rc;

	if (!n || n >= sizeof(l.addr.sun_path))
		return err_set(e, ERR_CONFLICT,
		    "[server] socket: a path of 1 to %zu bytes is needed",
		    sizeof(l.addr.sun_path) - 1);
	memcpy(l.addr.sun_path, path, n + 1);
	rc = clear_path(&l.addr, e);
	if (rc)
		return rc;
	l.fd = make_socket();
	if (l.fd < 0)
		return err_set(e, ERR_UNAVAILABLE, "cannot make a socket: %s",
		    strerror(errno));
	rc = listen_at(&l, e);
	if (rc)
		close(l.fd);
	else
		*out = l;
	return rc;
}

void
listener_unlink(const struct listener *l)
{
	struct stat st;

	if (lstat(l->addr.sun_path, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino)
		unlink(l->addr.sun_path);
}
