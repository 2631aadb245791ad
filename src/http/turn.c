#include "http/turn.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"

static bool
watch(int epoll, int fd, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.fd = fd};

	return !epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
}

bool
turn_open(int listener, const sigset_t *set, struct turn *out)
{
	int saved;

	out->signals = signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC);
	out->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (out->signals >= 0 && out->epoll >= 0 &&
	    watch(out->epoll, out->signals, EPOLLIN) &&
	    watch(out->epoll, listener, EPOLLIN | EPOLLEXCLUSIVE))
		return true;
	saved = errno;
	turn_close(out);
	errno = saved;
	return false;
}

void
turn_wait(const struct turn *t, void (*note)(int sig))
{
	struct epoll_event ev[2];
	struct signalfd_siginfo info;
	int i, n = epoll_wait(t->epoll, ev, 2, -1);

	if (n < 0 && errno != EINTR)
		log_error("epoll_wait: %s", strerror(errno));
	for (i = 0; i < n; i++)
		if (ev[i].data.fd == t->signals)
			while (read(t->signals, &info, sizeof(info)) ==
			       (ssize_t)sizeof(info))
				note((int)info.ssi_signo);
}

void
turn_close(struct turn *t)
{
	if (t->epoll >= 0)
		close(t->epoll);
	if (t->signals >= 0)
		close(t->signals);
	t->epoll = t->signals = -1;
}
