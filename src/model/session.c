/* Sessions: 256 random bits, of which the database holds a digest (S10). */
#include "model/session.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/audit.h"
#include "model/sweep.h"
#include "vault/mac.h"
#include "vault/rand.h"

#define ID_BYTES 32
#define DIGEST 32
/* That it was used is written down once in this part of the idle time, and
 * once a minute where that is longer. */
#define SEEN_PART 10
#define SEEN_MAX 60000

static void
digest_of(const char *id, uint8_t out[DIGEST])
{
	sha256(id, strlen(id), out);
}

struct opening {
	struct site *site;
	const struct db_context *ctx;
	const struct uuid *api_key;
	uint8_t digest[DIGEST];
	uint64_t seq;
	int64_t now;
	struct session *out;
};

static void
take_seq(struct db_rows *r, void *arg)
{
	struct opening *o = arg;

	o->seq = (uint64_t)db_get_int(r, 0);
	db_get_uuid(r, 1, &o->out->customer);
}

static enum err_code
insert(struct opening *o, struct err *e)
{
	return db_exec(o->site->db, o->ctx, SQL_SESSION_INSERT,
	    DB_ARGS(db_bytes(o->digest, DIGEST), db_uuid(&o->out->handle),
	        db_int((int64_t)o->seq), db_uuid(&o->out->customer),
	        o->api_key ? db_uuid(o->api_key) : db_null(), db_int(o->now),
	        db_int(o->now), db_int(o->out->expires_at)),
	    NULL, NULL, e);
}

static enum err_code
note(struct site *s, const struct db_context *ctx, enum audit_action action,
    const struct uuid *customer, const struct uuid *handle, struct err *e)
{
	char text[UUID_TEXT], detail[80];

	uuid_format(handle, text);
	snprintf(detail, sizeof(detail), "{\"handle\":\"%s\"}", text);
	return audit_change(
	    s, ctx, &(struct audit_event){action, customer, detail}, 1, e);
}

/* The lock on the customer lets no deletion by before the session is there to
 * be deleted with it. */
static enum err_code
open_body(struct db *db, void *arg, struct err *e)
{
	struct opening *o = arg;
	enum err_code rc;

	rc = db_one(db, o->ctx, SQL_SESSION_CUSTOMER,
	    DB_ARGS(db_uuid(&o->out->customer)), take_seq, o, e);
	if (rc == ERR_OK)
		rc = insert(o, e);
	return rc ? rc
	          : note(o->site, o->ctx, AUDIT_SESSION_OPEN, &o->out->customer,
	                &o->out->handle, e);
}

static enum err_code
open_done(struct db *db, void *arg, struct err *e)
{
	struct opening *o = arg;

	return db_one(db, o->ctx, SQL_SESSION_BY_HANDLE,
	    DB_ARGS(db_uuid(&o->out->handle)), NULL, NULL, e);
}

static void
draw(char id[SESSION_ID_TEXT])
{
	uint8_t secret[ID_BYTES];

	rand_key(secret, sizeof(secret));
	b64url_encode(secret, sizeof(secret), id);
	wipe(secret, sizeof(secret));
}

enum err_code
session_open(struct site *s, const struct db_context *ctx,
    const struct uuid *customer, const struct uuid *api_key,
    char id[SESSION_ID_TEXT], struct session *out, struct err *e)
{
	struct opening o = {.site = s,
	    .ctx = ctx,
	    .api_key = api_key,
	    .now = clock_now_ms(),
	    .out = out};
	enum err_code rc;

	*out = (struct session){.customer = *customer};
	out->expires_at = o.now + s->conf->session_absolute * 1000;
	rand_uuid(&out->handle);
	draw(id);
	digest_of(id, o.digest);
	rc = db_transaction(s->db, open_body, open_done, &o, e);
	if (rc)
		wipe(id, SESSION_ID_TEXT);
	return rc;
}

struct lookup {
	uint8_t digest[DIGEST];
	bool match;
	int64_t seen_at;
	struct session *out;
};

