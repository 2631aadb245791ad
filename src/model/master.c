#include "model/master.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/account.h"
#include "model/audit.h"
#include "model/rows.h"
#include "vault/master_file.h"

static enum err_code
audit_step(struct site *s, const char *step, const uint8_t id[MASTER_ID],
    struct err *e)
{
	static const struct db_context nobody;
	struct audit_event event = {.action = AUDIT_MASTER_REPLACE};
	char text[MASTER_ID_TEXT], detail[100];

	master_id_text(id, text);
	snprintf(detail, sizeof(detail), "{\"step\":\"%s\",\"master\":\"%s\"}",
	    step, text);
	event.detail = detail;
	return audit_change(s, &nobody, &event, 1, e);
}

static enum err_code
canary_row(struct db_rows *r, const struct master_keys *m, struct err *e)
{
	const char *id, *canary;
	size_t n_id, n;

	id = db_get_bytes(r, 0, &n_id);
	canary = db_get_bytes(r, 1, &n);
	if (n_id != MASTER_ID || n != CANARY_LEN)
		return err_fault(e, ERR_CRYPTO, "a malformed canary");
	return master_canary_check(
	    m, (const uint8_t *)id, (const uint8_t *)canary, e);
}

enum err_code
master_canaries_open(struct site *s, struct err *e)
{
	struct db_rows *r;
	bool found = false;
	enum err_code rc;

	rc = db_query(s->db, NULL, SQL_CANARY_LIST, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (rc == ERR_OK && db_next(r)) {
		found = true;
		rc = canary_row(r, s->masters, e);
	}
	rc = rows_end(rc, &r, e);
	if (rc == ERR_OK && !found)
		return err_fault(
		    e, ERR_UNAVAILABLE, "no canary: run cofferctl migrate");
	return rc;
}

/* A canary in the making or in the unmaking. */
struct canary {
	struct site *site;
	const uint8_t *id;
};

static struct db_val
id_val(const struct canary *c)
{
	return db_bytes(c->id, MASTER_ID);
}

static enum err_code
add_body(struct db *db, void *arg, struct err *e)
{
	struct canary *c = arg;
	uint8_t canary[CANARY_LEN];
	enum err_code rc;

	master_canary_make(c->site->masters, c->id, canary);
	rc = db_exec(db, NULL, SQL_CANARY_INSERT,
	    DB_ARGS(id_val(c), db_bytes(canary, sizeof(canary)),
	        db_int(clock_now_ms())),
	    NULL, NULL, e);
	return rc ? rc : audit_step(c->site, "begin", c->id, e);
}

static enum err_code
add_done(struct db *db, void *arg, struct err *e)
{
	return db_one(
	    db, NULL, SQL_CANARY_HOLD, DB_ARGS(id_val(arg)), NULL, NULL, e);
}

enum err_code
master_canary_add(
    struct site *s, const uint8_t id[MASTER_ID], bool *made_out, struct err *e)
{
	struct canary c = {s, id};
	enum err_code rc;

	rc = db_transaction(s->db, add_body, add_done, &c, e);
	*made_out = rc == ERR_OK;
	return rc == ERR_DUPLICATE ? ERR_OK : rc;
}

/* A stored key. */
struct wrapped {
	enum key_kind kind;
	uint32_t version;
	uint8_t master[MASTER_ID], bytes[WRAPPED_LEN];
};

struct rewrap {
	struct site *site;
	const struct db_context *ctx;
	const char *code;
	uint8_t current[MASTER_ID];
	unsigned keys; /* of the account in hand */
	struct rewrapped *total;
	rewrap_each *each;
	void *arg;
};

/* Reads the account's keys that are under other master keys into out. */
static enum err_code
read_others(struct rewrap *w, struct buf *out, struct err *e)
{
	struct wrapped key = {0};
	const char *master, *bytes;
	size_t n_master, n;
	struct db_rows *r;
	enum err_code rc;

	rc = db_query(
	    w->site->db, w->ctx, SQL_ACCOUNT_KEY_LIST, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (rc == ERR_OK && db_next(r)) {
		master = db_get_bytes(r, 2, &n_master);
		bytes = db_get_bytes(r, 3, &n);
		if (n_master != MASTER_ID || n != WRAPPED_LEN) {
			rc = err_fault(e, ERR_CRYPTO,
			    "account %s: a malformed key", w->code);
			break;
		}
		if (!memcmp(master, w->current, MASTER_ID))
			continue;
		key.kind = (enum key_kind)db_get_int(r, 0);
		key.version = (uint32_t)db_get_int(r, 1);
		memcpy(key.master, master, MASTER_ID);
		memcpy(key.bytes, bytes, WRAPPED_LEN);
		buf_add(out, &key, sizeof(key));
	}
	return rows_end(rc, &r, e);
}

static enum err_code
rewrap_key(struct rewrap *w, struct keyring *k, const struct wrapped *key,
    struct err *e)
{
	uint8_t fresh[WRAPPED_LEN];
	enum err_code rc;

	rc = keyring_rewrap(k, key->kind, key->version, key->master, key->bytes,
	    sizeof(key->bytes), fresh, e);
	if (rc)
		return rc;
	w->keys++;
	return db_exec(w->site->db, w->ctx, SQL_ACCOUNT_KEY_REWRAP,
	    DB_ARGS(db_bytes(w->current, MASTER_ID),
	        db_bytes(fresh, sizeof(fresh)), db_int(key->kind),
	        db_int(key->version), db_bytes(key->master, MASTER_ID)),
	    NULL, NULL, e);
}

static enum err_code
salt_check(const struct rewrap *w, struct err *e)
{
	if (salt_there(w->site->conf->keys_dir, w->code))
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "account %s has no salt in the key directory: put it back, or "
	    "erase the account (cofferctl account erase)",
	    w->code);
}

static enum err_code
rewrap_body(struct db *db, void *arg, struct err *e)
{
	struct rewrap *w = arg;
	struct buf others = {0};
	const struct wrapped *key;
	struct keyring *k = NULL;
	enum err_code rc;
	size_t i;

	(void)db;
	w->keys = 0;
	rc = read_others(w, &others, e);
	if (rc == ERR_OK && others.len)
		rc = salt_check(w, e);
	if (rc == ERR_OK && others.len)
		rc = keyring_new(w->site->masters, w->site->conf->keys_dir,
		    w->code, 0, &k, e);
	key = (const void *)others.data;
	for (i = 0; rc == ERR_OK && i < others.len / sizeof(*key); i++)
		rc = rewrap_key(w, k, &key[i], e);
	keyring_free(&k);
	buf_free(&others);
	return rc;
}

/* A COMMIT in doubt is done again. */
static enum err_code
rewrap_done(struct db *db, void *arg, struct err *e)
{
	(void)db;
	(void)arg;
	return err_set(e, ERR_NOT_FOUND, NULL);
}

static enum err_code
rewrap_account(struct db *db, const struct db_context *ctx, const char *code,
    void *arg, struct err *e)
{
	struct rewrap *w = arg;
	enum err_code rc;

	w->ctx = ctx;
	w->code = code;
	rc = db_transaction(db, rewrap_body, rewrap_done, w, e);
	if (rc)
		return rc;
	w->total->accounts++;
	w->total->keys += w->keys;
	if (w->keys && w->each)
		w->each(w->arg, w->total);
	return err_set(e, ERR_NOT_FOUND, NULL); /* on to the next */
}

enum err_code
master_rewrap(struct site *s, rewrap_each *each, void *arg,
    struct rewrapped *out, struct err *e)
{
	struct rewrap w = {.site = s, .total = out, .each = each, .arg = arg};
	enum err_code rc;

	memset(out, 0, sizeof(*out));
	master_current(s->masters, w.current);
	rc = account_walk(s->db, rewrap_account, &w, e);
	return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

static enum err_code
find_under(struct db *db, const struct db_context *ctx, const char *code,
    void *arg, struct err *e)
{
	(void)code;
	return db_one(db, ctx, SQL_ACCOUNT_KEY_UNDER, DB_ARGS(id_val(arg)),
	    NULL, NULL, e);
}

/* With the canary deleted nobody begins to wrap by the key, and those who had
 * begun have committed: what the walk does not see will not come. */
static enum err_code
retire_body(struct db *db, void *arg, struct err *e)
{
	struct canary *c = arg;
	uint64_t deleted;
	enum err_code rc;

	rc = db_exec(
	    db, NULL, SQL_CANARY_DELETE, DB_ARGS(id_val(c)), &deleted, NULL, e);
	if (rc)
		return rc;
	rc = account_walk(db, find_under, c, e);
	if (rc == ERR_OK)
		return err_set(e, ERR_CONFLICT,
		    "an account key is still wrapped by the old master key");
	if (rc != ERR_NOT_FOUND)
		return rc;
	return deleted ? audit_step(c->site, "end", c->id, e) : ERR_OK;
}

static enum err_code
retire_done(struct db *db, void *arg, struct err *e)
{
	enum err_code rc = add_done(db, arg, e);

	if (rc == ERR_NOT_FOUND)
		return ERR_OK;
	return rc ? rc : err_set(e, ERR_NOT_FOUND, NULL);
}

enum err_code
master_canary_retire(struct site *s, const uint8_t id[MASTER_ID], struct err *e)
{
	struct canary c = {s, id};

	return db_transaction(s->db, retire_body, retire_done, &c, e);
}
