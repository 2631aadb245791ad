#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "model/audit.h"
#include "model/user_row.h"
#include "vault/password.h"
#include "vault/rand.h"

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

bool
user_email_fold(const char *email, char out[EMAIL_MAX + 1])
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
	struct site *site;
	const struct db_context *ctx;
	struct uuid uuid;
	char email[EMAIL_MAX + 1];
	char phc[PASSWORD_PHC];
	const char *role;
};

/* Within a transaction. */
static enum err_code
role_set(struct site *s, const struct db_context *ctx, const struct user *u,
    const char *role, enum audit_action action, struct err *e)
{
	struct audit_event event = {.action = action, .subject = &u->uuid};
	char detail[64];
	enum err_code rc;

	snprintf(detail, sizeof(detail), "{\"role\":\"%s\"}", role);
	event.detail = detail;
	rc = db_exec(s->db, ctx, SQL_USER_ROLE_SET,
	    DB_ARGS(db_int(u->id), db_str(role), db_int(clock_now_ms())), NULL,
	    NULL, e);
	return rc ? rc : audit_change(s, ctx, &event, 1, e);
}

static enum err_code
create_body(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;
	struct user u = {.uuid = c->uuid};
	uint64_t id;
	enum err_code rc;

	rc = db_exec(db, c->ctx, SQL_USER_INSERT,
	    DB_ARGS(db_uuid(&c->uuid), db_str(c->email), db_str(c->phc),
	        db_int(clock_now_ms())),
	    NULL, &id, e);
	if (rc)
		return rc;
	u.id = (uint32_t)id;
	return role_set(c->site, c->ctx, &u, c->role, AUDIT_USER_CREATE, e);
}

void
user_take(struct db_rows *r, void *arg)
{
	struct user *u = arg;

	u->id = (uint32_t)db_get_int(r, 0);
	db_get_uuid(r, 1, &u->uuid);
	u->tokens_valid_from = db_get_int(r, 2);
}

static enum err_code
create_done(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;
	struct user u;

	return db_one(db, c->ctx, SQL_USER_BY_UUID, DB_ARGS(db_uuid(&c->uuid)),
	    user_take, &u, e);
}

static enum err_code
creation_check(struct creation *c, const char *email, size_t n, struct err *e)
{
	enum err_code rc;

	if (!user_email_fold(email, c->email) || !email_shaped(c->email))
		return err_set(e, ERR_BAD_REQUEST,
		    "this is not an e-mail address of at most %d bytes",
		    EMAIL_MAX);
	rc = user_password_fits(n, e);
	return rc ? rc : role_check(c->role, e);
}

enum err_code
user_create(struct site *s, const struct db_context *ctx, const char *email,
    const char *password, size_t n, const char *role, struct uuid *out,
    struct err *e)
{
	struct creation c = {.site = s, .ctx = ctx, .role = role};
	enum err_code rc;

	rc = creation_check(&c, email, n, e);
	if (rc == ERR_OK)
		rc = password_hash(password, n, c.phc, e);
	if (rc)
		return rc;
	rand_uuid(&c.uuid);
	rc = db_transaction(s->db, create_body, create_done, &c, e);
	wipe(c.phc, sizeof(c.phc));
	if (rc == ERR_DUPLICATE)
		return err_set(
		    e, ERR_CONFLICT, "the account has a user of this e-mail");
	*out = c.uuid;
	return rc;
}

struct grant {
	struct site *site;
	const struct db_context *ctx;
	struct user user;
	const char *role;
};

static enum err_code
grant_body(struct db *db, void *arg, struct err *e)
{
	struct grant *g = arg;

	(void)db;
	return role_set(
	    g->site, g->ctx, &g->user, g->role, AUDIT_USER_GRANT, e);
}

enum err_code
user_grant(struct site *s, const struct db_context *ctx, const char *email,
    const char *role, struct err *e)
{
	struct grant g = {.site = s, .ctx = ctx, .role = role};
	struct user_row row = {0};
	enum err_code rc;

	rc = role_check(role, e);
	if (rc == ERR_OK)
		rc = user_row_find(s->db, ctx, email, &row, e);
	wipe(row.phc, sizeof(row.phc));
	if (rc == ERR_NOT_FOUND)
		return err_set(
		    e, rc, "the account has no live user of this e-mail");
	if (rc)
		return rc;
	g.user = row.user;
	return db_transaction(s->db, grant_body, NULL, &g, e);
}

enum err_code
user_find(struct db *db, const struct db_context *ctx, const struct uuid *uuid,
    struct user *out, struct err *e)
{
	enum err_code rc = db_one(db, ctx, SQL_USER_BY_UUID,
	    DB_ARGS(db_uuid(uuid)), user_take, out, e);

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
user_rights_anywhere(
    struct db *db, const struct db_context *ctx, unsigned *out, struct err *e)
{
	struct db_rows *r;
	enum err_code rc;

	*out = 0;
	rc = db_query(
	    db, ctx, SQL_USER_ROLES, DB_ARGS(db_int(ctx->user_id)), &r, e);
	if (rc)
		return rc;
	while (db_next(r))
		*out |= role_rights(db_get_bytes(r, 0, NULL));
	return db_done(&r, e);
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
