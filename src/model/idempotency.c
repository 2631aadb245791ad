#include "model/idempotency.h"

#include <string.h>

#include "base/clock.h"
#include "model/sweep.h"
#include "model/trace.h"

/* A sealed answer opens under its own account, user, route and key alone. */
#define AD_MAX (8 + 64 + MAC_LEN)

struct slot {
	uint8_t key[MAC_LEN]; /* digest of the client's key */
	uint8_t ad[AD_MAX];
	size_t nad;
};

enum err_code
idempotency_key_check(const char *key, struct err *e)
{
	size_t n = 0;

	while (key[n] > ' ' && key[n] <= '~' && n <= IDEMPOTENCY_KEY_MAX)
		n++;
	if (!n || n > IDEMPOTENCY_KEY_MAX || key[n])
		return err_set(e, ERR_BAD_REQUEST,
		    "Idempotency-Key must be 1 to %d printable ASCII "
		    "characters without spaces",
		    IDEMPOTENCY_KEY_MAX);
	return ERR_OK;
}

static void
slot_of(
    const struct db_context *ctx, const struct idempotency *i, struct slot *out)
{
	size_t n = strnlen(i->route, 64);

	sha256(i->key, strlen(i->key), out->key);
	put_u32(out->ad, ctx->account_id);
	put_u32(out->ad + 4, ctx->user_id);
	memcpy(out->ad + 8, i->route, n);
	memcpy(out->ad + 8 + n, out->key, MAC_LEN);
	out->nad = 8 + n + MAC_LEN;
}

static enum err_code
keys_of(struct site *s, const struct db_context *ctx,
    const struct idempotency *i, struct keyring **out, struct err *e)
{
	*out = i->ring;
	return i->ring ? ERR_OK : site_keyring(s, ctx, out, e);
}

struct finding {
	const struct idempotency *want;
	const struct slot *slot;
	struct aead *cipher;
	int *status_out;
	struct buf *out;
	struct err *e;
	enum err_code err;
};

static void
open_answer(struct db_rows *r, struct finding *f)
{
	const char *sealed;
	char *room;
	size_t n;

	sealed = db_get_bytes(r, 2, &n);
	room = n < AEAD_OVERHEAD ? NULL : buf_room(f->out, n - AEAD_OVERHEAD);
	if (!room) {
		f->err = err_fault(
		    f->e, ERR_CRYPTO, "a kept answer has a wrong length");
		return;
	}
	f->err = aead_open(f->cipher, f->slot->ad, f->slot->nad, sealed, n,
	    (uint8_t *)room, f->e);
	if (!f->err)
		f->out->len += n - AEAD_OVERHEAD;
}

static void
take_answer(struct db_rows *r, void *arg)
{
	struct finding *f = arg;
	const char *content;
	size_t n;

	content = db_get_bytes(r, 0, &n);
	if (n != MAC_LEN || !bytes_equal_ct(content, f->want->content, n)) {
		f->err = err_set(f->e, ERR_CONFLICT,
		    "this Idempotency-Key was used with other content");
		return;
	}
	*f->status_out = (int)db_get_int(r, 1);
	open_answer(r, f);
}

enum err_code
idempotency_find(struct site *s, const struct db_context *ctx,
    const struct idempotency *i, int *status_out, struct buf *out,
    struct err *e)
{
	struct finding f = {
	    .want = i, .status_out = status_out, .out = out, .e = e};
	struct keyring *k;
	struct slot slot;
	enum err_code err = keys_of(s, ctx, i, &k, e);

	if (err)
		return err;
	slot_of(ctx, i, &slot);
	f.slot = &slot;
	f.cipher = keyring_rest(k, REST_IDEMPOTENCY);
	err = db_one(s->db, ctx, SQL_IDEMPOTENCY_FIND,
	    DB_ARGS(db_int(ctx->user_id), db_str(i->route),
	        db_bytes(slot.key, sizeof(slot.key)), db_int(clock_now_ms())),
	    take_answer, &f, e);
	return err ? err : f.err;
}

/* Puts a first answer down; one that has expired makes room for it. */
static enum err_code
insert(struct db *db, const struct db_context *ctx, const struct idempotency *i,
    const struct slot *slot, int status, struct db_val sealed, struct err *e)
{
	struct db_val key = db_bytes(slot->key, sizeof(slot->key));
	int64_t now = clock_now_ms();
	enum err_code err;

	err = db_exec(db, ctx, SQL_IDEMPOTENCY_EXPIRE,
	    DB_ARGS(db_int(ctx->user_id), db_str(i->route), key, db_int(now)),
	    NULL, NULL, e);
	if (err)
		return err;
	return db_exec(db, ctx, SQL_IDEMPOTENCY_INSERT,
	    DB_ARGS(db_int(ctx->user_id), db_str(i->route), key,
	        db_bytes(i->content, sizeof(i->content)), db_int(status),
	        sealed, db_int(now + IDEMPOTENCY_KEPT_MS)),
	    NULL, NULL, e);
}

