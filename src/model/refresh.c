/* Families of refresh tokens: one row each, with the one token that lives. */
#include "base/clock.h"
#include "model/audit.h"
#include "model/sweep.h"
#include "model/user.h"
#include "vault/rand.h"

struct start {
	const struct db_context *ctx;
	const struct user *user;
	struct uuid family, jti;
	int64_t expires;
};

/* The shared lock on the user's row keeps those out who end its families,
 * until this one is there to be ended. */
static enum err_code
start_body(struct db *db, void *arg, struct err *e)
{
	struct start *s = arg;
	int64_t since;
	enum err_code rc;

	rc = db_one(db, s->ctx, SQL_USER_EPOCH_SHARED,
	    DB_ARGS(db_int(s->user->id)), db_take_int, &since, e);
	if (rc == ERR_NOT_FOUND ||
	    (rc == ERR_OK && since != s->user->tokens_valid_from))
		return err_set(e, ERR_CREDENTIALS, NULL);
	if (rc)
		return rc;
	return db_exec(db, s->ctx, SQL_REFRESH_INSERT,
	    DB_ARGS(db_uuid(&s->family), db_int(s->user->id), db_uuid(&s->jti),
	        db_int(s->expires)),
	    NULL, NULL, e);
}

static enum err_code
start_done(struct db *db, void *arg, struct err *e)
{
	struct start *s = arg;

	return db_one(db, s->ctx, SQL_REFRESH_IS,
	    DB_ARGS(db_uuid(&s->family), db_uuid(&s->jti)), NULL, NULL, e);
}

enum err_code
refresh_start(struct db *db, const struct db_context *ctx, const struct user *u,
    int64_t expires_ms, struct uuid *family_out, struct uuid *jti_out,
    struct err *e)
{
	struct start s = {.ctx = ctx, .user = u, .expires = expires_ms};
	enum err_code rc;

	rand_uuid(&s.family);
	rand_uuid(&s.jti);
	rc = db_transaction(db, start_body, start_done, &s, e);
	*family_out = s.family;
	*jti_out = s.jti;
	return rc;
}

struct turn {
	struct site *site;
	const struct db_context *ctx;
	const struct uuid *family, *jti; /* the token that was shown */
	struct uuid next;
	int64_t expires;
	bool spent;
};

struct family {
	uint32_t user_id;
	struct uuid jti;
	bool revoked;
	int64_t expires;
};

static void
take_family(struct db_rows *r, void *arg)
{
	struct family *f = arg;

	f->user_id = (uint32_t)db_get_int(r, 0);
	db_get_uuid(r, 1, &f->jti);
	f->revoked = !db_is_null(r, 2);
	f->expires = db_get_int(r, 3);
}

static enum err_code
family_check(const struct turn *t, const struct family *f, struct err *e)
{
	if (f->user_id != t->ctx->user_id)
		return err_fault(
		    e, ERR_AUTH, "a refresh token of another user");
	if (f->revoked)
		return err_fault(e, ERR_AUTH, "a revoked refresh token");
	if (f->expires <= clock_now_ms())
		return err_fault(e, ERR_AUTH, "an expired refresh token");
	return ERR_OK;
}

/* The family dies with all that it has: one of two who use it is a thief. */
static enum err_code
turn_revoke(const struct turn *t, struct err *e)
{
	struct audit_event event = {
	    .action = AUDIT_TOKEN_REUSED, .subject = t->family};
	enum err_code rc;

	rc = db_exec(t->site->db, t->ctx, SQL_REFRESH_REVOKE,
	    DB_ARGS(db_int(clock_now_ms()), db_uuid(t->family)), NULL, NULL, e);
	return rc ? rc : audit_change(t->site, t->ctx, &event, 1, e);
}

/* That a family was revoked is kept, so it is no failure here. */
static enum err_code
turn_body(struct db *db, void *arg, struct err *e)
{
	struct turn *t = arg;
	struct audit_event event = {
	    .action = AUDIT_TOKEN_REFRESH, .subject = t->family};
	struct family f;
	enum err_code rc;

	rc = db_one(db, t->ctx, SQL_REFRESH_LOCK, DB_ARGS(db_uuid(t->family)),
	    take_family, &f, e);
	if (rc == ERR_NOT_FOUND)
		return err_fault(e, ERR_AUTH, "an unknown refresh token");
	if (rc == ERR_OK)
		rc = family_check(t, &f, e);
	if (rc)
		return rc;
	t->spent = !bytes_equal_ct(f.jti.b, t->jti->b, UUID_LEN);
	if (t->spent)
		return turn_revoke(t, e);
	rc = db_exec(db, t->ctx, SQL_REFRESH_MOVE,
	    DB_ARGS(db_uuid(&t->next), db_int(t->expires), db_uuid(t->family)),
	    NULL, NULL, e);
	return rc ? rc : audit_change(t->site, t->ctx, &event, 1, e);
}

/* A revocation may as well be done again. */
static enum err_code
turn_done(struct db *db, void *arg, struct err *e)
{
	struct turn *t = arg;

	return db_one(db, t->ctx, SQL_REFRESH_IS,
	    DB_ARGS(db_uuid(t->family), db_uuid(&t->next)), NULL, NULL, e);
}

enum err_code
refresh_turn(struct site *s, const struct db_context *ctx,
    const struct uuid *family, const struct uuid *jti, int64_t expires_ms,
    struct uuid *jti_out, struct err *e)
{
	struct turn t = {.site = s,
	    .ctx = ctx,
	    .family = family,
	    .jti = jti,
	    .expires = expires_ms};
	enum err_code rc;

	rand_uuid(&t.next);
	rc = db_transaction(s->db, turn_body, turn_done, &t, e);
	if (rc)
		return rc;
	if (t.spent)
		return err_fault(e, ERR_AUTH,
		    "a spent refresh token: its family is revoked");
	*jti_out = t.next;
	return ERR_OK;
}

struct logout {
	struct site *site;
	const struct db_context *ctx;
	const struct uuid *family;
};

static enum err_code
logout_body(struct db *db, void *arg, struct err *e)
{
	struct audit_event event = {.action = AUDIT_LOGOUT};
	struct logout *l = arg;
	enum err_code rc;

	rc = db_exec(db, l->ctx, SQL_REFRESH_END,
	    DB_ARGS(db_int(clock_now_ms()), db_uuid(l->family),
	        db_int(l->ctx->user_id)),
	    NULL, NULL, e);
	return rc ? rc : audit_change(l->site, l->ctx, &event, 1, e);
}

/* Ending a family may as well be done again. */
static enum err_code
logout_done(struct db *db, void *arg, struct err *e)
{
	(void)db, (void)arg;
	return err_set(e, ERR_NOT_FOUND, NULL);
}

enum err_code
refresh_end(struct site *s, const struct db_context *ctx,
    const struct uuid *family, struct err *e)
{
	struct logout l = {.site = s, .ctx = ctx, .family = family};

	return db_transaction(s->db, logout_body, logout_done, &l, e);
}

enum err_code
refresh_sweep(struct site *s, const struct db_context *ctx, struct err *e)
{
	return sweep_rows(
	    s->db, ctx, SQL_REFRESH_SWEEP, DB_ARGS(db_int(clock_now_ms())), e);
}
