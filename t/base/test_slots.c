/* Slots over processes: bounded, and given back by the dead. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/slots.h"
#include "t/tap.h"

/* A child that tries to take a slot, says whether it did, and waits. */
static pid_t
child(struct slots *s, bool *took)
{
	int p[2];
	char c = 0;
	pid_t pid;

	if (pipe(p))
		return -1;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		c = slots_take(s) ? 'y' : 'n';
		if (write(p[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(p[1]);
	*took = read(p[0], &c, 1) == 1 && c == 'y';
	close(p[0]);
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int
main(void)
{
	struct slots *s = slots_new(2);
	bool took[3];
	pid_t pid[3];

	pid[0] = child(s, &took[0]);
	pid[1] = child(s, &took[1]);
	ok(took[0] && took[1], "two processes have a slot each");
	ok(!slots_take(s), "and a third has none");
	end(pid[0]);
	pid[2] = child(s, &took[2]);
	ok(took[2], "one that was killed has given its slot back");
	end(pid[2]);
	ok(slots_take(s), "so that another may have it");
	slots_give(s);
	ok(slots_take(s), "and have it again");
	end(pid[1]);
	slots_free(&s);
	slots_free(&s);
	ok(!s, "freed");
	return done_testing();
}
