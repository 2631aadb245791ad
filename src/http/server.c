#include "http/server.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "http/internal.h"
#include "http/metrics.h"
#include "http/turn.h"

#define ARENA_BLOCK 65536
#define BODY_KEPT (1 << 20)

/* What signals have asked for; they are read between requests. */
static volatile sig_atomic_t stopping, retired, reopen;

static void
note_signal(int sig)
{
	if (sig == SIGTERM)
		stopping = 1;
	else if (sig == SIGUSR2)
		retired = 1;
	else
		reopen = 1;
}

/* Before FCGX_Init, which leaves handlers alone that it finds, but for that
 * of an ignored SIGPIPE. Calls wait blocked until turn_wait reads them. */
static void
catch_signals(const sigset_t *calls)
{
	struct sigaction sa = {.sa_handler = note_signal};

	sigprocmask(SIG_BLOCK, calls, NULL);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
	deadline_setup();
	FCGX_Init();
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGQUIT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

static enum err_code
work(struct request *rq, struct err *e)
{
	enum err_code rc = rq->route->handler(rq, e);

	assert(rc || rq->resp.status);
	if (!rc && rq->resp.body.overflow)
		rc = err_fault(e, ERR_INTERNAL, "the answer is too long");
	return rc;
}

/* What a key that was remembered has led to, rc, stands if the key lives and
 * its workspace is as it was; else it is as if it had never been. A database
 * that is away (and nothing more is said) would not have found it either. */
static enum err_code
settle(struct request *rq, bool worked, enum err_code rc, struct err *e)
{
	uint64_t generation = rq->proof.generation;
	struct err why;
	enum err_code proven;

	if (rc == ERR_UNAVAILABLE && !e->text[0]) {
		request_unsay(rq);
		rq->proof.owed = false;
		return rc;
	}
	proven = request_prove(rq, &why);
	if (!proven && (!worked || rq->proof.generation == generation))
		return rc;
	request_unsay(rq);
	if (!proven)
		return work(rq, e);
	rq->proof.owed = false;
	*e = why;
	return proven;
}

static enum err_code
handle(struct request *rq, struct err *e)
{
	bool worked = false;
	enum err_code rc;

	rc = request_open(rq, e);
	if (!rc)
		rc = route_match(rq, e);
	if (!rc)
		rc = auth_headers(rq, e);
	if (!rc)
		rc = auth_open(rq, e);
	if (!rc)
		rc = body_open(rq, e);
	if (!rc) {
		worked = true;
		rc = work(rq, e);
	}
	return rq->proof.owed ? settle(rq, worked, rc, e) : rc;
}

/* Gives back all that a request held; here and nowhere else. */
static void
request_reset(struct request *rq)
{
	struct buf headers = rq->resp.headers, body = rq->resp.body;

	json_decref(rq->json);
	rq->transport->params = NULL;
	arena_reset(rq->arena);
	buf_reset(&headers);
	if (body.cap > BODY_KEPT)
		buf_free(&body);
	else
		buf_reset(&body);
	*rq = (struct request){.site = rq->site,
	    .jwt = rq->jwt,
	    .arena = rq->arena,
	    .transport = rq->transport,
	    .resp = {.headers = headers, .body = body}};
	log_request(NULL);
}

/* No path, query or header: they may hold personal data (S24, S33). */
static void
log_access(const struct request *rq, int64_t took_us, bool whole)
{
	log_info("%s %s %d %lld ms account=%s%s", rq->route ? rq->method : "-",
	    rq->route ? rq->route->name : "-", rq->resp.status,
	    (long long)(took_us / 1000),
	    rq->account_code ? rq->account_code : "-",
	    whole ? "" : " (not whole)");
}

/* What the log and the metrics get to know of a request. */
static void
account(const struct request *rq, int64_t start, bool whole)
{
	int64_t took_us = clock_mono_us() - start;

	log_access(rq, took_us, whole);
	metrics_request(rq->route, rq->resp.status, took_us);
	metrics_audit_failures(rq->site->audit_failures);
	rq->site->audit_failures = 0;
}

/* libfcgi, before it closes, waits until the web server has: that need not be
 * where nothing is left to be read that a close would cut. */
static void
transport_end(struct request *rq, bool whole)
{
	struct transport *t = rq->transport;
	int fd = t->fcgx.ipcFd;
	bool ours = whole && t->received == request_length(rq);

	t->fcgx.keepConnection = ours;
	FCGX_Finish_r(&t->fcgx);
	if (ours && t->fcgx.ipcFd == fd)
		close(fd);
}

/* Answers the request that the transport holds. */
static void
serve(struct request *rq)
{
	struct err e = {.code = ERR_OK};
	int64_t start = clock_mono_us();
	enum err_code rc;
	bool whole;

	rc = handle(rq, &e);
	if (rc)
		log_err(rq->route ? rq->route->name : "request", &e);
	request_note(rq, rc);
	if (rc && !rq->resp.streaming)
		problem_answer(rq, &e);
	whole = !(rc && rq->resp.streaming) && resp_send(rq);
	if (!whole)
		resp_cut(rq);
	transport_end(rq, whole);
	account(rq, start, whole);
	site_settle(rq->site);
	request_reset(rq);
}

/* Bounds on what a silent peer can take of our time, reading and writing. */
static void
set_timeouts(int fd, int64_t seconds)
{
	struct timeval tv = {.tv_sec = (time_t)seconds};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

/* Reads the parameters of the request on connection fd, which is taken.
 *
 * We accept, and not FCGX_Accept_r: it would read the parameters without a
 * timeout, and go back to a blocking accept when they are broken. It leaves
 * a connection alone that it believes kept from the last request; with no
 * listening socket of its own it returns once that connection is done. */
static bool
transport_open(struct transport *t, int fd, int64_t seconds)
{
	int rc;

	*t = (struct transport){.budget = seconds * 1000};
	set_timeouts(fd, seconds);
	FCGX_InitRequest(&t->fcgx, -1, 0);
	t->fcgx.ipcFd = fd;
	t->fcgx.keepConnection = 1;
	deadline_set(fd, t->budget);
	rc = FCGX_Accept_r(&t->fcgx);
	deadline_clear();
	if (rc < 0)
		return false;
	t->fcgx.keepConnection = 0;
	if (!FCGX_GetError(t->fcgx.in))
		return true;
	FCGX_Finish_r(&t->fcgx); /* the parameters ended too early */
	return false;
}

/* Takes one connection, if one waits. False if none does. */
static bool
accept_one(struct request *rq, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			log_error("accept: %s", strerror(errno));
		return false;
	}
	if (transport_open(
	        rq->transport, fd, rq->site->conf->server_request_timeout))
		serve(rq);
	return true;
}

static void
reopen_log(void)
{
	if (!reopen)
		return;
	reopen = 0;
	if (!log_reopen())
		log_error("cannot reopen the log: %s", strerror(errno));
}

/* Answers one request after the other, until a signal. */
static void
take_turns(struct request *rq, int listener, const struct turn *turn)
{
	for (;;) {
		turn_wait(turn, note_signal);
		reopen_log();
		if (stopping || retired)
			return;
		accept_one(rq, listener);
	}
}

int
server_run(struct service *s, int listener)
{
	struct transport t = {.budget = 0};
	struct request rq = {.site = &s->site,
	    .jwt = s->jwt,
	    .arena = arena_new(ARENA_BLOCK),
	    .transport = &t};
	pid_t master = getppid();
	struct turn turn;
	sigset_t calls;

	sigemptyset(&calls);
	sigaddset(&calls, SIGTERM);
	sigaddset(&calls, SIGUSR1);
	sigaddset(&calls, SIGUSR2);
	catch_signals(&calls);
	if (!turn_open(listener, &calls, &turn)) {
		log_error("cannot wait for requests: %s", strerror(errno));
		return EX_OSERR;
	}
	metrics_process();
	take_turns(&rq, listener, &turn);
	turn_close(&turn);
	/* Of a connection we may have been the one that was woken. */
	if (retired)
		accept_one(&rq, listener);
	/* A master that stops has taken the socket's path away; one that was
	 * killed has not, and the next waits for us to let go of it. */
	while (stopping && getppid() == master && accept_one(&rq, listener))
		;
	buf_free(&rq.resp.headers);
	buf_free(&rq.resp.body);
	arena_free(&rq.arena);
	return EX_OK;
}
