#include "proc/supervisor.h"

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

#define QUICK_MS 1000     /* a process that lives less died at its start */
#define DELAY_MS 200      /* before the next after such a death, */
#define DELAY_MAX_MS 2000 /* doubled with each up to this */

struct child {
	pid_t pid;
	unsigned generation;
	int64_t started;
};

struct supervisor {
	const struct supervised *what;
	void *arg;
	const char *conf_path;
	struct service *service;
	char *pid_file; /* where it was written; NULL: nowhere */
	struct child *children;
	unsigned nchildren, cap;
	unsigned generation; /* counts readings of the configuration */
	unsigned quick;      /* quick deaths in a row */
	int64_t not_before;  /* no process is started earlier */
	int64_t deadline;    /* when stopping: those left are killed; else 0 */
	int status;
};

static void
signal_children(const struct supervisor *sup, int sig, unsigned below)
{
	unsigned i;

	for (i = 0; i < sup->nchildren; i++) {
		if (sup->children[i].generation < below)
			kill(sup->children[i].pid, sig);
	}
}

static void
add_child(struct supervisor *sup, pid_t pid)
{
	if (sup->nchildren == sup->cap) {
		sup->cap = sup->cap ? 2 * sup->cap : 16;
		sup->children =
		    realloc(sup->children, sup->cap * sizeof(*sup->children));
		if (!sup->children)
			abort();
	}
	sup->children[sup->nchildren++] = (struct child){.pid = pid,
	    .generation = sup->generation,
	    .started = clock_mono_ms()};
}

/* In the new process: ends with its master, whatever ends that. */
static void __attribute__((noreturn))
child_main(struct supervisor *sup, pid_t master)
{
	int status = EX_OK;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == master)
		status = sup->what->work(sup->service, sup->arg);
	service_close(&sup->service);
	free(sup->pid_file);
	free(sup->children);
	exit(status);
}

static int64_t
count_current(const struct supervisor *sup)
{
	int64_t n = 0;
	unsigned i;

	for (i = 0; i < sup->nchildren; i++)
		n += sup->children[i].generation == sup->generation;
	return n;
}

static bool
is_short(const struct supervisor *sup)
{
	return !sup->deadline &&
	       count_current(sup) < sup->what->processes(sup->service->conf);
}

/* Starts processes of this generation until there are as many as wanted. */
static void
start_missing(struct supervisor *sup)
{
	pid_t self = getpid(), pid;

	while (is_short(sup) && clock_mono_ms() >= sup->not_before) {
		pid = fork();
		if (pid == 0)
			child_main(sup, self);
		if (pid < 0) {
			log_error(
			    "cannot start a process: %s", strerror(errno));
			sup->not_before = clock_mono_ms() + QUICK_MS;
			return;
		}
		add_child(sup, pid);
	}
}

static void
log_death(const struct child *c, int status)
{
	if (WIFSIGNALED(status))
		log_error("process %ld was ended by signal %d", (long)c->pid,
		    WTERMSIG(status));
	else if (WEXITSTATUS(status))
		log_error("process %ld ended with status %d", (long)c->pid,
		    WEXITSTATUS(status));
	else
		log_debug("process %ld has finished", (long)c->pid);
}

/* Processes that die as they start are not replaced at once, for the machine
 * and the log to stay usable. */
static void
note_death(struct supervisor *sup, const struct child *c)
{
	int64_t now = clock_mono_ms(), delay = DELAY_MS;
	unsigned i;

	if (sup->deadline || c->generation != sup->generation)
		return;
	if (now - c->started >= QUICK_MS) {
		sup->quick = 0;
		return;
	}
	for (i = 0; i < sup->quick && delay < DELAY_MAX_MS; i++)
		delay *= 2;
	sup->quick++;
	sup->not_before = now + (delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS);
	log_warning("%u processes in a row died within a second of their "
	            "start",
	    sup->quick);
}

static void
stop(struct supervisor *sup)
{
	if (sup->deadline)
		return;
	log_info("stopping");
	if (sup->what->stop)
		sup->what->stop(sup->arg);
	sup->deadline =
	    clock_mono_ms() + sup->what->stop_ms(sup->service->conf);
	signal_children(sup, SIGTERM, sup->generation + 1);
}

static bool
is_hopeless(const struct supervisor *sup, const struct child *c, int status)
{
	return sup->what->hopeless && c->generation == sup->generation &&
	       WIFEXITED(status) && WEXITSTATUS(status) == sup->what->hopeless;
}

