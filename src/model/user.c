#include "model/user.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "model/audit.h"
#include "vault/password.h"
#include "vault/rand.h"

#define PASSWORD_LEAST 8
#define PASSWORD_MOST 1024

unsigned
role_rights(const char *role)
{
#define X(name, text, rights)    \
	if (!strcmp(role, text)) \
		return rights;
#include "tbl/roles.h"
#undef X
	return 0;
}

static enum err_code
role_check(const char *role, struct err *e)
{
	if (role_rights(role))
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST, "no such role; there are"
#define X(name, text, rights) " " text
#include "tbl/roles.h"
#undef X
	);
}

/* The form in which an e-mail is stored and compared; false if there is none:
 * it is not UTF-8, or too long. */
static bool
email_fold(const char *email, char out[EMAIL_MAX + 1])
{
	size_t n = strlen(email), folded;
	struct arena *a;
	const char *s;

	if (n > 4 * EMAIL_MAX || !utf8_valid(email, n))
		return false;
	a = arena_new(4096);
	s = utf8_fold(a, email, n, &folded);
	if (folded <= EMAIL_MAX)
		memcpy(out, s, folded + 1);
	arena_free(&a);
	return folded <= EMAIL_MAX;
}

/* local@domain, with neither empty and no white space or control character:
 * whether it reaches anybody is not ours to know. */
