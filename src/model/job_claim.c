#include <stdio.h>

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

/* A chunk of the queue, and its turn. */
struct candidate {
	struct claim claim;
	int64_t tag;
};

static void
take_chunk(struct db_rows *r, struct candidate *c)
{
	struct claim *out = &c->claim;

	c->tag = db_get_int(r, 7);
	out->account_id = (uint32_t)db_get_int(r, 0);
	db_get_uuid(r, 1, &out->job);
	out->n = (uint32_t)db_get_int(r, 2);
	out->workspace_id = (uint32_t)db_get_int(r, 3);
	out->attempt = (uint32_t)db_get_int(r, 4);
	out->faults = (uint32_t)db_get_int(r, 5);
	out->kind = (enum job_kind)db_get_int(r, 6);
}

/* The chunks that are due, in their turn; attempt: how many were before. */
static enum err_code
read_due(struct db *db, enum job_kind end, struct candidate out[CANDIDATES],
    unsigned *n_out, struct err *e)
{
	struct db_rows *r;
	enum err_code err;
	unsigned n = 0;

	err = db_query(db, NULL, SQL_JOB_QUEUE_NEXT,
	    DB_ARGS(db_int(clock_now_ms()), db_int(end)), &r, e);
	if (err)
		return err;
	for (; n < CANDIDATES && db_next(r); n++)
		take_chunk(r, &out[n]);
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

static void
take_sibling(struct db_rows *r, void *arg)
{
	take_chunk(r, arg);
}

/* It is the account's turn; its large jobs go side by side: a chunk that is
 * nearer to the front of its job takes the turn of this one, and this one its.
 * *got_out is false if somebody else was faster. */
static enum err_code
take_turn(struct site *s, const char *owner, struct candidate *c, bool *got_out,
    struct err *e)
{
	struct candidate x;
	enum err_code err = ERR_NOT_FOUND;
	uint64_t traded;

	if (c->claim.n && !job_kind_is_endless(c->claim.kind))
		err = db_one(s->db, NULL, SQL_JOB_QUEUE_SIBLING,
		    DB_ARGS(db_int(c->claim.account_id), db_int(c->claim.n),
		        db_int(clock_now_ms()), db_int(JOB_KIND_CLEAR)),
		    take_sibling, &x, e);
	if (err == ERR_NOT_FOUND)
		return take(s, owner, &c->claim, got_out, e);
	if (!err)
		err = db_exec(s->db, NULL, SQL_JOB_QUEUE_TRADE,
		    DB_ARGS(db_int(x.tag), db_int(c->claim.account_id),
		        db_uuid(&c->claim.job), db_int(c->claim.n),
		        db_int(c->claim.attempt), db_int(c->tag)),
		    &traded, NULL, e);
	if (err || !traded)
		return err;
	c->claim = x.claim;
	return take(s, owner, &c->claim, got_out, e);
}

/* One look at the queue: takes the first that nobody else is faster to take.
 * *wait_ms_out as job_claim. */
static enum err_code
look(struct site *s, const char *owner, enum job_kind end, struct claim *out,
    bool *got_out, int64_t *wait_ms_out, struct err *e)
{
	struct candidate due[CANDIDATES];
	unsigned n, i;
	enum err_code err = read_due(s->db, end, due, &n, e);

	*got_out = false;
	*wait_ms_out = CLAIM_LOST_MS;
	for (i = 0; i < n && !err && !*got_out; i++) {
		err = take_turn(s, owner, &due[i], got_out, e);
		*out = due[i].claim;
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
	return job_claim_before(s, owner, JOB_KINDS, out, wait_ms_out, e);
}

enum err_code
job_claim_before(struct site *s, const char *owner, enum job_kind end,
    struct claim *out, int64_t *wait_ms_out, struct err *e)
{
	int64_t wait = CLAIM_LOST_MS;
	enum err_code err = ERR_OK;
	struct db_context ctx;
	bool got = false;
	int i;

	for (i = 0; i < CLAIM_ROUNDS && !got && !err; i++) {
		err = look(s, owner, end, out, &got, &wait, e);
		if (!err && !got && wait != CLAIM_LOST_MS)
			break;
		if (got && is_hopeless(s, out)) {
			ctx = claim_context(out);
			err = job_fail(s, &ctx, out, ERR_INTERNAL, e);
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
		err = job_fail(s, ctx, c, ERR_INTERNAL, &e);
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
