/* Keyrings of accounts: opened from their rows, kept, and read again when the
 * account's key epoch has moved. */
#include <stdio.h>
#include <string.h>

#include "model/account.h"
#include "model/audit.h"
#include "model/keys.h"
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
ring_open(struct site *s, const struct db_context *ctx,
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

static void
note_opened(struct site *s, const struct db_context *ctx, uint32_t epoch)
{
	char detail[48];

	snprintf(detail, sizeof(detail), "{\"epoch\":%u}", epoch);
	audit_note(s, ctx,
	    &(struct audit_event){.action = AUDIT_KEY_OPEN, .detail = detail});
}

enum err_code
site_keyring(struct site *s, const struct db_context *ctx, struct keyring **out,
    struct err *e)
{
	struct site_keyring *place;
	struct account_head head;
	struct keyring *fresh;
	enum err_code rc;

	*out = NULL;
	rc = account_head_read(s->db, ctx->account_id, &head, e);
	if (rc == ERR_NOT_FOUND)
		return err_fault(
		    e, ERR_NO_CONTEXT, "account %u is gone", ctx->account_id);
	if (rc)
		return rc;
	place = ring_place(s, ctx->account_id);
	if (!place->ring || place->account_id != ctx->account_id ||
	    keyring_epoch(place->ring) != head.epoch) {
		rc = ring_open(s, ctx, &head, &fresh, e);
		if (rc)
			return rc;
		ring_put(place, ctx->account_id, fresh);
		note_opened(s, ctx, head.epoch);
	}
	place->used = ++s->clock;
	*out = place->ring;
	return ERR_OK;
}
