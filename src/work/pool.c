#include "work/pool.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "proc/program.h"
#include "proc/supervisor.h"
#include "work/wake.h"
#include "work/worker.h"

#define STOP_MS 60000

/* The socket on which the processes are woken. */
struct wake {
	int fd; /* -1: none */
	char *path;
};

static enum err_code
wake_open(struct wake *w, const struct conf *c, struct err *e)
{
	enum err_code err = wake_listen(c, &w->fd, e);

	w->path = strdup(c->worker_wake_socket);
	if (!w->path)
		abort();
	return err;
}

static void
wake_close(struct wake *w)
{
	if (w->fd >= 0) {
		close(w->fd);
		unlink(w->path);
	}
	free(w->path);
	*w = (struct wake){.fd = -1};
}

static int64_t
processes(const struct conf *c)
{
	return c->worker_processes;
}

static const char *
pid_file(const struct conf *c)
{
	return c->worker_pid_file;
}

static int64_t
stop_ms(const struct conf *c)
{
	(void)c;
	return STOP_MS;
}

static int
work(struct service *s, void *arg)
{
	struct wake *w = arg;
	int status = worker_poll(&s->site, w->fd);

	free(w->path);
	return status;
}

static void
change(const struct service *old, const struct service *fresh, void *arg)
{
	struct wake *w = arg;
	struct err e;

	if (!strcmp(
	        old->conf->worker_wake_socket, fresh->conf->worker_wake_socket))
		return;
	wake_close(w);
	if (wake_open(w, fresh->conf, &e))
		log_error("%s", err_text(&e));
}

int
pool_run(const char *conf_path, struct service **service)
{
	static const struct supervised POOL = {.processes = processes,
	    .pid_file = pid_file,
	    .stop_ms = stop_ms,
	    .work = work,
	    .change = change,
	    .retire = SIGTERM,
	    .hopeless = EX_CONFIG};
	struct wake w;
	struct err e;
	int status = EX_UNAVAILABLE;

	if (wake_open(&w, (*service)->conf, &e)) {
		program_refuse("coffer-worker", &e, status);
		service_close(service);
	} else {
		status = supervisor_run(&POOL, conf_path, service, &w);
	}
	wake_close(&w);
	return status;
}
