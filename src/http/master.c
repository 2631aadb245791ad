#include "http/master.h"

#include <signal.h>
#include <string.h>

#include "base/conf.h"
#include "base/log.h"
#include "http/metrics.h"
#include "proc/supervisor.h"

static int64_t
processes(const struct conf *c)
{
	return c->server_processes;
}

static const char *
pid_file(const struct conf *c)
{
	return c->server_pid_file;
}

static int64_t
stop_ms(const struct conf *c)
{
	return c->server_request_timeout * 1000;
}

static int
work(struct service *s, void *arg)
{
	const struct listener *listener = arg;

	return server_run(s, listener->fd);
}

static void
change(const struct service *old, const struct service *fresh, void *arg)
{
	const struct listener *listener = arg;

	(void)old;
	if (strcmp(fresh->conf->server_socket, listener->addr.sun_path))
		log_warning("[server] socket: a restart is needed to move it");
}

/* Nobody comes after those who wait now. */
static void
stop(void *arg)
{
	listener_unlink(arg);
}

int
master_run(
    const char *conf_path, struct service **service, struct listener *listener)
{
	static const struct supervised POOL = {.processes = processes,
	    .pid_file = pid_file,
	    .stop_ms = stop_ms,
	    .work = work,
	    .change = change,
	    .stop = stop,
	    .retire = SIGUSR2};

	metrics_share();
	return supervisor_run(&POOL, conf_path, service, listener);
}
