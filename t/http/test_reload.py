"""A process that is told to retire just as it is woken for a connection: nobody
else was woken for that."""
import os
import subprocess
import time
import coffer
import fastcgi
import tap

# The old process is slow to look at what woke it, and the master slow to tell
# it to retire, so that both come together.
SLOW = """
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

int
epoll_wait(int fd, struct epoll_event *ev, int max, int timeout)
{
	int n = (int)syscall(SYS_epoll_pwait, fd, ev, max, timeout, NULL, 8);

	if (n < 1 || access(getenv("SLOW"), F_OK))
		return n;
	usleep(1500000);
	return (int)syscall(SYS_epoll_pwait, fd, ev, max, 0, NULL, 8);
}

int
kill(pid_t pid, int sig)
{
	if (sig == SIGUSR2) {
		close(open(getenv("SLOW"), O_CREAT | O_WRONLY, 0600));
		usleep(1000000);
	}
	return (int)syscall(SYS_kill, pid, sig);
}
"""
site = coffer.Site(parts="fcgi", **{"server.processes": 1})
mark, library = f"{site.dir}/slow", f"{site.dir}/slow.so"
subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-xc", "-o",
                library, "-"], input=SLOW, text=True, check=True)
os.environ.update(LD_PRELOAD=library, SLOW=mark)
site.stop("fcgi")
site.up()
del os.environ["LD_PRELOAD"]
pool = fastcgi.Pool(site)


def test_retired():
    old = site.children("fcgi")
    site.kill("fcgi", 1)
    coffer.wait_until(lambda: os.path.exists(mark), 20)
    time.sleep(0.3)
    tap.equal(len(site.children("fcgi")), 2, "the new process waits as well")
    start = time.monotonic()
    with pool.connect(timeout=10) as link:
        link.sendall(fastcgi.begin() + fastcgi.params(
            pool.values("GET", "/healthz")) + fastcgi.record(fastcgi.PARAMS)
            + fastcgi.record(fastcgi.STDIN))
        try:
            status = fastcgi.Reply(fastcgi.answer(link)).status
        except OSError as error:
            status = repr(error)
    tap.equal(status, 200, "who was woken last answers"
              f" ({time.monotonic() - start:.1f} s)")
    tap.ok(coffer.eventually(lambda: not set(old) & set(
        site.children("fcgi"))), "and then retires")


tap.run(globals())
