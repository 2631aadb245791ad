/* Deletion of a whole group: accepted at once, done by the worker. */
#include <string.h>

#include "model/customer_delete.h"
#include "model/audit.h"
#include "model/seq.h"
#include "vault/rand.h"

#define STEP 1000 /* positions in a chunk */

enum { QUEUED = 202 };

struct accepting {
	struct site *site;
	const struct db_context *ctx;
	struct deletion_job *d;
	struct arena *arena;
	struct job job;
	bool repeated; /* the key has an answer */
};

/* The digest of all that makes two deletions the same one. */
static enum err_code
digest_content(struct accepting *x, struct err *e)
{
	static const char WHAT[] = "delete all";
	uint8_t place[8];
	struct keyring *k;
	struct mac *m;
	enum err_code err = site_keyring(x->site, x->ctx, &k, e);

	if (err)
		return err;
	put_u32(place, x->ctx->workspace_id);
	put_u32(place + 4, x->d->group.id);
	m = keyring_rest_mac(k, REST_IDEMPOTENCY);
	mac_reset(m);
	mac_add_part(m, WHAT, sizeof(WHAT) - 1);
	mac_add_part(m, place, sizeof(place));
	mac_finish(m, x->d->again.content);
	return ERR_OK;
}

/* Looks for the answer of the key: ERR_DUPLICATE if there is one. */
static enum err_code
find_answer(struct accepting *x, struct err *e)
{
	struct deletion_job *d = x->d;
	enum err_code err;

	if (!d->again.key)
		return ERR_OK;
	err = digest_content(x, e);
	if (!err)
		err = idempotency_find(
		    x->site, x->ctx, &d->again, &d->status, &d->answer, e);
	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	if (err)
		return err;
	x->repeated = true;
	return err_set(e, ERR_DUPLICATE, NULL);
}

static void
write_answer(struct accepting *x)
{
	struct buf *out = &x->d->answer;
	const char *id =
	    job_id(x->site->conf, x->d->account_code, &x->job, x->arena);

	buf_adds(out, "{\"message\":\"The customers will be deleted\","
	              "\"job_id\":");
	buf_add_json(out, id, strlen(id));
	buf_addf(out, ",\"status\":\"queued\",\"rows\":%u}", x->job.rows);
	x->d->status = QUEUED;
}

static enum err_code
enqueue(struct accepting *x, struct err *e)
{
	struct audit_event event = {
	    .action = AUDIT_JOB_CREATE, .subject = &x->job.uuid};
	struct segment_extent at;
	enum err_code err;

	err = segment_extent(x->site->db, x->ctx, x->d->group.id, &at, e);
	/* Who comes later stays, by its seq too. */
	if (!err && x->d->group.id == SEGMENT_ALL)
		seq_drop(x->site, x->ctx);
	if (!err && !at.members)
		err = err_set(e, ERR_NO_CUSTOMERS, NULL);
	if (err)
		return err;
	x->job.kind = JOB_KIND_DELETE;
	x->job.segment_id = x->d->group.id;
	x->job.rows = (uint32_t)at.members;
	x->job.first_seq = at.first;
	x->job.step = STEP;
	err = job_enqueue_range(x->site, x->ctx, &x->job, at.end, e);
	return err ? err : audit_change(x->site, x->ctx, &event, 1, e);
}

static enum err_code
body(struct db *db, void *arg, struct err *e)
{
	struct accepting *x = arg;
	enum err_code err;

	(void)db;
	buf_reset(&x->d->answer);
	x->repeated = false;
	err = find_answer(x, e);
	if (!err)
		err = enqueue(x, e);
	if (err)
		return err;
	write_answer(x);
	if (!x->d->again.key)
		return ERR_OK;
	return idempotency_keep(x->site, x->ctx, &x->d->again, true,
	    x->d->status, &x->d->answer, e);
}

static enum err_code
done(struct db *db, void *arg, struct err *e)
{
	struct accepting *x = arg;
	struct job job;

	return job_find(db, x->ctx, &x->job.uuid, x->arena, &job, e);
}

/* Another request with the same key was faster: its answer is ours. */
static enum err_code
take_other(struct accepting *x, struct err *e)
{
	struct deletion_job *d = x->d;
	enum err_code err;

	buf_reset(&d->answer);
	err = idempotency_find(
	    x->site, x->ctx, &d->again, &d->status, &d->answer, e);
	if (err == ERR_NOT_FOUND)
		return err_set(e, ERR_CONFLICT,
		    "another request uses this Idempotency-Key now");
	return err;
}

enum err_code
customer_delete_all(struct site *s, const struct db_context *ctx,
    struct deletion_job *d, struct arena *a, struct err *e)
{
	struct accepting x = {.site = s, .ctx = ctx, .d = d, .arena = a};
	enum err_code err;

	rand_uuid(&x.job.uuid);
	err = db_transaction(s->db, body, done, &x, e);
	d->queued = !err;
	if (err == ERR_DUPLICATE)
		err = x.repeated ? ERR_OK : take_other(&x, e);
	return err;
}

enum err_code
customer_delete_settle(struct db *db, const struct db_context *ctx,
    const struct uuid *job, struct err *e)
{
	return db_exec(db, ctx, SQL_DELETE_JOB_SETTLE, DB_ARGS(db_uuid(job)),
	    NULL, NULL, e);
}