static void
bury(struct supervisor *sup, unsigned i, int status)
{
	struct child c = sup->children[i];

	sup->children[i] = sup->children[--sup->nchildren];
	log_death(&c, status);
	if (is_hopeless(sup, &c, status)) {
		sup->status = sup->what->hopeless;
		stop(sup);
	}
	note_death(sup, &c);
}

static void
reap(struct supervisor *sup)
{
	int status;
	pid_t pid;
	unsigned i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < sup->nchildren; i++)
			if (sup->children[i].pid == pid) {
				bury(sup, i, status);
				break;
			}
}

static void
reload(struct supervisor *sup)
{
	struct service *fresh;
	struct err e;

	if (service_open(sup->service->program, sup->conf_path, &fresh, &e)) {
		log_error(
		    "the configuration stays as it was: %s", err_text(&e));
		return;
	}
	if (service_log(fresh, &e))
		log_error("the log stays where it was: %s", err_text(&e));
	sup->what->change(sup->service, fresh, sup->arg);
	service_close(&sup->service);
	sup->service = fresh;
	sup->generation++;
	sup->quick = 0;
	sup->not_before = 0;
	start_missing(sup);
	signal_children(sup, sup->what->retire, sup->generation);
	log_info("the configuration was read again");
}

static void
on_signal(struct supervisor *sup, int sig)
{
	switch (sig) {
	case SIGCHLD:
		reap(sup);
		break;
	case SIGHUP:
		if (!sup->deadline)
			reload(sup);
		break;
	case SIGUSR1:
		if (!log_reopen())
			log_error("cannot reopen the log: %s", strerror(errno));
		signal_children(sup, SIGUSR1, sup->generation + 1);
		break;
	case SIGUSR2: /* means something to the processes alone */
		break;
	default:
		stop(sup);
	}
}

/* Ends what did not end by itself in the time that a stop may take. */
static void
kill_late(struct supervisor *sup)
{
	if (!sup->deadline || clock_mono_ms() < sup->deadline)
		return;
	log_warning("%u processes did not finish in time", sup->nchildren);
	signal_children(sup, SIGKILL, sup->generation + 1);
	sup->deadline = clock_mono_ms() + QUICK_MS;
}

/* Waits for a signal of the set, or until there is something to do. */
static void
wait_signal(struct supervisor *sup, const sigset_t *set)
{
	int64_t until = is_short(sup) ? sup->not_before : sup->deadline, left;
	struct timespec ts;
	int sig;

	left = until - clock_mono_ms();
	if (left < 0)
		left = 0;
	ts.tv_sec = left / 1000;
	ts.tv_nsec = left % 1000 * 1000000;
	sig = until ? sigtimedwait(set, NULL, &ts) : sigwaitinfo(set, NULL);
	if (sig > 0)
		on_signal(sup, sig);
}

static sigset_t
block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return set;
}

static void
write_pid_file(struct supervisor *sup)
{
	const char *path = sup->what->pid_file(sup->service->conf);
	char *temp;
	FILE *f;

	if (!*path)
		return;
	if (asprintf(&temp, "%s.%ld", path, (long)getpid()) < 0)
		abort();
	f = fopen(temp, "we");
	if (f && fprintf(f, "%ld\n", (long)getpid()) > 0 && !fclose(f) &&
	    !rename(temp, path))
		sup->pid_file = strdup(path);
	else
		log_error("cannot write %s: %s", path, strerror(errno));
	free(temp);
}

/* Removes the pid file unless another master has written it since. */
static void
remove_pid_file(struct supervisor *sup)
{
	FILE *f = sup->pid_file ? fopen(sup->pid_file, "re") : NULL;
	long pid = 0;

	if (f && fscanf(f, "%ld", &pid) == 1 && pid == (long)getpid())
		unlink(sup->pid_file);
	if (f)
		fclose(f);
	free(sup->pid_file);
}

int
supervisor_run(const struct supervised *what, const char *conf_path,
    struct service **service, void *arg)
{
	struct supervisor sup = {.what = what,
	    .arg = arg,
	    .conf_path = conf_path,
	    .service = *service,
	    .generation = 1,
	    .status = EX_OK};
	sigset_t set = block_signals();

	*service = NULL;
	write_pid_file(&sup);
	log_info("started, %lld processes",
	    (long long)what->processes(sup.service->conf));
	while (!sup.deadline || sup.nchildren) {
		start_missing(&sup);
		wait_signal(&sup, &set);
		if (sup.nchildren)
			kill_late(&sup);
	}
	remove_pid_file(&sup);
	log_info("stopped");
	service_close(&sup.service);
	free(sup.children);
	return sup.status;
}
