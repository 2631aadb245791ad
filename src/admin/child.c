#include "admin/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "vault/keyfile.h"

#define PASSWORD_MAX 256
#define NOT_FOUND 127

static volatile sig_atomic_t stopped;

static void
on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

void
child_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGXFSZ, &sa, NULL);
}

/* In the child: fd as descriptor `as`, open across exec. */
static void
move_fd(int fd, int as, int flags)
{
	if (fd < 0 && as == 3)
		return;
	if (fd < 0)
		fd = open("/dev/null", flags);
	if (fd == as)
		fcntl(fd, F_SETFD, 0);
	else if (dup2(fd, as) < 0)
		_exit(NOT_FOUND);
}

enum err_code
child_start(const char *const argv[], int in, int out, int extra,
    struct child *c, struct err *e)
{
	*c = (struct child){.name = argv[0], .pid = fork()};
	if (c->pid < 0) {
		c->pid = 0;
		return err_fault(e, ERR_INTERNAL, "fork: %s", strerror(errno));
	}
	if (c->pid)
		return ERR_OK;
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	/* None of them is 0 to 3 but by chance: first out of the way. */
	if (in >= 0)
		in = fcntl(in, F_DUPFD_CLOEXEC, 10);
	if (out >= 0)
		out = fcntl(out, F_DUPFD_CLOEXEC, 10);
	if (extra >= 0)
		extra = fcntl(extra, F_DUPFD_CLOEXEC, 10);
	move_fd(in, STDIN_FILENO, O_RDONLY);
	move_fd(out, STDOUT_FILENO, O_WRONLY);
	move_fd(extra, 3, 0);
	execvp(argv[0], (char *const *)argv);
	_exit(NOT_FOUND);
}

enum err_code
child_wait(struct child *c, struct err *e)
{
	const char *name = c->name;
	int status;
	pid_t got;

	do
		got = waitpid(c->pid, &status, 0);
	while (got < 0 && errno == EINTR);
	c->pid = 0;
	if (got > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return ERR_OK;
	if (got > 0 && WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
		return err_set(e, ERR_BAD_REQUEST,
		    "%s cannot be run: it is in the package %s", name,
		    strcmp(name, "gzip") ? "mariadb-client" : "gzip");
	return err_set(e, ERR_BAD_REQUEST, "%s failed", name);
}

void
child_kill(struct child *c)
{
	struct err ignored;

	if (!c->pid)
		return;
	kill(c->pid, SIGTERM);
	(void)!child_wait(c, &ignored);
}

enum err_code
child_pipe(int fds[2], struct err *e)
{
	if (pipe2(fds, O_CLOEXEC) == 0)
		return ERR_OK;
	return err_fault(e, ERR_INTERNAL, "pipe: %s", strerror(errno));
}

/* name="value", as my_load_defaults reads it: a backslash is two. */
static void
add_option(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *value);
	}
	buf_adds(b, "\"\n");
}

static enum err_code
add_password(struct buf *b, const struct conf *c, struct err *e)
{
	char text[PASSWORD_MAX];
	enum err_code rc;
	size_t n;

	if (!*c->database_owner_password_file)
		return ERR_OK;
	rc = keyfile_read(c->database_owner_password_file, false, text,
	    sizeof(text) - 1, &n, e);
	if (rc)
		return rc;
	text[n] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	add_option(b, "password", text);
	wipe(text, sizeof(text));
	return ERR_OK;
}

static void
add_place(struct buf *b, const struct conf *c)
{
	if (*c->database_socket) {
		add_option(b, "socket", c->database_socket);
		return;
	}
	add_option(b, "host", c->database_host);
	buf_addf(b, "port=%lld\nprotocol=tcp\n", (long long)c->database_port);
	buf_adds(b, "ssl\nssl-verify-server-cert\n"
	            "tls-version=TLSv1.2,TLSv1.3\n");
	if (*c->database_tls_ca)
		add_option(b, "ssl-ca", c->database_tls_ca);
}

enum err_code
child_login(const struct conf *c, int *fd_out, struct err *e)
{
	struct buf text = {0};
	enum err_code rc;

	buf_adds(&text, "[client]\n");
	add_option(&text, "user", c->database_owner);
	add_place(&text, c);
	rc = add_password(&text, c, e);
	*fd_out = rc ? -1 : memfd_create("coffer-login", MFD_CLOEXEC);
	/* What others may write to, the programs would not read. */
	if (*fd_out >= 0 && (fchmod(*fd_out, 0600) ||
	                        !child_write(*fd_out, text.data, text.len))) {
		close(*fd_out);
		*fd_out = -1;
	}
	if (rc == ERR_OK && *fd_out < 0)
		rc = err_fault(
		    e, ERR_INTERNAL, "memfd_create: %s", strerror(errno));
	buf_free(&text);
	return rc;
}

bool
child_read(int fd, void *p, size_t n, size_t *n_out)
{
	size_t got = 0;
	ssize_t some;

	while (got < n && !stopped) {
		some = read(fd, (char *)p + got, n - got);
		if (some < 0 && errno == EINTR && !stopped)
			continue;
		if (some <= 0) {
			*n_out = got;
			return some == 0;
		}
		got += (size_t)some;
	}
	*n_out = got;
	if (stopped)
		errno = EINTR;
	return !stopped;
}

bool
child_write(int fd, const void *p, size_t n)
{
	size_t put = 0;
	ssize_t some;

	while (put < n) {
		some = stopped ? -1 : write(fd, (const char *)p + put, n - put);
		if (some < 0 && errno == EINTR && !stopped)
			continue;
		if (some < 0) {
			errno = stopped ? EINTR : errno;
			return false;
		}
		put += (size_t)some;
	}
	return true;
}
