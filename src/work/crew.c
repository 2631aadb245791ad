#include "work/crew.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "work/wake.h"
#include "work/worker.h"

#define QUICK_MS 1000     /* a process that lives less died at its start */
#define DELAY_MS 200      /* before the next after such a death, */
#define DELAY_MAX_MS 2000 /* doubled with each up to this */
#define STOP_MS 60000     /* a stop takes no longer */
#define MEMBERS_MAX 256   /* old and new ones */

struct member {
	pid_t pid;
	unsigned generation;
	int64_t started;
};

struct crew {
	const char *conf_path;
	struct equipment *gear;
	int wake;
	char *pid_file; /* where it was written; NULL: nowhere */
	struct member members[MEMBERS_MAX];
	unsigned n;
	unsigned generation; /* counts readings of the configuration */
	unsigned quick;      /* quick deaths in a row */
	int64_t not_before;  /* no process is started earlier */
	int64_t deadline;    /* when stopping: those left are killed; else 0 */
	int status;
};

static void
signal_members(const struct crew *w, int sig, unsigned below)
{
	unsigned i;

	for (i = 0; i < w->n; i++)
		if (w->members[i].generation < below)
			kill(w->members[i].pid, sig);
}

/* In the new process: ends with its master, whatever ends that. */
static void __attribute__((noreturn)) member_main(struct crew *w, pid_t master)
{
	int status = EX_OK;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == master)
		status = worker_poll(&w->gear->site, w->wake);
	equipment_close(&w->gear);
	free(w->pid_file);
	exit(status);
}

static bool
is_short(const struct crew *w)
{
	unsigned i, n = 0;

	for (i = 0; i < w->n; i++)
		n += w->members[i].generation == w->generation;
	return !w->deadline && n < w->gear->conf->worker_processes &&
	       w->n < MEMBERS_MAX;
}

static void
start_missing(struct crew *w)
{
	pid_t self = getpid(), pid;

	while (is_short(w) && clock_mono_ms() >= w->not_before) {
		pid = fork();
		if (pid == 0)
			member_main(w, self);
		if (pid < 0) {
			log_error(
			    "cannot start a process: %s", strerror(errno));
			w->not_before = clock_mono_ms() + QUICK_MS;
			return;
		}
		w->members[w->n++] = (struct member){.pid = pid,
		    .generation = w->generation,
		    .started = clock_mono_ms()};
	}
}

static void
stop(struct crew *w)
{
	if (w->deadline)
		return;
	log_info("stopping");
	w->deadline = clock_mono_ms() + STOP_MS;
	signal_members(w, SIGTERM, w->generation + 1);
}

/* Processes that die as they start are not replaced at once, for the machine
 * and the log to stay usable. */
static void
note_death(struct crew *w, const struct member *m)
{
	int64_t now = clock_mono_ms(), delay = DELAY_MS;
	unsigned i;

	if (w->deadline || m->generation != w->generation)
		return;
	if (now - m->started >= QUICK_MS) {
		w->quick = 0;
		return;
	}
	for (i = 0; i < w->quick && delay < DELAY_MAX_MS; i++)
		delay *= 2;
	w->quick++;
	w->not_before = now + (delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS);
}

static void
bury(struct crew *w, unsigned i, int status)
{
	struct member m = w->members[i];

	w->members[i] = w->members[--w->n];
	if (WIFSIGNALED(status))
		log_error("process %ld was ended by signal %d", (long)m.pid,
		    WTERMSIG(status));
	else if (WEXITSTATUS(status))
		log_error("process %ld ended with status %d", (long)m.pid,
		    WEXITSTATUS(status));
	if (WIFEXITED(status) && WEXITSTATUS(status) == EX_CONFIG &&
	    m.generation == w->generation) {
		w->status = EX_CONFIG;
		stop(w);
		return;
	}
	note_death(w, &m);
}

static void
reap(struct crew *w)
{
	int status;
	pid_t pid;
	unsigned i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < w->n; i++)
			if (w->members[i].pid == pid) {
				bury(w, i, status);
				break;
			}
}

static void
close_wake(struct crew *w)
{
	if (w->wake < 0)
		return;
	close(w->wake);
	unlink(w->gear->conf->worker_wake_socket);
	w->wake = -1;
}

