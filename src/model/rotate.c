#include "model/rotate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/account.h"
#include "model/audit.h"
#include "model/customer.h"
#include "vault/rand.h"

#define ROTATE_STEP_ROWS 1000

static const struct {
	const char *name;
	enum job_kind kind;
} steps[] = {
    [ROTATE_SEAL] = {"seal", JOB_KIND_ROTATE},
    [ROTATE_FILL] = {"fill", JOB_KIND_REINDEX},
    [ROTATE_DROP] = {"drop", JOB_KIND_REINDEX},
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

bool
rotate_task_parse(const char *detail, struct rotate_task *out)
{
	size_t i, n = strcspn(detail, " ");
	char *end;

	for (i = 0; i < STEPS; i++)
		if (n == strlen(steps[i].name) &&
		    !memcmp(steps[i].name, detail, n))
			break;
	if (i == STEPS || detail[n] != ' ')
		return false;
	out->step = (enum rotate_step)i;
	out->version = (uint32_t)strtoul(detail + n + 1, &end, 10);
	return out->version && !*end;
}

struct rotation {
	struct site *site;
	const struct db_context *ctx;
	const char *account;
	enum key_kind kind;
	struct rotate_task task;
	bool running;    /* a job that was enqueued has something to do */
	struct buf *out; /* job ids; NULL: not wanted */
};

/* Keeps writers out until COMMIT. */
static enum err_code
lock(struct rotation *t, struct err *e)
{
	uint32_t epoch;

	return db_one(t->site->db, NULL, SQL_ROTATE_LOCK,
	    DB_ARGS(db_int(t->ctx->account_id)), db_take_u32, &epoch, e);
}

static enum err_code
raise_epoch(struct rotation *t, struct err *e)
{
	return db_exec(
	    t->site->db, t->ctx, SQL_ROTATE_EPOCH, DB_NOARGS, NULL, NULL, e);
}

static enum err_code
audit(struct rotation *t, enum audit_action action, struct err *e)
{
	struct audit_event event = {.action = action};
	char detail[80];

	snprintf(detail, sizeof(detail), "{\"kind\":\"%s\",\"version\":%u}",
	    t->kind == KEY_INDEX ? "index" : "data", t->task.version);
	event.detail = detail;
	return audit_change(t->site, t->ctx, &event, 1, e);
}

/* How far the seqs of a workspace go, and how many customers there are. */
struct place {
	uint64_t end;
	uint32_t customers;
};

static void
take_place(struct db_rows *r, void *arg)
{
	struct place *p = arg;

	p->end = (uint64_t)db_get_int(r, 0);
	p->customers = (uint32_t)db_get_int(r, 1);
}

static enum err_code
enqueue(const struct db_context *ctx, const struct uuid *workspace, void *arg,
    struct err *e)
{
	struct rotation *t = arg;
	struct job job = {
	    .kind = steps[t->task.step].kind, .step = ROTATE_STEP_ROWS};
	struct place place = {0};
	struct arena *a;
	char detail[40];
	enum err_code rc;

	snprintf(detail, sizeof(detail), "%s %u", steps[t->task.step].name,
	    t->task.version);
	job.detail = detail;
	(void)workspace;
	rand_uuid(&job.uuid);
	rc = db_one(t->site->db, ctx, SQL_ROTATE_PLACE, DB_NOARGS, take_place,
	    &place, e);
	/* Digests are dropped without a look at the customers. */
	job.rows = t->task.step == ROTATE_DROP ? 0 : place.customers;
	if (!rc)
		rc = job_enqueue_range(t->site, ctx, &job, place.end, e);
	t->running |= place.end > 0;
	a = arena_new(1024);
	if (!rc && t->out)
		buf_addf(
		    t->out, "%s\n", job_id(t->site->conf, t->account, &job, a));
	arena_free(&a);
	return rc;
}

/* A job for each workspace. */
static enum err_code
enqueue_all(struct rotation *t, struct err *e)
{
	t->running = false;
	return workspace_walk(t->site->db, t->ctx, enqueue, t, e);
}

static enum err_code
retire(struct rotation *t, struct err *e)
{
	enum err_code rc;

	rc = db_exec(t->site->db, t->ctx, SQL_ROTATE_RETIRE,
	    DB_ARGS(db_int(clock_now_ms()), db_int(t->kind),
	        db_int(t->task.version)),
	    NULL, NULL, e);
	if (!rc)
		rc = raise_epoch(t, e);
	return rc ? rc : audit(t, AUDIT_KEY_RETIRE, e);
}

/* What comes after all jobs of a step. */
static enum err_code
go_on(struct rotation *t, struct err *e)
{
	enum err_code rc;

	if (t->task.step == ROTATE_DROP)
		return ERR_OK;
	rc = retire(t, e);
	if (rc || t->task.step == ROTATE_SEAL)
		return rc;
	t->task.step = ROTATE_DROP;
	return enqueue_all(t, e);
}

/* Wraps under the current master key, which a cached keyring may not. */
static enum err_code
wrap_key(struct rotation *t, uint8_t wrapped[WRAPPED_LEN], struct err *e)
{
	struct keyring *k;
	enum err_code rc;

	rc = keyring_new(
	    t->site->masters, t->site->conf->keys_dir, t->account, 0, &k, e);
	if (!rc)
		rc = keyring_make(k, t->kind, t->task.version, wrapped, e);
	keyring_free(&k);
	return rc;
}

static enum err_code
add_key(struct rotation *t, struct err *e)
{
	uint8_t wrapped[WRAPPED_LEN], master[MASTER_ID];
	uint32_t newest = 0;
	enum err_code rc;

	rc = db_one(t->site->db, t->ctx, SQL_ROTATE_NEWEST,
	    DB_ARGS(db_int(t->kind)), db_take_u32, &newest, e);
	t->task.version = newest + 1;
	if (!rc)
		rc = wrap_key(t, wrapped, e);
	if (rc)
		return rc;
	master_current(t->site->masters, master);
	return db_exec(t->site->db, t->ctx, SQL_ACCOUNT_KEY_INSERT,
	    DB_ARGS(db_int(t->kind), db_int(t->task.version),
	        db_bytes(master, sizeof(master)),
	        db_bytes(wrapped, sizeof(wrapped)), db_int(clock_now_ms())),
	    NULL, NULL, e);
}

static enum err_code
check_idle(struct rotation *t, struct err *e)
{
	uint32_t running = 0;
	enum err_code rc;

	rc = db_one(t->site->db, t->ctx, SQL_ROTATE_RUNNING, DB_NOARGS,
	    db_take_u32, &running, e);
	if (!rc && running)
		return err_set(e, ERR_CONFLICT,
		    "a rotation of this account runs: \"cofferctl job list\" "
		    "shows how far it is");
	if (!rc && t->kind == KEY_INDEX)
		rc = db_one(t->site->db, t->ctx, SQL_ROTATE_CONVERTING,
		    DB_NOARGS, db_take_u32, &running, e);
	if (!rc && running)
		return err_set(e, ERR_CONFLICT,
		    "fields of this account are being converted: try again "
		    "when that is done");
	return rc;
}

static enum err_code
body(struct db *db, void *arg, struct err *e)
{
	struct rotation *t = arg;
	enum err_code rc;

	(void)db;
	buf_reset(t->out);
	t->task.step = t->kind == KEY_INDEX ? ROTATE_FILL : ROTATE_SEAL;
	rc = site_master_hold(t->site, e);
	if (!rc)
		rc = lock(t, e);
	if (!rc)
		rc = check_idle(t, e);
	if (!rc)
		rc = add_key(t, e);
	if (!rc)
		rc = raise_epoch(t, e);
	if (!rc)
		rc = audit(t, AUDIT_KEY_ROTATE, e);
	if (!rc)
		rc = enqueue_all(t, e);
	return rc || t->running ? rc : go_on(t, e);
}

enum err_code
rotate_start(struct site *s, const struct db_context *ctx, const char *account,
    enum key_kind kind, struct buf *out, struct err *e)
{
	struct rotation t = {.site = s,
	    .ctx = ctx,
	    .account = account,
	    .kind = kind,
	    .out = out};
	bool changed;
	enum err_code rc = site_masters_read(s, &changed, e);

	return rc ? rc : db_transaction(s->db, body, NULL, &t, e);
}

enum err_code
rotate_follow(struct site *s, const struct db_context *ctx,
    const struct rotate_task *task, struct err *e)
{
	struct rotation t = {.site = s,
	    .ctx = ctx,
	    .kind = task->step == ROTATE_SEAL ? KEY_DATA : KEY_INDEX,
	    .task = *task};
	uint32_t running = 0;
	enum err_code rc = lock(&t, e);

	if (!rc)
		rc = db_one(s->db, ctx, SQL_ROTATE_RUNNING, DB_NOARGS,
		    db_take_u32, &running, e);
	return rc || running ? rc : go_on(&t, e);
}

#define DIGEST_CELLS 4

enum err_code
rotate_digests(struct db *db, const struct db_context *ctx,
    const struct customer_key *keys, unsigned n, struct err *e)
{
	struct db_val *cells = calloc(n + 1, DIGEST_CELLS * sizeof(*cells));
	struct db_val *v = cells;
	const struct customer_key *k;
	enum err_code rc;

	if (!cells)
		abort();
	for (k = keys; k < keys + n; k++) {
		*v++ = db_int(k->field_id);
		*v++ = db_bytes(k->digest, INDEX_LEN);
		*v++ = db_int((int64_t)k->seq);
		*v++ = db_int(k->version);
	}
	rc = db_bulk(db, ctx, SQL_ROTATE_DIGEST, cells, n, DIGEST_CELLS, e);
	free(cells);
	return rc;
}

enum err_code
rotate_drop(struct db *db, const struct db_context *ctx, uint64_t first,
    uint64_t end, uint32_t version, struct err *e)
{
	return db_exec(db, ctx, SQL_ROTATE_DROP,
	    DB_ARGS(
	        db_int((int64_t)first), db_int((int64_t)end), db_int(version)),
	    NULL, NULL, e);
}
