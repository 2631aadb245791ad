/* Waking: datagrams that never wait and never fail. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/tap.h"
#include "work/wake.h"

static char dir[] = "/tmp/coffer-t-wake.XXXXXX";
static char path[64];
static struct conf conf;
static struct err e;

static int
count(int fd)
{
	char byte;
	int n = 0;

	while (recv(fd, &byte, 1, 0) == 1)
		n++;
	return n;
}

static void
test_send(void)
{
	struct stat st;
	int fd, again;

	wake_send(&conf, 3);
	ok(access(path, F_OK), "without a listener nothing happens");
	is_int(wake_listen(&conf, &fd, &e), ERR_OK, "listen");
	ok(fd >= 0 && !stat(path, &st) && (st.st_mode & 0777) == 0660,
	    "a socket that others cannot write to");
	is_int(count(fd), 0, "reading does not block");
	wake_send(&conf, 3);
	is_int(count(fd), 3, "one datagram each");
	wake_send(&conf, 1000000);
	ok(count(fd) > 0, "many never wait");
	is_int(wake_listen(&conf, &again, &e), ERR_OK,
	    "a socket that was left is replaced");
	wake_send(&conf, 1);
	is_int(count(fd), 0, "the old one is cut off");
	is_int(count(again), 1, "the new one hears");
	close(fd);
	close(again);
}

static void
test_refused(void)
{
	static char longer[200];
	int fd = 7;
	FILE *f;

	unlink(path);
	f = fopen(path, "w");
	fclose(f);
	is_int(wake_listen(&conf, &fd, &e), ERR_UNAVAILABLE,
	    "a file is not replaced");
	ok(strstr(e.text, path) != NULL, "the text names it: %s", e.text);
	is_int(fd, -1, "no socket");
	wake_send(&conf, 1);
	unlink(path);
	memset(longer, 'x', sizeof(longer) - 1);
	conf.worker_wake_socket = longer;
	is_int(wake_listen(&conf, &fd, &e), ERR_UNAVAILABLE, "too long a path");
	wake_send(&conf, 1);
	conf.worker_wake_socket = (char *)"";
	is_int(wake_listen(&conf, &fd, &e), ERR_OK, "none is configured");
	is_int(fd, -1, "then there is none");
	wake_send(&conf, 1);
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 99;
	snprintf(path, sizeof(path), "%s/wake", dir);
	conf.worker_wake_socket = path;
	test_send();
	test_refused();
	rmdir(dir);
	return done_testing();
}