/* Moves to the wake socket that a new configuration names. */
static void
move_wake(struct crew *w, const struct equipment *fresh)
{
	struct err e;

	if (!strcmp(w->gear->conf->worker_wake_socket,
	        fresh->conf->worker_wake_socket))
		return;
	close_wake(w);
	if (wake_listen(fresh->conf, &w->wake, &e))
		log_error("%s", err_text(&e));
}

static void
reload(struct crew *w)
{
	struct equipment *fresh;
	struct err e;

	if (equipment_open(w->conf_path, &fresh, &e)) {
		log_error(
		    "the configuration stays as it was: %s", err_text(&e));
		return;
	}
	if (equipment_log(fresh, &e))
		log_error("the log stays where it was: %s", err_text(&e));
	move_wake(w, fresh);
	equipment_close(&w->gear);
	w->gear = fresh;
	w->generation++;
	w->quick = 0;
	w->not_before = 0;
	signal_members(w, SIGTERM, w->generation);
	start_missing(w);
	log_info("the configuration was read again");
}

static void
on_signal(struct crew *w, int sig)
{
	switch (sig) {
	case SIGCHLD:
		reap(w);
		break;
	case SIGHUP:
		if (!w->deadline)
			reload(w);
		break;
	case SIGUSR1:
		if (!log_reopen())
			log_error("cannot reopen the log: %s", strerror(errno));
		signal_members(w, SIGUSR1, w->generation + 1);
		break;
	default:
		stop(w);
	}
}

/* Ends what did not end by itself in the time that a stop may take. */
static void
kill_late(struct crew *w)
{
	if (!w->deadline || clock_mono_ms() < w->deadline)
		return;
	log_warning("%u processes did not finish in time", w->n);
	signal_members(w, SIGKILL, w->generation + 1);
	w->deadline = clock_mono_ms() + QUICK_MS;
}

/* Waits for a signal of the set, or until there is something to do. */
static void
wait_signal(struct crew *w, const sigset_t *set)
{
	int64_t until = is_short(w) ? w->not_before : w->deadline, left;
	struct timespec ts;
	int sig;

	left = until - clock_mono_ms();
	if (left < 0)
		left = 0;
	ts.tv_sec = left / 1000;
	ts.tv_nsec = left % 1000 * 1000000;
	sig = until ? sigtimedwait(set, NULL, &ts) : sigwaitinfo(set, NULL);
	if (sig > 0)
		on_signal(w, sig);
}

static sigset_t
block_signals(void)
{
	static const int all[] = {
	    SIGCHLD, SIGHUP, SIGUSR1, SIGTERM, SIGQUIT, SIGINT};
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sigaddset(&set, all[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return set;
}

static void
write_pid_file(struct crew *w)
{
	const char *path = w->gear->conf->worker_pid_file;
	char *temp;
	FILE *f;

	if (!*path)
		return;
	if (asprintf(&temp, "%s.%ld", path, (long)getpid()) < 0)
		abort();
	f = fopen(temp, "we");
	if (f && fprintf(f, "%ld\n", (long)getpid()) > 0 && !fclose(f) &&
	    !rename(temp, path))
		w->pid_file = strdup(path);
	else
		log_error("cannot write %s: %s", path, strerror(errno));
	free(temp);
}

/* Removes the pid file unless another master has written it since. */
static void
remove_pid_file(struct crew *w)
{
	FILE *f = w->pid_file ? fopen(w->pid_file, "re") : NULL;
	long pid = 0;

	if (f && fscanf(f, "%ld", &pid) == 1 && pid == (long)getpid())
		unlink(w->pid_file);
	if (f)
		fclose(f);
	free(w->pid_file);
}

int
crew_run(const char *conf_path, struct equipment **q)
{
	struct crew w = {.conf_path = conf_path,
	    .gear = *q,
	    .wake = -1,
	    .generation = 1,
	    .status = EX_OK};
	sigset_t set = block_signals();
	struct err e;

	*q = NULL;
	if (wake_listen(w.gear->conf, &w.wake, &e)) {
		fprintf(stderr, "coffer-worker: %s\n", err_text(&e));
		equipment_close(&w.gear);
		return EX_UNAVAILABLE;
	}
	write_pid_file(&w);
	log_info("started, %lld processes",
	    (long long)w.gear->conf->worker_processes);
	while (!w.deadline || w.n) {
		start_missing(&w);
		wait_signal(&w, &set);
		if (w.n)
			kill_late(&w);
	}
	close_wake(&w);
	remove_pid_file(&w);
	log_info("stopped");
	equipment_close(&w.gear);
	return w.status;
}
