#include "http/master.h"

#include <signal.h>
#include <string.h>

#include "base/conf.h"
#include "base/log.h"
#include "http/metrics.h"
#include "model/seq_cache.h"
#include "proc/supervisor.h"

/* What its processes share. */
struct pool {
	struct listener *listener;
	struct seq_cache *seqs;
};

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
	const struct pool *pool = arg;

	s->site.seqs = pool->seqs;
	return server_run(s, pool->listener->fd);
}

static bool
is_same_database(const struct conf *a, const struct conf *b)
{
	return !strcmp(a->database_socket, b->database_socket) &&
	       !strcmp(a->database_host, b->database_host) &&
	       a->database_port == b->database_port &&
	       !strcmp(a->database_name, b->database_name);
}

/* Seqs that one database has reserved are not another's. */
static void
change(const struct service *old, const struct service *fresh, void *arg)
{
	struct pool *pool = arg;

	if (!is_same_database(old->conf, fresh->conf)) {
		seq_cache_free(&pool->seqs);
		pool->seqs = seq_cache_new();
	}
	if (strcmp(fresh->conf->server_socket, pool->listener->addr.sun_path))
		log_warning("[server] socket: a restart is needed to move it");
}

/* Nobody comes after those who wait now. */
static void
stop(void *arg)
{
	const struct pool *pool = arg;

	listener_unlink(pool->listener);
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

	struct pool pool = {listener, seq_cache_new()};
	int status;

	metrics_share();
	status = supervisor_run(&POOL, conf_path, service, &pool);
	seq_cache_free(&pool.seqs);
	return status;
}
