/*
 * Who acts: users with their roles, API keys, refresh tokens.
 */
#ifndef COFFER_MODEL_USER_H
#define COFFER_MODEL_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "model/site.h"

/* What a role allows in a workspace; roles are rows of tbl/roles.h. */
enum right {
	RIGHT_READ = 1,         /* customers, pages */
	RIGHT_UPLOAD = 2,       /* check */
	RIGHT_JOBS = 4,         /* see jobs */
	RIGHT_WRITE = 8,        /* change and delete customers */
	RIGHT_GROUPS = 16,      /* make and change groups */
	RIGHT_FIELDS = 32,      /* make and change fields */
	RIGHT_FIELDS_READ = 64, /* see fields and groups */
	RIGHT_KEYS = 128        /* data keys */
};

/* The rights of a role by name; 0 for an unknown role. */
unsigned role_rights(const char *role);

#define EMAIL_MAX 254

/* Makes a user with a role in the context's workspace. The e-mail is stored
 * and compared folded (utf8_fold), at most EMAIL_MAX bytes. Password: 8 to
 * 1024 bytes. ERR_BAD_REQUEST; ERR_CONFLICT if the account has a user of this
 * e-mail. */
MUST_CHECK enum err_code user_create(struct site *s,
    const struct db_context *ctx, const char *email, const char *password,
    size_t n, const char *role, struct uuid *out, struct err *e);

/* Gives a live user of the account a role in the context's workspace, in place
 * of one that it had there. ERR_BAD_REQUEST for the role, ERR_NOT_FOUND. */
MUST_CHECK enum err_code user_grant(struct site *s,
    const struct db_context *ctx, const char *email, const char *role,
    struct err *e);

struct user {
	uint32_t id;
	struct uuid uuid;
	/* Milliseconds since 1970: tokens made before are dead. It moves when
	 * the user logs out, gets another password or is disabled; our own
	 * access tokens carry its value. */
	int64_t tokens_valid_from;
};

/* Who says to be whom, and from where (REMOTE_ADDR). */
struct sign_in {
	const char *email;
	const char *password;
	size_t n; /* bytes of it */
	const char *address;
};

/* E-mail and password within the context's account: ERR_CREDENTIALS for an
 * unknown or disabled user and for a wrong password, in the same time.
 * ERR_TOO_MANY_REQUESTS, and *wait_out milliseconds, where there were too many
 * failures before (model/throttle.h) or too many sign-ins run at once; the
 * password is then not looked at. *out is filled (else its id is 0) for a
 * wrong password of a known user, too. */
MUST_CHECK enum err_code user_login(struct site *s,
    const struct db_context *ctx, const struct sign_in *in, struct user *out,
    int64_t *wait_out, struct err *e);

/* Gives ctx.user_id another password, and ends all that was signed in with
 * the old one. in->email is not looked at. As user_login; ERR_BAD_REQUEST for a
 * new password that is too short, too long, the old one or the e-mail. */
MUST_CHECK enum err_code user_password_change(struct site *s,
    const struct db_context *ctx, const struct sign_in *in, const char *fresh,
    size_t nfresh, struct user *out, int64_t *wait_out, struct err *e);

/* For cofferctl: by e-mail within the context's account, disabled or not;
 * ERR_NOT_FOUND. Disabling and a new password end all tokens at once. */
MUST_CHECK enum err_code user_by_email(struct db *db,
    const struct db_context *ctx, const char *email, struct user *out,
    struct err *e);
MUST_CHECK enum err_code user_set_password(struct site *s,
    const struct db_context *ctx, const struct user *u, const char *password,
    size_t n, struct err *e);
MUST_CHECK enum err_code user_disable(struct site *s,
    const struct db_context *ctx, const struct user *u, struct err *e);
MUST_CHECK enum err_code user_enable(struct site *s,
    const struct db_context *ctx, const struct user *u, struct err *e);

/* Ends all of a user's access tokens and families of refresh tokens. */
MUST_CHECK enum err_code user_logout(struct site *s,
    const struct db_context *ctx, const struct user *u, struct err *e);

/* A live user by the sub of a token; ERR_AUTH if there is none. */
MUST_CHECK enum err_code user_find(struct db *db, const struct db_context *ctx,
    const struct uuid *uuid, struct user *out, struct err *e);

/* The rights of ctx.user_id in ctx.workspace_id; 0 if it has no role there. */
MUST_CHECK enum err_code user_rights(
    struct db *db, const struct db_context *ctx, unsigned *out, struct err *e);

/* The same over all workspaces of the account. */
MUST_CHECK enum err_code user_rights_anywhere(
    struct db *db, const struct db_context *ctx, unsigned *out, struct err *e);

/* Appends "user_id EMAIL\n" for every user of the account, with " disabled"
 * before the end of the line where that is so. */
MUST_CHECK enum err_code user_list(struct db *db, const struct db_context *ctx,
    struct buf *out, struct err *e);

/* Refresh tokens come in families: a login starts one (ERR_CREDENTIALS if the
 * user's password or state has changed since), a refresh replaces its only
 * live token. Using a spent token revokes the family (S9). refresh_turn:
 * ERR_AUTH for a token that is unknown, late, revoked, spent or another
 * user's. refresh_end revokes a family of ctx.user_id; one that is unknown or
 * revoked is no error. Times are milliseconds since 1970. */
MUST_CHECK enum err_code refresh_start(struct db *db,
    const struct db_context *ctx, const struct user *u, int64_t expires_ms,
    struct uuid *family_out, struct uuid *jti_out, struct err *e);
MUST_CHECK enum err_code refresh_turn(struct site *s,
    const struct db_context *ctx, const struct uuid *family,
    const struct uuid *jti, int64_t expires_ms, struct uuid *jti_out,
    struct err *e);
MUST_CHECK enum err_code refresh_end(struct site *s,
    const struct db_context *ctx, const struct uuid *family, struct err *e);

/* Deletes the account's families that have expired. */
struct site;
MUST_CHECK enum err_code refresh_sweep(
    struct site *s, const struct db_context *ctx, struct err *e);

#endif
