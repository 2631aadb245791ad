/* What programs do to themselves: no cores (S24). */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"
#include "t/tap.h"

static void
test_limits(void)
{
	struct rlimit core = {1, 1};

	is_int(prctl(PR_GET_DUMPABLE), 1, "before: cores are possible");
	process_harden(0027);
	is_int(getrlimit(RLIMIT_CORE, &core), 0, "the limit can be read");
	is_int((intmax_t)(core.rlim_cur + core.rlim_max), 0,
	    "S24: cores are of no bytes, and it stays so");
	is_int(prctl(PR_GET_DUMPABLE), 0, "S24: the process is not dumpable");
	is_int(umask(0), 0027, "files are made with the mask");
}

static void
test_child(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGQUIT, SIG_DFL);
		if (prctl(PR_GET_DUMPABLE))
			_exit(1);
		raise(SIGQUIT);
		_exit(2);
	}
	is_int(waitpid(pid, &status, 0), pid, "a child");
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGQUIT &&
	        !WCOREDUMP(status),
	    "S24: a child that dies of a signal leaves no core");
}

int
main(void)
{
	test_limits();
	test_child();
	return done_testing();
}
