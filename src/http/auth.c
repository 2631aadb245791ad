#include "http/auth.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "http/cookie.h"
#include "http/cors.h"
#include "http/internal.h"
#include "model/account.h"
#include "model/session.h"
#include "vault/rand.h"

#define BEARER "Bearer "

/* Headers of which one alone may come: a second would be seen by one reader
 * and not by another. */
static const char *const SINGLE[] = {"HTTP_AUTHORIZATION", "HTTP_X_API_KEY",
    "HTTP_X_DXP_TENANT", "HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_IDEMPOTENCY_KEY",
    "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_CONTENT_TYPE", "CONTENT_TYPE"};

/* Those of them in which a comma can only be two values joined. */
static const char *const NO_COMMA[] = {
    "HTTP_AUTHORIZATION", "HTTP_X_API_KEY", "HTTP_X_DXP_TENANT"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static unsigned
session_cookies(const struct request *rq)
{
	return cookie_count(request_header(rq, "cookie"), SESSION_COOKIE);
}

static unsigned
scheme_count(const struct request *rq)
{
	return (request_header(rq, "authorization") != NULL) +
	       (request_header(rq, "x-api-key") != NULL) +
	       (session_cookies(rq) > 0);
}

enum err_code
auth_headers(const struct request *rq, struct err *e)
{
	const char *value;
	size_t i;

	for (i = 0; i < COUNT(SINGLE); i++) {
		if (request_param_count(rq, SINGLE[i]) > 1)
			return err_set(e, ERR_BAD_REQUEST, "repeated header");
	}
	for (i = 0; i < COUNT(NO_COMMA); i++) {
		value = request_param(rq, NO_COMMA[i]);
		if (value && strchr(value, ','))
			return err_set(e, ERR_BAD_REQUEST, "repeated header");
	}
	if (session_cookies(rq) > 1)
		return err_set(e, ERR_BAD_REQUEST, "repeated cookie");
	if (scheme_count(rq) > 1)
		return err_set(
		    e, ERR_BAD_REQUEST, "more than one way of authentication");
	return ERR_OK;
}

const char *
request_bearer(const struct request *rq)
{
	const char *value = request_header(rq, "authorization");
	size_t n = strlen(BEARER);

	if (!value || strncasecmp(value, BEARER, n) != 0)
		return NULL;
	value += n;
	return *value && !strpbrk(value, " \t") ? value : NULL;
}

void
auth_jti(const struct user *u, char out[64])
{
	char text[UUID_TEXT];
	struct uuid id;

	rand_uuid(&id);
	uuid_format(&id, text);
	snprintf(
	    out, 64, "%" PRIx64 ".%s", (uint64_t)u->tokens_valid_from, text);
}

/* Reads the time out of a jti of auth_jti. */
static bool
jti_time(const char *jti, int64_t *out)
{
	const char *dot = strchr(jti, '.');
	char *end;

	if (!dot || !isxdigit((unsigned char)*jti))
		return false;
	*out = (int64_t)strtoull(jti, &end, 16);
	return end == dot;
}

/* True unless the user's tokens have been ended since this one was made. That
 * of an identity provider says when only to the second. */
static bool
token_lives(const struct jwt_claims *c, const struct user *u)
{
	int64_t made;

	if (c->own && jti_time(c->jti, &made))
		return made == u->tokens_valid_from;
	return c->iat > u->tokens_valid_from / 1000;
}

/* The account and user that a verified token names. */
static enum err_code
bind(struct request *rq, const struct jwt_claims *claims, struct user *out,
    struct err *e)
{
	struct db *db = rq->site->db;
	enum err_code rc;

	rc = account_find(db, claims->acc, &rq->ctx.account_id, e);
	if (rc == ERR_NOT_FOUND)
		return err_set(e, ERR_NO_CONTEXT, NULL);
	if (rc)
		return rc;
	rq->account_code = arena_strdup(rq->arena, claims->acc);
	if (!uuid_parse(claims->sub, strlen(claims->sub), &rq->user))
		return err_fault(e, ERR_AUTH, "sub is not a UUID");
	rc = user_find(db, &rq->ctx, &rq->user, out, e);
	if (rc)
		return rc;
	rq->ctx.user_id = out->id;
	return ERR_OK;
}

enum err_code
auth_token(struct request *rq, enum jwt_typ typ, struct jwt_claims *claims_out,
    struct user *user_out, struct err *e)
{
	const char *token = request_bearer(rq);
	enum err_code rc;

	if (!token)
		return err_set(e, ERR_AUTH, NULL);
	rc = jwt_check(rq->jwt, token, strlen(token), typ,
	    clock_now_ms() / 1000, claims_out, e);
	if (rc == ERR_OK)
		rc = bind(rq, claims_out, user_out, e);
	if (rc == ERR_OK && typ == JWT_ACCESS &&
	    !token_lives(claims_out, user_out))
		rc = err_fault(e, ERR_AUTH, "the user's tokens were ended");
	return rc;
}

/* Binds a workspace, and what was read of it on the way. */
static void
bind_workspace(struct request *rq, uint32_t account_id, uint32_t workspace_id,
    const char *account_code, uint32_t key_epoch, const struct schema *state)
{
	rq->ctx.account_id = account_id;
	rq->ctx.workspace_id = workspace_id;
	rq->account_code = arena_strdup(rq->arena, account_code);
	rq->key_epoch = key_epoch;
	rq->state = *state;
	rq->workspace = state->workspace;
	uuid_format(&rq->workspace, rq->workspace_text);
}

static void
name_agent(struct request *rq, const char *kind, const struct uuid *id)
{
	char text[UUID_TEXT];

	uuid_format(id, text);
	rq->ctx.agent = arena_printf(rq->arena, "\"%s\":\"%s\"", kind, text);
}

static enum err_code
bind_key(
    struct request *rq, const struct api_key *key, bool owed, struct err *e)
{
	bind_workspace(rq, key->account_id, key->workspace_id,
	    key->account_code, key->key_epoch, &key->state);
	rq->api_key = key->id;
	rq->privileges = key->privileges;
	rq->proof = (struct key_proof){owed, key->generation};
	name_agent(rq, "api_key", &key->id);
	if ((key->privileges & rq->route->right) != rq->route->right)
		return err_set(e, ERR_FORBIDDEN, NULL);
	return ERR_OK;
}

static void
unbind(struct request *rq)
{
	static const struct uuid nobody;

	rq->ctx = (struct db_context){0};
	rq->account_code = NULL;
	rq->workspace = rq->api_key = nobody;
	rq->workspace_text[0] = '\0';
	rq->privileges = 0;
	rq->proof.owed = false;
}

/* A key that is unknown, revoked or another tenant's takes the same look-up and
 * is the same answer (S6). */
enum err_code
request_prove(struct request *rq, struct err *e)
{
	struct api_key key;
	enum err_code rc =
	    api_key_open(rq->site, request_header(rq, "x-dxp-tenant"),
	        request_header(rq, "x-api-key"), &key, e);

	if (!rc)
		return bind_key(rq, &key, false, e);
	if (rc == ERR_AUTH)
		unbind(rq);
	return rc;
}

/* The API key of a tenant. */
static enum err_code
auth_key(struct request *rq, struct err *e)
{
	const char *tenant = request_header(rq, "x-dxp-tenant");
	const char *text = request_header(rq, "x-api-key");
	struct api_key key;

	if (!tenant || !text)
		return err_set(e, ERR_AUTH, NULL);
	if (rq->route->auth == AUTH_KEY_REMEMBERED &&
	    api_key_recall(rq->site, tenant, text, &key))
		return bind_key(rq, &key, true, e);
	return request_prove(rq, e);
}

/* The live session that the cookie names, which must be of the account that the
 * path names, if it does. */
static enum err_code
find_session(struct request *rq, struct session *out, struct err *e)
{
	const char *tenant = request_param(rq, "COFFER_TENANT");
	const char *id = cookie_value(
	    request_header(rq, "cookie"), SESSION_COOKIE, rq->arena);
	enum err_code rc;

	if (!id)
		return err_set(e, ERR_AUTH, NULL);
	rc = session_find(rq->site, id, out, e);
	if (!rc && tenant && *tenant && strcmp(tenant, out->account_code) != 0)
		return err_set(e, ERR_AUTH, NULL);
	return rc;
}

/* Pages of portals see that there is no session, to ask for a log-in. */
static enum err_code
no_session(struct request *rq, struct err *e)
{
	enum err_code rc = cors_stranger(rq, e);

	return rc ? rc : err_set(e, ERR_AUTH, NULL);
}

/* A customer's own session. */
static enum err_code
auth_session(struct request *rq, struct err *e)
{
	struct session s;
	enum err_code rc = find_session(rq, &s, e);

	if (rc == ERR_AUTH)
		return no_session(rq, e);
	if (rc)
		return rc;
	bind_workspace(rq, s.account_id, s.workspace_id, s.account_code,
	    s.key_epoch, &s.state);
	rq->customer = s.customer;
	rq->session = s.handle;
	name_agent(rq, "session", &s.handle);
	return cors_check(rq, e);
}

static enum err_code
auth_bearer(struct request *rq, struct err *e)
{
	struct jwt_claims claims;
	struct user user;

	return auth_token(rq, JWT_ACCESS, &claims, &user, e);
}

enum err_code
auth_open(struct request *rq, struct err *e)
{
	switch (rq->route->auth) {
	case AUTH_BEARER:
		return auth_bearer(rq, e);
	case AUTH_KEY:
	case AUTH_KEY_REMEMBERED:
		return auth_key(rq, e);
	case AUTH_SESSION:
		return auth_session(rq, e);
	default:
		return ERR_OK;
	}
}

enum err_code
request_workspace(struct request *rq, const char *text, struct err *e)
{
	unsigned rights;
	enum err_code rc;

	if (!text)
		return err_set(e, ERR_MISSING_FIELDS, NULL);
	if (!uuid_parse(text, strlen(text), &rq->workspace))
		return err_set(e, ERR_NO_WORKSPACE, NULL);
	rc = workspace_find(
	    rq->site->db, &rq->ctx, &rq->workspace, &rq->ctx.workspace_id, e);
	if (rc)
		return rc;
	rc = user_rights(rq->site->db, &rq->ctx, &rights, e);
	if (!rc && (rights & rq->route->right) != rq->route->right)
		rc = err_set(e, ERR_FORBIDDEN, NULL);
	if (rc) {
		rq->ctx.workspace_id = 0;
		return rc;
	}
	uuid_format(&rq->workspace, rq->workspace_text);
	return ERR_OK;
}
