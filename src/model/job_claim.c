#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/job.h"
#include "model/job_seal.h"
#include "vault/rand.h"

#define CANDIDATES 8 /* the LIMIT of JOB_QUEUE_NEXT */
#define CLAIM_ROUNDS 4
#define CLAIM_LOST_MS 10

static struct db_context
claim_context(const struct claim *c)
{
	return (struct db_context){
	    .account_id = c->account_id, .workspace_id = c->workspace_id};
}

static uint32_t
random_u32(void)
{
	uint32_t r;

	rand_bytes(&r, sizeof(r));
	return r;
}

/* The chunks that are due, in their turn; attempt: how many were before. */
static enum err_code
read_due(
    struct db *db, struct claim out[CANDIDATES], unsigned *n_out, struct err *e)
{
	struct db_rows *r;
	enum err_code err;
	unsigned n = 0;

	err = db_query(db, NULL, SQL_JOB_QUEUE_NEXT,
	    DB_ARGS(db_int(clock_now_ms())), &r, e);
	if (err)
		return err;
	for (; n < CANDIDATES && db_next(r); n++) {
		out[n].account_id = (uint32_t)db_get_int(r, 0);
		db_get_uuid(r, 1, &out[n].job);
		out[n].n = (uint32_t)db_get_int(r, 2);
		out[n].workspace_id = (uint32_t)db_get_int(r, 3);
		out[n].attempt = (uint32_t)db_get_int(r, 4);
		out[n].faults = (uint32_t)db_get_int(r, 5);
		out[n].kind = (enum job_kind)db_get_int(r, 6);
	}
	*n_out = n;
	return db_done(&r, e);
}

static void
take_wait(struct db_rows *r, void *arg)
{
	int64_t wait = db_get_int(r, 0) - clock_now_ms();

	if (db_is_null(r, 0))
		wait = -1;
	else if (wait < 0)
		wait = 0;
	*(int64_t *)arg = wait;
}

/* Tries to take one; *got_out says whether nobody else was faster. */
static enum err_code
take(struct site *s, const char *owner, struct claim *c, bool *got_out,
    struct err *e)
{
	uint64_t affected;
	enum err_code err;

	err = db_exec(s->db, NULL, SQL_JOB_QUEUE_CLAIM,
	    DB_ARGS(db_str(owner),
	        db_int(clock_now_ms() + s->conf->worker_lease),
	        db_int(c->account_id), db_uuid(&c->job), db_int(c->n),
	        db_int(c->attempt)),
	    &affected, NULL, e);
	*got_out = !err && affected == 1;
	if (*got_out) {
		c->attempt++;
		snprintf(c->owner, sizeof(c->owner), "%s", owner);
	}
	return err;
}

/* One look at the queue: takes the first that nobody else is faster to take.
 * *wait_ms_out as job_claim. */
static enum err_code
look(struct site *s, const char *owner, struct claim *out, bool *got_out,
    int64_t *wait_ms_out, struct err *e)
{
	struct claim due[CANDIDATES];
	unsigned n, i;
	enum err_code err = read_due(s->db, due, &n, e);

	*got_out = false;
	*wait_ms_out = CLAIM_LOST_MS;
	for (i = 0; i < n && !err && !*got_out; i++) {
		*out = due[i];
		err = take(s, owner, out, got_out, e);
	}
	if (!err && !n)
		err = db_one(s->db, NULL, SQL_JOB_QUEUE_WAIT, DB_NOARGS,
		    take_wait, wait_ms_out, e);
	return err;
}

static enum err_code
mark_start(struct site *s, const struct claim *c, struct err *e)
{
	struct db_context ctx = claim_context(c);

	return db_exec(s->db, &ctx, SQL_JOB_START,
	    DB_ARGS(
	        db_int(clock_now_ms()), db_int(c->attempt), db_uuid(&c->job)),
	    NULL, NULL, e);
}