static enum err_code
replace(struct db *db, const struct db_context *ctx,
    const struct idempotency *i, const struct slot *slot, int status,
    struct db_val sealed, struct err *e)
{
	return db_exec(db, ctx, SQL_IDEMPOTENCY_REPLACE,
	    DB_ARGS(db_int(status), sealed, db_int(ctx->user_id),
	        db_str(i->route), db_bytes(slot->key, sizeof(slot->key)),
	        db_bytes(i->content, sizeof(i->content))),
	    NULL, NULL, e);
}

enum err_code
idempotency_keep(struct site *s, const struct db_context *ctx,
    const struct idempotency *i, bool first, int status,
    const struct buf *answer, struct err *e)
{
	struct buf sealed = {0};
	struct keyring *k;
	struct slot slot;
	struct db_val v;
	char *room;
	enum err_code err = keys_of(s, ctx, i, &k, e);

	if (err)
		return err;
	slot_of(ctx, i, &slot);
	room = buf_room(&sealed, answer->len + AEAD_OVERHEAD);
	aead_seal(keyring_rest(k, REST_IDEMPOTENCY), slot.ad, slot.nad,
	    answer->data, answer->len, (uint8_t *)room);
	v = db_bytes(room, answer->len + AEAD_OVERHEAD);
	if (first)
		err = insert(s->db, ctx, i, &slot, status, v, e);
	else
		err = replace(s->db, ctx, i, &slot, status, v, e);
	buf_free(&sealed);
	return err;
}

/* An answer that names customers. */
struct completion {
	struct site *site;
	const struct db_context *ctx;
	const struct idempotency *again;
	bool first;
	int status;
	const struct buf *answer;
	const struct uuid *customers;
	unsigned n;
};

/* Locks up to DB_LIST_MAX customers; ERR_NOT_FOUND if one is gone. */
static enum err_code
hold(const struct completion *c, unsigned first, unsigned n, struct err *e)
{
	struct db_val list[DB_LIST_MAX];
	struct db_rows *r;
	unsigned i, there = 0;
	enum err_code err;

	for (i = 0; i < n; i++)
		list[i] = db_uuid(&c->customers[first + i]);
	err = db_query_list(c->site->db, c->ctx, SQL_IDEMPOTENCY_HOLD,
	    DB_NOARGS, (struct db_args){list, n}, &r, e);
	if (err)
		return err;
	while (db_next(r))
		there++;
	err = db_done(&r, e);
	if (!err && there < n)
		return err_set(e, ERR_NOT_FOUND, NULL);
	return err;
}

/* Says that the answer is about its customers. */
static enum err_code
put_traces(const struct completion *c, struct err *e)
{
	size_t nroute = strnlen(c->again->route, 64);
	uint8_t ref[TRACE_REF_MAX];
	struct buf traces = {0};
	struct slot slot;
	struct keyring *k;
	unsigned i;
	enum err_code err = keys_of(c->site, c->ctx, c->again, &k, e);

	if (err)
		return err;
	slot_of(c->ctx, c->again, &slot);
	put_u32(ref, c->ctx->user_id);
	memcpy(ref + 4, slot.key, MAC_LEN);
	memcpy(ref + 4 + MAC_LEN, c->again->route, nroute);
	for (i = 0; i < c->n; i++)
		trace_add_customer(&traces, c->ctx, k, &c->customers[i]);
	trace_sort(&traces);
	err = trace_put(c->site->db, c->ctx, TRACE_ANSWER, &traces, ref,
	    4 + MAC_LEN + nroute, clock_now_ms() + IDEMPOTENCY_KEPT_MS, e);
	buf_free(&traces);
	return err;
}

static enum err_code
complete_body(struct db *db, void *arg, struct err *e)
{
	const struct completion *c = arg;
	enum err_code err = ERR_OK;
	unsigned i, some;

	(void)db;
	for (i = 0; i < c->n && !err; i += some) {
		some = c->n - i < DB_LIST_MAX ? c->n - i : DB_LIST_MAX;
		err = hold(c, i, some, e);
	}
	if (!err)
		err = put_traces(c, e);
	if (!err)
		err = idempotency_keep(c->site, c->ctx, c->again, c->first,
		    c->status, c->answer, e);
	return err;
}

enum err_code
idempotency_complete(struct site *s, const struct db_context *ctx,
    const struct idempotency *i, bool first, int status,
    const struct buf *answer, const struct uuid *customers, unsigned n,
    struct err *e)
{
	struct completion c = {s, ctx, i, first, status, answer, customers, n};
	enum err_code err;

	if (db_in_transaction(s->db))
		return complete_body(s->db, &c, e);
	err = db_transaction(s->db, complete_body, NULL, &c, e);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err_code
idempotency_sweep(struct site *s, const struct db_context *ctx, struct err *e)
{
	return sweep_rows(s->db, ctx, SQL_IDEMPOTENCY_SWEEP,
	    DB_ARGS(db_int(clock_now_ms())), e);
}
