#include "work/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/job.h"
#include "model/search.h"
#include "vault/rand.h"
#include "work/apply.h"
#include "work/sweep.h"
#include "work/auditor.h"

#define SWEEP_MS 60000
#define MERGE_MS 200     /* of merging before the next chunk is looked for */
#define AWAY_MS 100      /* first pause while the database is away, */
#define AWAY_MAX_MS 2000 /* doubled up to this */
#define DRAIN_WAIT_MS 5000
#define DRAIN_AWAY 8 /* pauses that --drain makes for the database */

struct worker {
	struct site *site;
	int wake;
	char owner[JOB_OWNER_MAX];
	bool away; /* the database has to be found (again) */
	bool said; /* and the log knows */
	unsigned tries;
	int64_t sweep_at, merge_at;
	bool paced;            /* background work has to give way, */
	int64_t background_at; /* and begins no sooner */
	struct auditor *auditor;
	struct applied done;
	uint64_t rows, wrong; /* so far */
};

static volatile sig_atomic_t stop_asked, reopen_asked;

static void
on_signal(int sig)
{
	if (sig == SIGUSR1)
		reopen_asked = 1;
	else
		stop_asked = 1;
}

static void
signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGQUIT);
	sigaddset(set, SIGUSR1);
}

static void
block_signals(void)
{
	sigset_t set;

	signal_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Sets the handlers; signals come only within idle(). */
static void
handle_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	sigset_t none;

	block_signals();
	stop_asked = reopen_asked = 0;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGQUIT, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGXFSZ, &sa, NULL); /* writing then says EFBIG */
	sigemptyset(&none);
	sigaddset(&none, SIGHUP);
	sigaddset(&none, SIGCHLD);
	sigaddset(&none, SIGUSR2);
	sigprocmask(SIG_UNBLOCK, &none, NULL);
}

/* Takes signals, and waits up to `ms` for one or for a call to wake. */
static void
idle(struct worker *w, int64_t ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};
	struct pollfd p = {.fd = w->wake, .events = POLLIN};
	sigset_t mask, set;
	char byte;

	signal_set(&set);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	sigdelset(&mask, SIGTERM);
	sigdelset(&mask, SIGINT);
	sigdelset(&mask, SIGQUIT);
	sigdelset(&mask, SIGUSR1);
	if (ppoll(&p, 1, &ts, &mask) > 0 && ms > 0)
		(void)!recv(w->wake, &byte, 1, 0);
	if (reopen_asked) {
		reopen_asked = 0;
		if (!log_reopen())
			log_error("cannot reopen the log: %s", strerror(errno));
	}
}

/* Between 3/4 and 5/4 of ms. */
static int64_t
jitter(int64_t ms)
{
	uint32_t r;

	rand_bytes(&r, sizeof(r));
	return ms * 3 / 4 + r % (uint64_t)(ms / 2 + 1);
}

/* The database cannot be had: says so once, waits a while. */
static void
wait_for_database(struct worker *w, const struct err *e)
{
	uint32_t r;

	if (!w->said)
		log_err("the database is away", e);
	w->said = w->away = true;
	rand_bytes(&r, sizeof(r));
	idle(w, clock_backoff_ms(AWAY_MS, AWAY_MAX_MS, w->tries++, r));
}

/* Finds the database, at the start and after each loss, and frees what this
 * process still holds and what dead ones of this host do. */
static enum err_code
find_database(struct worker *w, struct err *e)
{
	enum err_code err = site_ready(w->site, e);

	if (!err)
		err = job_release(w->site->db, w->owner, e);
	if (!err)
		err = job_release_dead(w->site->db, e);
	if (err)
		return err;
	if (w->said)
		log_info("the database is back");
	w->away = w->said = false;
	w->tries = 0;
	return ERR_OK;
}

static void
sweep(struct worker *w)
{
	int64_t now = clock_mono_ms();
	struct err e;

	if (now < w->sweep_at)
		return;
	w->sweep_at = now + jitter(SWEEP_MS);
	if (sweep_all(w->site, &e))
		log_err("sweeping", &e);
}

static void
tend_audit(struct worker *w)
{
	auditor_tend(w->auditor);
}

/* Puts what is pending of searched text into blocks, where there is much. */
static void
merge(struct worker *w)
{
	int64_t now = clock_mono_ms();
	struct err e;
	bool done;

	if (now < w->merge_at)
		return;
	if (search_merge(w->site, MERGE_MS, &done, &e)) {
		log_err("merging searched text", &e);
		done = true;
	}
	w->merge_at = done ? now + jitter(w->site->conf->worker_poll) : now;
}

/* What a worker does between chunks, each when it is due. */
static void (*const tenders[])(struct worker *w) = {
    sweep,
    tend_audit,
    merge,
};

static void
tend(struct worker *w)
{
	size_t i;

	for (i = 0; i < sizeof(tenders) / sizeof(tenders[0]); i++)
		tenders[i](w);
}

static void
give_up(struct worker *w, const struct db_context *ctx, const struct claim *c,
    struct err *e)
{
	log_err("a job may not run", e);
	if (job_fail(w->site, ctx, c, e->code, e))
		log_err("ending a job", e);
}