static void
take_session(struct db_rows *r, void *arg)
{
	struct lookup *l = arg;
	struct session *out = l->out;
	const char *digest;
	size_t n;

	digest = db_get_bytes(r, 0, &n);
	l->match = n == DIGEST && bytes_equal_ct(digest, l->digest, DIGEST);
	db_get_uuid(r, 1, &out->handle);
	out->account_id = (uint32_t)db_get_int(r, 2);
	out->workspace_id = (uint32_t)db_get_int(r, 3);
	db_get_uuid(r, 4, &out->customer);
	l->seen_at = db_get_int(r, 5);
	out->expires_at = db_get_int(r, 6);
	snprintf(out->account_code, sizeof(out->account_code), "%s",
	    db_get_bytes(r, 7, NULL));
	out->key_epoch = (uint32_t)db_get_int(r, 8);
	schema_take_state(r, 9, &out->state);
}

/* Notes that the session was used, once in a while. Whoever holds its row is
 * ending it, or has just noted the same. */
static enum err_code
touch(struct site *s, const struct lookup *l, int64_t now, struct err *e)
{
	int64_t after = s->conf->session_idle * 1000 / SEEN_PART;
	enum err_code rc;

	if (after > SEEN_MAX)
		after = SEEN_MAX;
	if (now - l->seen_at < after)
		return ERR_OK;
	rc = db_exec(s->db, NULL, SQL_SESSION_SEEN,
	    DB_ARGS(db_int(now), db_bytes(l->digest, DIGEST), db_int(now)),
	    NULL, NULL, e);
	return rc == ERR_RETRY ? ERR_OK : rc;
}

/* Whatever the id's text is, the same is done: a digest and a look-up. */
enum err_code
session_find(struct site *s, const char *id, struct session *out, struct err *e)
{
	struct lookup l = {.out = out};
	int64_t now = clock_now_ms();
	enum err_code rc;

	memset(out, 0, sizeof(*out));
	digest_of(id, l.digest);
	rc = db_one(s->db, NULL, SQL_SESSION_BY_DIGEST,
	    DB_ARGS(db_bytes(l.digest, DIGEST)), take_session, &l, e);
	if (rc == ERR_NOT_FOUND || (rc == ERR_OK && !l.match))
		return err_set(e, ERR_AUTH, NULL);
	if (rc)
		return rc;
	if (out->expires_at <= now ||
	    l.seen_at + s->conf->session_idle * 1000 <= now)
		return err_fault(e, ERR_AUTH, "a session that is over");
	return touch(s, &l, now, e);
}

struct closing {
	struct site *site;
	const struct db_context *ctx;
	const struct uuid *handle;
};

static enum err_code
close_body(struct db *db, void *arg, struct err *e)
{
	struct closing *c = arg;
	struct uuid customer;
	enum err_code rc;

	rc = db_one(db, c->ctx, SQL_SESSION_BY_HANDLE,
	    DB_ARGS(db_uuid(c->handle)), db_take_uuid, &customer, e);
	if (rc == ERR_OK)
		rc = db_exec(db, c->ctx, SQL_SESSION_DELETE,
		    DB_ARGS(db_uuid(c->handle)), NULL, NULL, e);
	return rc ? rc
	          : note(c->site, c->ctx, AUDIT_SESSION_CLOSE, &customer,
	                c->handle, e);
}

/* A handle is never given twice: a session that has gone was closed. */
static enum err_code
close_done(struct db *db, void *arg, struct err *e)
{
	struct closing *c = arg;
	enum err_code rc;

	rc = db_one(db, c->ctx, SQL_SESSION_BY_HANDLE,
	    DB_ARGS(db_uuid(c->handle)), NULL, NULL, e);
	if (rc == ERR_NOT_FOUND)
		return ERR_OK;
	return rc ? rc : err_set(e, ERR_NOT_FOUND, NULL);
}

enum err_code
session_close(struct site *s, const struct db_context *ctx,
    const struct uuid *handle, struct err *e)
{
	struct closing c = {.site = s, .ctx = ctx, .handle = handle};

	return db_transaction(s->db, close_body, close_done, &c, e);
}

enum err_code
session_sweep(struct db *db, struct err *e)
{
	int64_t now = clock_now_ms();
	int64_t idle = site_of(db)->conf->session_idle * 1000;
	enum err_code rc;

	rc = sweep_rows(
	    db, NULL, SQL_SESSION_SWEEP_EXPIRED, DB_ARGS(db_int(now)), e);
	return rc ? rc
	          : sweep_rows(db, NULL, SQL_SESSION_SWEEP_IDLE,
	                DB_ARGS(db_int(now - idle)), e);
}