static bool
email_shaped(const char *s)
{
	const char *at = strchr(s, '@');

	if (!at || at == s || !at[1] || strchr(at + 1, '@'))
		return false;
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

struct creation {
	const struct db_context *ctx;
	struct uuid uuid;
	char email[EMAIL_MAX + 1];
	char phc[PASSWORD_PHC];
	const char *role;
};

static enum err_code
role_set(struct db *db, const struct db_context *ctx, uint32_t user_id,
    const char *role, struct err *e)
{
	return db_exec(db, ctx, SQL_USER_ROLE_SET,
	    DB_ARGS(db_int(user_id), db_str(role), db_int(clock_now_ms())),
	    NULL, NULL, e);
}

/* Roles are words of tbl/roles.h. */
static enum err_code
audit_role(struct db *db, const struct db_context *ctx,
    enum audit_action action, const struct uuid *user, const char *role,
    struct err *e)
{
	char detail[48];

	snprintf(detail, sizeof(detail), "{\"role\":\"%s\"}", role);
	return audit_change(site_of(db), ctx,
	    &(struct audit_event){action, user, detail}, 1, e);
}

static enum err_code
create_body(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;
	uint64_t id;
	enum err_code rc;

	rc = db_exec(db, c->ctx, SQL_USER_INSERT,
	    DB_ARGS(db_uuid(&c->uuid), db_str(c->email), db_str(c->phc),
	        db_int(clock_now_ms())),
	    NULL, &id, e);
	if (!rc)
		rc = role_set(db, c->ctx, (uint32_t)id, c->role, e);
	return rc ? rc
	          : audit_role(
	                db, c->ctx, AUDIT_USER_CREATE, &c->uuid, c->role, e);
}

static void
take_user(struct db_rows *r, void *arg)
{
	struct user *u = arg;

	u->id = (uint32_t)db_get_int(r, 0);
	db_get_uuid(r, 1, &u->uuid);
}

static enum err_code
create_done(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;
	struct user u;

	return db_one(db, c->ctx, SQL_USER_BY_UUID, DB_ARGS(db_uuid(&c->uuid)),
	    take_user, &u, e);
}

static enum err_code
creation_check(struct creation *c, const char *email, size_t n, struct err *e)
{
	if (!email_fold(email, c->email) || !email_shaped(c->email))
		return err_set(e, ERR_BAD_REQUEST,
		    "this is not an e-mail address of at most %d bytes",
		    EMAIL_MAX);
	if (n < PASSWORD_LEAST || n > PASSWORD_MOST)
		return err_set(e, ERR_BAD_REQUEST,
		    "a password must have %d to %d bytes", PASSWORD_LEAST,
		    PASSWORD_MOST);
	return role_check(c->role, e);
}

enum err_code
user_create(struct db *db, const struct db_context *ctx, const char *email,
    const char *password, size_t n, const char *role, struct uuid *out,
    struct err *e)
{
	struct creation c = {.ctx = ctx, .role = role};
	enum err_code rc;

	rc = creation_check(&c, email, n, e);
	if (rc == ERR_OK)
		rc = password_hash(password, n, c.phc, e);
	if (rc)
		return rc;
	rand_uuid(&c.uuid);
	rc = db_transaction(db, create_body, create_done, &c, e);
	wipe(c.phc, sizeof(c.phc));
	if (rc == ERR_DUPLICATE)
		return err_set(
		    e, ERR_CONFLICT, "the account has a user of this e-mail");
	*out = c.uuid;
	return rc;
}

struct login {
	struct user user;
	char phc[PASSWORD_PHC];
};

static void
take_login(struct db_rows *r, void *arg)
{
	struct login *l = arg;
	const char *phc;
	size_t n;

	take_user(r, &l->user);
	phc = db_get_bytes(r, 2, &n);
	if (n < sizeof(l->phc))
		memcpy(l->phc, phc, n + 1);
}

/* A live user by e-mail; ERR_NOT_FOUND. The caller wipes out->phc. */
static enum err_code
find_login(struct db *db, const struct db_context *ctx, const char *email,
    struct login *out, struct err *e)
{
	char folded[EMAIL_MAX + 1] = "";

	if (!email_fold(email, folded))
		return err_set(e, ERR_NOT_FOUND, NULL);
	return db_one(db, ctx, SQL_USER_BY_EMAIL, DB_ARGS(db_str(folded)),
	    take_login, out, e);
}

struct grant {
	const struct db_context *ctx;
	const struct user *user;
	const char *role;
};

static enum err_code
grant_body(struct db *db, void *arg, struct err *e)
{
	struct grant *g = arg;
	enum err_code rc = role_set(db, g->ctx, g->user->id, g->role, e);

	return rc ? rc
	          : audit_role(db, g->ctx, AUDIT_USER_GRANT, &g->user->uuid,
	                g->role, e);
}

enum err_code
user_grant(struct db *db, const struct db_context *ctx, const char *email,
    const char *role, struct err *e)
{
	struct login l = {0};
	enum err_code rc;

	rc = role_check(role, e);
	if (rc == ERR_OK)
		rc = find_login(db, ctx, email, &l, e);
	wipe(l.phc, sizeof(l.phc));
	if (rc == ERR_NOT_FOUND)
		return err_set(
		    e, rc, "the account has no live user of this e-mail");
	return rc ? rc
	          : db_transaction(db, grant_body, NULL,
	                &(struct grant){ctx, &l.user, role}, e);
}

enum err_code
user_login(struct db *db, const struct db_context *ctx, const char *email,
    const char *password, size_t n, struct user *out, struct err *e)
{
	struct login l = {0};
	enum err_code rc = find_login(db, ctx, email, &l, e);
	bool right;

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	right = password_verify(password, n, rc ? NULL : l.phc);
	wipe(l.phc, sizeof(l.phc));
	if (!right)
		return err_set(e, ERR_CREDENTIALS, NULL);
	*out = l.user;
	return ERR_OK;
}

enum err_code
user_find(struct db *db, const struct db_context *ctx, const struct uuid *uuid,
    struct user *out, struct err *e)
{
	enum err_code rc = db_one(db, ctx, SQL_USER_BY_UUID,
	    DB_ARGS(db_uuid(uuid)), take_user, out, e);

	return rc == ERR_NOT_FOUND ? err_set(e, ERR_AUTH, NULL) : rc;
}

static void
take_rights(struct db_rows *r, void *arg)
{
	*(unsigned *)arg = role_rights(db_get_bytes(r, 0, NULL));
}

enum err_code
user_rights(
    struct db *db, const struct db_context *ctx, unsigned *out, struct err *e)
{
	enum err_code rc;

	*out = 0;
	rc = db_one(db, ctx, SQL_USER_ROLE_GET, DB_ARGS(db_int(ctx->user_id)),
	    take_rights, out, e);
	return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

enum err_code
user_list(
    struct db *db, const struct db_context *ctx, struct buf *out, struct err *e)
{
	char text[UUID_TEXT];
	struct db_rows *r;
	struct uuid uuid;
	enum err_code rc;

	rc = db_query(db, ctx, SQL_USER_LIST, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (db_next(r)) {
		db_get_uuid(r, 0, &uuid);
		uuid_format(&uuid, text);
		buf_addf(out, "%s %s%s\n", text, db_get_bytes(r, 1, NULL),
		    db_is_null(r, 2) ? "" : " disabled");
	}
	return db_done(&r, e);
}
