#include "base/slots.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct slots {
	int fd;
	unsigned n, held; /* held: 1 + the slot that is ours; 0: none */
};

struct slots *
slots_new(unsigned n)
{
	struct slots *s = calloc(1, sizeof(*s));

	assert(n > 0);
	if (!s)
		abort();
	s->n = n;
	s->fd = memfd_create("coffer-slots", MFD_CLOEXEC);
	if (s->fd < 0)
		abort();
	return s;
}

/* False if another process holds the byte. */
static bool
lock(struct slots *s, unsigned i, short type)
{
	struct flock l = {
	    .l_type = type, .l_whence = SEEK_SET, .l_start = i, .l_len = 1};
	int rc;

	do
		rc = fcntl(s->fd, F_SETLK, &l);
	while (rc && errno == EINTR);
	return !rc;
}

bool
slots_take(struct slots *s)
{
	assert(!s->held);
	for (unsigned i = 0; i < s->n && !s->held; i++)
		if (lock(s, i, F_WRLCK))
			s->held = i + 1;
	return s->held != 0;
}

void
slots_give(struct slots *s)
{
	assert(s->held);
	lock(s, s->held - 1, F_UNLCK);
	s->held = 0;
}

void
slots_free(struct slots **s)
{
	if (!*s)
		return;
	close((*s)->fd);
	free(*s);
	*s = NULL;
}