static bool
is_hopeless(const struct site *s, const struct claim *c)
{
	return !job_kind_is_endless(c->kind) &&
	       c->attempt > CLAIMS_PER_TRY * s->conf->worker_attempts;
}

enum err_code
job_claim(struct site *s, const char *owner, struct claim *out,
    int64_t *wait_ms_out, struct err *e)
{
	int64_t wait = CLAIM_LOST_MS;
	enum err_code err = ERR_OK;
	struct db_context ctx;
	bool got = false;
	int i;

	for (i = 0; i < CLAIM_ROUNDS && !got && !err; i++) {
		err = look(s, owner, out, &got, &wait, e);
		if (!err && !got && wait != CLAIM_LOST_MS)
			break;
		if (got && is_hopeless(s, out)) {
			ctx = claim_context(out);
			err = job_fail(s, &ctx, out, e);
			got = false;
		}
	}
	if (err)
		return err;
	if (wait_ms_out)
		*wait_ms_out = wait;
	if (!got)
		return err_set(e, ERR_NOT_FOUND, NULL);
	err = mark_start(s, out, e);
	if (err) {
		ctx = claim_context(out);
		job_chunk_retry(s, &ctx, out);
	}
	return err;
}

struct opening {
	struct keyring *ring;
	const struct db_context *ctx;
	const struct claim *claim;
	struct buf *out;
	struct err *e;
	enum err_code err;
};

static void
open_payload(struct db_rows *r, void *arg)
{
	struct opening *o = arg;
	const char *sealed;
	size_t n;

	sealed = db_get_bytes(r, 0, &n);
	o->err = job_unseal(o->ring, o->ctx, REST_QUEUE, &o->claim->job,
	    o->claim->n, sealed, n, o->out, o->e);
}

enum err_code
job_chunk_get(struct site *s, const struct db_context *ctx,
    const struct claim *c, struct buf *out, struct err *e)
{
	struct opening o = {.ctx = ctx, .claim = c, .out = out, .e = e};
	enum err_code err = site_keyring(s, ctx, &o.ring, e);

	if (err)
		return err;
	err = db_one(s->db, ctx, SQL_JOB_CHUNK_READ,
	    DB_ARGS(db_uuid(&c->job), db_int(c->n)), open_payload, &o, e);
	if (err == ERR_NOT_FOUND)
		return err_set(e, ERR_SUPERSEDED, NULL);
	return err ? err : o.err;
}

void
job_chunk_retry(
    struct site *s, const struct db_context *ctx, const struct claim *c)
{
	const struct conf *conf = s->conf;
	enum err_code err;
	struct err e;
	int64_t wait;

	if (c->faults + 1 >= conf->worker_attempts &&
	    !job_kind_is_endless(c->kind)) {
		err = job_fail(s, ctx, c, &e);
	} else {
		wait = clock_backoff_ms(conf->worker_backoff,
		    conf->worker_backoff_max, c->faults, random_u32());
		err = db_exec(s->db, ctx, SQL_JOB_QUEUE_FREE,
		    DB_ARGS(db_int(clock_now_ms() + wait), db_int(1),
		        db_int(c->account_id), db_uuid(&c->job), db_int(c->n),
		        db_str(c->owner), db_int(c->attempt)),
		    NULL, NULL, &e);
	}
	if (err && err != ERR_UNAVAILABLE)
		log_err("giving a chunk back", &e);
}

#define WAIT_MS 5000

void
job_chunk_wait(
    struct site *s, const struct db_context *ctx, const struct claim *c)
{
	int64_t wait = (int64_t)WAIT_MS * c->attempt;
	struct err e;

	if (db_exec(s->db, ctx, SQL_JOB_QUEUE_FREE,
	        DB_ARGS(db_int(clock_now_ms() + wait), db_int(0),
	            db_int(c->account_id), db_uuid(&c->job), db_int(c->n),
	            db_str(c->owner), db_int(c->attempt)),
	        NULL, NULL, &e) &&
	    e.code != ERR_UNAVAILABLE)
		log_err("giving a chunk back", &e);
}
