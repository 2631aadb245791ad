/* A bound on the whole of a wait for the client: SO_RCVTIMEO bounds each read
 * alone, so that one byte now and then would hold a process for ever (S31). */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "http/internal.h"

static volatile sig_atomic_t watched = -1;

static void
cut(int sig)
{
	int saved = errno;

	(void)sig;
	if (watched >= 0)
		shutdown(watched, SHUT_RDWR);
	errno = saved;
}

void
deadline_setup(void)
{
	struct sigaction sa = {.sa_handler = cut};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGALRM, &sa, NULL);
}

static void
timer(int64_t ms)
{
	struct itimerval t = {
	    .it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};

	setitimer(ITIMER_REAL, &t, NULL);
}

void
deadline_set(int fd, int64_t ms)
{
	watched = fd;
	timer(ms > 0 ? ms : 1);
}

void
deadline_clear(void)
{
	timer(0);
	watched = -1;
}
