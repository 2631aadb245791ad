#include "http/master.h"

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

#define QUICK_MS 1000      /* a process that lives less died at its start */
#define DELAY_MS 200       /* before the next after such a death, */
#define DELAY_MAX_MS 10000 /* doubled with each up to this */

struct child {
	pid_t pid;
	unsigned generation;
	int64_t started;
};

struct master {
	const char *conf_path;
	struct service *service;
	const struct listener *listener;
	char *pid_file; /* where it was written; NULL: nowhere */
	struct child *children;
	unsigned nchildren, cap;
	unsigned generation; /* counts readings of the configuration */
	unsigned quick;      /* quick deaths in a row */
	int64_t not_before;  /* no process is started earlier */
	int64_t deadline;    /* when stopping: those left are killed; else 0 */
};

static void
signal_children(const struct master *m, int sig, unsigned below)
{
	unsigned i;

	for (i = 0; i < m->nchildren; i++) {
		if (m->children[i].generation < below)
			kill(m->children[i].pid, sig);
	}
}

static void
add_child(struct master *m, pid_t pid)
{
	if (m->nchildren == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 16;
		m->children =
		    realloc(m->children, m->cap * sizeof(*m->children));
		if (!m->children)
			abort();
	}
	m->children[m->nchildren++] = (struct child){.pid = pid,
	    .generation = m->generation,
	    .started = clock_mono_ms()};
}

/* In the new process: ends with its master, whatever ends that. */
static void __attribute__((noreturn)) child_main(struct master *m, pid_t master)
{
	int status = EX_OK;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == master)
		status = server_run(m->service, m->listener->fd);
	service_close(&m->service);
	free(m->pid_file);
	free(m->children);
	exit(status);
}

static unsigned
count_current(const struct master *m)
{
	unsigned i, n = 0;

	for (i = 0; i < m->nchildren; i++)
		n += m->children[i].generation == m->generation;
	return n;
}

static bool
is_short(const struct master *m)
{
	return !m->deadline &&
	       count_current(m) < m->service->conf->server_processes;
}

/* Starts processes of this generation until there are as many as wanted. */
static void
start_missing(struct master *m)
{
	pid_t self = getpid(), pid;

	while (is_short(m) && clock_mono_ms() >= m->not_before) {
		pid = fork();
		if (pid == 0)
			child_main(m, self);
		if (pid < 0) {
			log_error(
			    "cannot start a process: %s", strerror(errno));
			m->not_before = clock_mono_ms() + QUICK_MS;
			return;
		}
		add_child(m, pid);
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
note_death(struct master *m, const struct child *c)
{
	int64_t now = clock_mono_ms(), delay = DELAY_MS;
	unsigned i;

	if (m->deadline || c->generation != m->generation)
		return;
	if (now - c->started >= QUICK_MS) {
		m->quick = 0;
		return;
	}
	for (i = 0; i < m->quick && delay < DELAY_MAX_MS; i++)
		delay *= 2;
	m->quick++;
	m->not_before = now + (delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS);
	log_warning("%u processes in a row died within a second of their "
	            "start",
	    m->quick);
}

static void
reap(struct master *m)
{
	int status;
	pid_t pid;
	unsigned i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < m->nchildren; i++) {
			if (m->children[i].pid == pid)
				break;
		}
		if (i == m->nchildren)
			continue;
		log_death(&m->children[i], status);
		note_death(m, &m->children[i]);
		m->children[i] = m->children[--m->nchildren];
	}
}

static void
reload(struct master *m)
{
	struct service *fresh;
	struct err e;

	if (service_open(m->conf_path, &fresh, &e)) {
		log_error(
		    "the configuration stays as it was: %s", err_text(&e));
		return;
	}
	if (service_log(fresh, &e))
		log_error("the log stays where it was: %s", err_text(&e));
	if (strcmp(fresh->conf->server_socket, m->listener->addr.sun_path))
		log_warning("[server] socket: a restart is needed to move it");
	service_close(&m->service);
	m->service = fresh;
	m->generation++;
	m->quick = 0;
	m->not_before = 0;
	start_missing(m);
	signal_children(m, SIGUSR2, m->generation);
	log_info("the configuration was read again");
}

static void
stop(struct master *m)
{
	if (m->deadline)
		return;
	log_info("stopping");
	listener_unlink(m->listener);
	m->deadline =
	    clock_mono_ms() + m->service->conf->server_request_timeout * 1000;
	signal_children(m, SIGTERM, m->generation + 1);
}

static void
on_signal(struct master *m, int sig)
{
	switch (sig) {
	case SIGCHLD:
		reap(m);
		break;
	case SIGHUP:
		if (!m->deadline)
			reload(m);
		break;
	case SIGUSR1:
		if (!log_reopen())
			log_error("cannot reopen the log: %s", strerror(errno));
		signal_children(m, SIGUSR1, m->generation + 1);
		break;
	case SIGUSR2: /* means something to the processes of the pool alone */
		break;
	default:
		stop(m);
	}
}

/* Ends what did not end by itself in the time that a stop may take. */
static void
kill_late(struct master *m)
{
	if (!m->deadline || clock_mono_ms() < m->deadline)
		return;
	log_warning("%u processes did not finish in time", m->nchildren);
	signal_children(m, SIGKILL, m->generation + 1);
	m->deadline = clock_mono_ms() + QUICK_MS;
}

/* Waits for a signal of the set, or until there is something to do. */
static void
wait_signal(struct master *m, const sigset_t *set)
{
	int64_t until = is_short(m) ? m->not_before : m->deadline, left;
	struct timespec ts;
	int sig;

	left = until - clock_mono_ms();
	if (left < 0)
		left = 0;
	ts.tv_sec = left / 1000;
	ts.tv_nsec = left % 1000 * 1000000;
	sig = until ? sigtimedwait(set, NULL, &ts) : sigwaitinfo(set, NULL);
	if (sig > 0)
		on_signal(m, sig);
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
write_pid_file(struct master *m)
{
	const char *path = m->service->conf->server_pid_file;
	char *temp;
	FILE *f;

	if (!*path)
		return;
	if (asprintf(&temp, "%s.%ld", path, (long)getpid()) < 0)
		abort();
	f = fopen(temp, "w");
	if (f && fprintf(f, "%ld\n", (long)getpid()) > 0 && !fclose(f) &&
	    !rename(temp, path))
		m->pid_file = strdup(path);
	else
		log_error("cannot write %s: %s", path, strerror(errno));
	free(temp);
}

/* Removes the pid file unless another master has written it since. */
static void
remove_pid_file(struct master *m)
{
	FILE *f = m->pid_file ? fopen(m->pid_file, "r") : NULL;
	long pid = 0;

	if (f && fscanf(f, "%ld", &pid) == 1 && pid == (long)getpid())
		unlink(m->pid_file);
	if (f)
		fclose(f);
	free(m->pid_file);
}

int
master_run(const char *conf_path, struct service **service,
    const struct listener *listener)
{
	struct master m = {.conf_path = conf_path,
	    .service = *service,
	    .listener = listener,
	    .generation = 1};
	sigset_t set = block_signals();

	*service = NULL;
	write_pid_file(&m);
	log_info("started, %lld processes",
	    (long long)m.service->conf->server_processes);
	while (!m.deadline || m.nchildren) {
		start_missing(&m);
		wait_signal(&m, &set);
		if (m.nchildren)
			kill_late(&m);
	}
	remove_pid_file(&m);
	log_info("stopped");
	service_close(&m.service);
	free(m.children);
	return EX_OK;
}
