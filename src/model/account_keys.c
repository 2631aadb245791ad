/* Keyrings of accounts: opened from their rows, kept, and read again when the
 * account's key epoch has moved. */
#include <assert.h>
#include <stdio.h>

#include "base/log.h"
#include "model/account.h"
#include "model/account_keys.h"
#include "model/api_key.h"
#include "model/audit.h"
#include "model/field.h"
#include "model/key_use.h"
#include "model/rows.h"
#include "model/site.h"

static void
head_take(struct db_rows *r, void *arg)
{
	struct account_head *head = arg;

	head->epoch = (uint32_t)db_get_int(r, 0);
	snprintf(
	    head->code, sizeof(head->code), "%s", db_get_bytes(r, 1, NULL));
}

enum err_code
account_head_read(
    struct db *db, uint32_t id, struct account_head *out, struct err *e)
{
	enum stmt st = db_in_transaction(db) ? SQL_ACCOUNT_BY_ID_SHARED
	                                     : SQL_ACCOUNT_BY_ID;

	return db_one(db, NULL, st, DB_ARGS(db_int(id)), head_take, out, e);
}

static enum err_code
ring_add_row(struct keyring *k, struct db_rows *r, struct err *e)
{
	const char *master, *wrapped;
	size_t n_master, n;

	master = db_get_bytes(r, 2, &n_master);
	wrapped = db_get_bytes(r, 3, &n);
	if (n_master != MASTER_ID)
		return err_fault(e, ERR_CRYPTO, "a malformed account key");
	return keyring_add(k, (enum key_kind)db_get_int(r, 0),
	    (uint32_t)db_get_int(r, 1), (const uint8_t *)master,
	    (const uint8_t *)wrapped, n, e);
}

/* Adds the stored keys of the context's account to its ring. */
static enum err_code
ring_fill(struct db *db, const struct db_context *ctx, struct keyring *k,
    struct err *e)
{
	enum stmt st = db_in_transaction(db) ? SQL_ACCOUNT_KEY_LIST_SHARED
	                                     : SQL_ACCOUNT_KEY_LIST;
	struct db_rows *r;
	enum err_code rc;

	rc = db_query(db, ctx, st, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (rc == ERR_OK && db_next(r))
		rc = ring_add_row(k, r, e);
	rc = rows_end(rc, &r, e);
	if (rc == ERR_OK && !keyring_complete(k))
		return err_fault(e, ERR_CRYPTO,
		    "account %u lacks some of its keys", ctx->account_id);
	return rc;
}

/* The place of an account: its own, or else the least lately used. */
static struct site_keyring *
ring_place(struct site *s, uint32_t account_id)
{
	struct site_keyring *oldest = &s->rings[0];

	for (unsigned i = 0; i < SITE_KEYRINGS; i++) {
		struct site_keyring *place = &s->rings[i];

		if (place->ring && place->account_id == account_id)
			return place;
		if (place->used < oldest->used)
			oldest = place;
	}
	return oldest;
}

static void
ring_put(struct site_keyring *place, uint32_t account_id, struct keyring *k)
{
	keyring_free(&place->ring);
	place->account_id = account_id;
	place->ring = k;
}

static enum err_code
ring_read(struct site *s, const struct db_context *ctx,
    const struct account_head *head, struct keyring **out, struct err *e)
{
	enum err_code rc;

	rc = keyring_new(
	    s->masters, s->conf->keys_dir, head->code, head->epoch, out, e);
	if (rc == ERR_OK)
		rc = ring_fill(s->db, ctx, *out, e);
	if (rc)
		keyring_free(out);
	return rc;
}

/* A key that does not open may be wrapped by a master key that has come into
 * the directory since it was read. */
static enum err_code
ring_open(struct site *s, const struct db_context *ctx,
    const struct account_head *head, struct keyring **out, struct err *e)
{
	struct audit_event event = {.action = AUDIT_KEY_OPEN};
	char detail[48];
	struct err why;
	bool changed;
	enum err_code rc = ring_read(s, ctx, head, out, e);

	if (rc == ERR_CRYPTO &&
	    site_masters_read(s, &changed, &why) == ERR_OK && changed)
		rc = ring_read(s, ctx, head, out, e);
	if (rc == ERR_OK) {
		snprintf(detail, sizeof(detail), "{\"epoch\":%u}", head->epoch);
		event.detail = detail;
		audit_note(s, ctx, &event);
	}
	return rc;
}

/* The keys of an account that is gone are not kept. */
static enum err_code
ring_gone(struct site *s, uint32_t account_id, struct err *e)
{
	struct site_keyring *place = ring_place(s, account_id);

	if (place->ring && place->account_id == account_id)
		ring_put(place, 0, NULL);
	return err_fault(e, ERR_NO_CONTEXT, "account %u is gone", account_id);
}

static bool
is_current(
    const struct site_keyring *place, uint32_t account_id, uint32_t epoch)
{
	return place->ring && place->account_id == account_id &&
	       keyring_epoch(place->ring) == epoch;
}

enum err_code
site_keyring_at(struct site *s, const struct db_context *ctx, uint32_t epoch,
    struct keyring **out, struct err *e)
{
	struct site_keyring *place = ring_place(s, ctx->account_id);

