/* Families of refresh tokens: one row each, with the one token that lives. */
#include "base/clock.h"
#include "model/site.h"
#include "model/sweep.h"
#include "model/audit.h"
#include "model/user.h"
#include "vault/rand.h"

enum err_code
refresh_start(struct db *db, const struct db_context *ctx, int64_t expires_ms,
    struct uuid *family_out, struct uuid *jti_out, struct err *e)
{
	rand_uuid(family_out);
	rand_uuid(jti_out);
	return db_exec(db, ctx, SQL_REFRESH_INSERT,
	    DB_ARGS(db_uuid(family_out), db_int(ctx->user_id), db_uuid(jti_out),
	        db_int(expires_ms)),
	    NULL, NULL, e);
}

struct turn {
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

/* The subject is the family. */
static enum err_code
audit_turn(struct db *db, const struct turn *t, struct err *e)
{
	struct audit_event event = {
	    t->spent ? AUDIT_TOKEN_REUSED : AUDIT_TOKEN_REFRESH, t->family,
	    NULL};

	return audit_change(site_of(db), t->ctx, &event, 1, e);
}

/* That a family was revoked is kept, so it is no failure here. */
static enum err_code
turn_body(struct db *db, void *arg, struct err *e)
{
	struct turn *t = arg;
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
	rc = audit_turn(db, t, e);
	if (rc)
		return rc;
	if (t->spent)
		return db_exec(db, t->ctx, SQL_REFRESH_REVOKE,
		    DB_ARGS(db_int(clock_now_ms()), db_uuid(t->family)), NULL,
		    NULL, e);
	return db_exec(db, t->ctx, SQL_REFRESH_MOVE,
	    DB_ARGS(db_uuid(&t->next), db_int(t->expires), db_uuid(t->family)),
	    NULL, NULL, e);
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
refresh_turn(struct db *db, const struct db_context *ctx,
    const struct uuid *family, const struct uuid *jti, int64_t expires_ms,
    struct uuid *jti_out, struct err *e)
{
	struct turn t = {
	    .ctx = ctx, .family = family, .jti = jti, .expires = expires_ms};
	enum err_code rc;

	rand_uuid(&t.next);
	rc = db_transaction(db, turn_body, turn_done, &t, e);
	if (rc)
		return rc;
	if (t.spent)
		return err_fault(e, ERR_AUTH,
		    "a spent refresh token: its family is revoked");
	*jti_out = t.next;
	return ERR_OK;
}

enum err_code
refresh_sweep(struct site *s, const struct db_context *ctx, struct err *e)
{
	return sweep_rows(
	    s->db, ctx, SQL_REFRESH_SWEEP, DB_ARGS(db_int(clock_now_ms())), e);
}