/* Applies a claimed chunk; a fault gives it back. */
static void
apply(struct worker *w, const struct claim *c)
{
	struct db_context ctx = {
	    .account_id = c->account_id, .workspace_id = c->workspace_id};
	char id[UUID_TEXT];
	enum err_code err;
	struct err e;

	uuid_format(&c->job, id);
	log_request(id);
	err = work_apply(w->site, c, &w->done, &e);
	if (!err) {
		w->rows += w->done.succeeded;
		w->wrong += w->done.failed;
		log_debug("chunk %u: %u rows, %u wrong", c->n, w->done.rows,
		    w->done.failed);
	} else if (err == ERR_FORBIDDEN || err == ERR_PRECONDITION ||
	           err == ERR_STORAGE) {
		give_up(w, &ctx, c, &e);
	} else if (err == ERR_WAITING) {
		job_chunk_wait(w->site, &ctx, c);
	} else if (err == ERR_UNAVAILABLE) {
		wait_for_database(w, &e);
	} else if (err != ERR_SUPERSEDED) {
		log_err("a chunk is to be tried again", &e);
		job_chunk_retry(w->site, &ctx, c);
	}
	log_request(NULL);
}

/* Claims a chunk; one of background work only when its time has come. */
static enum err_code
claim(struct worker *w, struct claim *out, int64_t *wait_ms_out, struct err *e)
{
	int64_t rest = w->background_at - clock_mono_ms();
	enum err_code err;

	if (rest <= 0)
		return job_claim(w->site, w->owner, out, wait_ms_out, e);
	err = job_claim_before(
	    w->site, w->owner, job_kind_background(), out, wait_ms_out, e);
	if (err == ERR_NOT_FOUND && *wait_ms_out >= 0 && *wait_ms_out < rest)
		*wait_ms_out = rest;
	return err;
}

/* After `ms` of background work it rests in proportion. */
static void
pace(struct worker *w, const struct claim *c, int64_t ms)
{
	int64_t percent = w->site->conf->worker_background;

	if (w->paced && c->kind >= job_kind_background())
		w->background_at =
		    clock_mono_ms() + ms * (100 - percent) / percent;
}

/* Claims a chunk and applies it. ERR_NOT_FOUND: nothing is due. */
static enum err_code
step(struct worker *w, int64_t *wait_ms_out, struct err *e)
{
	struct claim c;
	int64_t begun = clock_mono_ms();
	enum err_code err = w->away ? find_database(w, e) : ERR_OK;

	if (err)
		return err;
	tend(w);
	err = claim(w, &c, wait_ms_out, e);
	if (!err) {
		apply(w, &c);
		pace(w, &c, clock_mono_ms() - begun);
		site_settle(w->site);
	}
	return err;
}

static void
start(struct worker *w, struct site *s, int wake)
{
	memset(w, 0, sizeof(*w));
	w->site = s;
	w->wake = wake;
	w->away = true;
	w->sweep_at = clock_mono_ms() + jitter(SWEEP_MS / 4);
	w->auditor = auditor_new(s);
	job_owner(w->owner);
	handle_signals();
}

/* How long to sleep when nothing is due for `wait` ms (-1: nothing at all). */
static int64_t
nap(const struct worker *w, int64_t wait)
{
	int64_t poll = jitter(w->site->conf->worker_poll);

	return wait >= 0 && wait < poll ? wait + 1 : poll;
}

int
worker_poll(struct site *s, int wake)
{
	struct worker w;
	int64_t wait;
	struct err e;

	start(&w, s, wake);
	w.paced = true;
	for (idle(&w, 0); !stop_asked; idle(&w, 0)) {
		switch (step(&w, &wait, &e)) {
		case ERR_OK:
			break;
		case ERR_NOT_FOUND:
			idle(&w, nap(&w, wait));
			break;
		case ERR_CRYPTO:
			log_err("the keys are not those of the database", &e);
			auditor_free(&w.auditor);
			return EX_CONFIG;
		default:
			wait_for_database(&w, &e);
		}
	}
	auditor_free(&w.auditor);
	db_close(s->db);
	return EX_OK;
}

/* Merges all that is due. */
static void
settle_search(struct worker *w)
{
	bool done = false;
	struct err e;

	while (!done && !stop_asked) {
		if (search_merge(w->site, MERGE_MS, &done, &e)) {
			log_err("merging searched text", &e);
			return;
		}
		idle(w, 0);
	}
}

static void
show(const struct worker *w, bool progress)
{
	if (progress)
		fprintf(stderr, "\r%llu rows done, %llu wrong",
		    (unsigned long long)w->rows, (unsigned long long)w->wrong);
}

static int
drain_status(enum err_code err, const struct err *e)
{
	fprintf(stderr, "coffer-worker: %s%s%s\n", err_text(e),
	    *e->cause ? ": " : "", e->cause);
	return err == ERR_CRYPTO        ? EX_CONFIG
	       : err == ERR_UNAVAILABLE ? EX_UNAVAILABLE
	                                : EX_SOFTWARE;
}

int
worker_drain(struct site *s, bool progress)
{
	enum err_code err = ERR_OK;
	int64_t wait = 0;
	struct worker w;
	struct err e;

	start(&w, s, -1);
	for (idle(&w, 0); !stop_asked; idle(&w, 0)) {
		err = step(&w, &wait, &e);
		show(&w, progress && !err);
		if (err == ERR_NOT_FOUND) {
			err = ERR_OK;
			if (wait < 0 || wait > DRAIN_WAIT_MS)
				break;
			idle(&w, wait + 1);
		} else if (err) {
			if (err == ERR_CRYPTO || w.tries >= DRAIN_AWAY)
				break;
			wait_for_database(&w, &e);
		}
	}
	if (progress && w.rows + w.wrong)
		fputc('\n', stderr);
	if (!err)
		settle_search(&w);
	if (!err)
		auditor_settle(w.auditor);
	auditor_free(&w.auditor);
	db_close(s->db);
	return err ? drain_status(err, &e) : EX_OK;
}