	assert(!db_in_transaction(s->db));
	if (!is_current(place, ctx->account_id, epoch))
		return site_keyring(s, ctx, out, e);
	place->used = ++s->clock;
	*out = place->ring;
	return ERR_OK;
}

/* The keyring of the account as its row has just been read. */
static enum err_code
ring_get(struct site *s, const struct db_context *ctx,
    const struct account_head *head, struct keyring **out, struct err *e)
{
	struct site_keyring *place = ring_place(s, ctx->account_id);

	if (!is_current(place, ctx->account_id, head->epoch)) {
		struct keyring *fresh;
		enum err_code rc = ring_open(s, ctx, head, &fresh, e);

		if (rc)
			return rc;
		ring_put(place, ctx->account_id, fresh);
	}
	place->used = ++s->clock;
	*out = place->ring;
	return ERR_OK;
}

enum err_code
site_keyring(struct site *s, const struct db_context *ctx, struct keyring **out,
    struct err *e)
{
	struct account_head head;
	enum err_code rc;

	*out = NULL;
	rc = account_head_read(s->db, ctx->account_id, &head, e);
	if (rc == ERR_NOT_FOUND)
		return ring_gone(s, ctx->account_id, e);
	return rc ? rc : ring_get(s, ctx, &head, out, e);
}

struct held {
	struct account_head head;
	uint32_t version; /* of the fields */
};

static void
held_take(struct db_rows *r, void *arg)
{
	struct held *held = arg;

	head_take(r, &held->head);
	held->version = (uint32_t)db_get_int(r, 2);
}

enum err_code
site_hold(struct site *s, const struct db_context *ctx,
    const struct schema *schema, struct keyring **out, struct err *e)
{
	struct held held;
	enum err_code rc;

	assert(db_in_transaction(s->db));
	*out = NULL;
	rc = db_one(
	    s->db, ctx, SQL_ACCOUNT_HOLD, DB_NOARGS, held_take, &held, e);
	if (rc == ERR_NOT_FOUND) {
		rc = site_keyring(s, ctx, out, e);
		return rc ? rc : err_set(e, ERR_NO_WORKSPACE, NULL);
	}
	if (!rc && held.version != schema->version)
		return err_fault(e, ERR_SUPERSEDED, "fields have changed");
	return rc ? rc : ring_get(s, ctx, &held.head, out, e);
}

enum err_code
site_require(struct site *s, const struct db_context *ctx,
    const struct schema *schema, const struct key_proof *proof,
    struct keyring **out, struct err *e)
{
	struct site_keyring *place = ring_place(s, ctx->account_id);
	enum err_code rc;

	assert(db_in_transaction(s->db));
	if (!place->ring || place->account_id != ctx->account_id) {
		rc = site_hold(s, ctx, schema, out, e);
		return rc || !proof ? rc
		                    : key_proof_require(s->db, ctx, proof, e);
	}
	place->used = ++s->clock;
	*out = place->ring;
	if (proof)
		return key_proof_require(s->db, ctx, proof, e);
	return db_require(s->db, ctx, SQL_ACCOUNT_REQUIRE,
	    DB_ARGS(
	        db_int(keyring_epoch(place->ring)), db_int(schema->version)),
	    ERR_SUPERSEDED, e);
}

#define SETTLE_LEAST 256 /* records that are worth a statement */

void
site_settle(struct site *s)
{
	for (unsigned i = 0; i < SITE_KEYRINGS; i++) {
		struct site_keyring *place = &s->rings[i];
		struct db_context ctx = {.account_id = place->account_id};
		uint32_t version;
		struct err e;
		uint64_t n;

		n = place->ring ? keyring_rest_sealed(place->ring, &version)
		                : 0;
		if (n < SETTLE_LEAST)
			continue;
		if (key_use_add(s, &ctx, KEY_REST, version, n, &e))
			log_err("counting the use of keys", &e);
		else
			keyring_rest_counted(place->ring, n);
	}
}
