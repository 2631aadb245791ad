/* POST and GET /v1/auth: pairs of an access token and a refresh token. */
#include <string.h>

#include "api/api.h"
#include "base/clock.h"
#include "model/account.h"
#include "model/audit.h"
#include "model/user.h"
#include "vault/jwt.h"
#include "vault/rand.h"

/* The jti of a refresh token is base64url of its family and its own id. */
#define FAMILY_JTI (2 * UUID_LEN)
#define FAMILY_TEXT ((FAMILY_JTI * 4 + 2) / 3)

static void
jti_write(
    const struct uuid *family, const struct uuid *id, char out[FAMILY_TEXT + 1])
{
	uint8_t both[FAMILY_JTI];

	memcpy(both, family->b, UUID_LEN);
	memcpy(both + UUID_LEN, id->b, UUID_LEN);
	b64url_encode(both, sizeof(both), out);
}

static bool
jti_read(const char *s, struct uuid *family, struct uuid *id)
{
	uint8_t both[FAMILY_JTI];
	size_t n = strlen(s);

	if (n != FAMILY_TEXT || !b64url_decode(s, n, both, &n) ||
	    n != sizeof(both))
		return false;
	memcpy(family->b, both, UUID_LEN);
	memcpy(id->b, both + UUID_LEN, UUID_LEN);
	return true;
}

static int64_t
refresh_end(const struct request *rq, int64_t now)
{
	return now + rq->site->conf->auth_refresh_seconds;
}

/* Answers with a new pair for the user that is bound. */
static enum err_code
answer_pair(struct request *rq, const struct user *user, int64_t now,
    const struct uuid *family, const struct uuid *id, struct err *e)
{
	char access[JWT_TOKEN_MAX], refresh[JWT_TOKEN_MAX];
	struct jwt_claims c = {.typ = JWT_ACCESS, .iat = now};
	int64_t seconds = rq->site->conf->auth_access_seconds;
	struct uuid jti;
	enum err_code rc;

	uuid_format(&user->uuid, c.sub);
	memcpy(c.acc, rq->account_code, strlen(rq->account_code) + 1);
	rand_uuid(&jti);
	uuid_format(&jti, c.jti);
	c.exp = now + seconds;
	rc = jwt_make(rq->jwt, &c, access, e);
	if (rc)
		return rc;
	jti_write(family, id, c.jti);
	c.typ = JWT_REFRESH;
	c.exp = refresh_end(rq, now);
	rc = jwt_make(rq->jwt, &c, refresh, e);
	if (rc == ERR_OK)
		buf_addf(resp_json(rq, 200),
		    "{\"access_token\":\"%s\",\"token_type\":\"Bearer\","
		    "\"expires_in\":%lld,\"refresh_token\":\"%s\"}",
		    access, (long long)seconds, refresh);
	wipe(access, sizeof(access));
	wipe(refresh, sizeof(refresh));
	return rc;
}

/* Binds the account that the request's API key belongs to. */
static enum err_code
key_open(struct request *rq, struct err *e)
{
	const char *text = request_header(rq, "x-api-key");
	struct api_key key;
	enum err_code rc;

	if (!text)
		return err_set(e, ERR_AUTH, NULL);
	rc = api_key_find(rq->site->db, text, &key, e);
	if (rc)
		return rc;
	rq->ctx.account_id = key.account_id;
	rq->account_code = arena_strdup(rq->arena, key.account_code);
	return ERR_OK;
}

/* A text of the body: ERR_MISSING_FIELDS, or ERR_BAD_REQUEST for another
 * type. */
static enum err_code
text_member(
    struct request *rq, const char *name, const char **out, struct err *e)
{
	const json_t *v = json_object_get(rq->json, name);
	enum jv_type type = jv_type(v);

	if (type == JV_NONE || type == JV_NULL)
		return err_set(e, ERR_MISSING_FIELDS, NULL);
	if (type != JV_STRING)
		return err_set(e, ERR_BAD_REQUEST, "%s must be a string", name);
	*out = json_string_value(v);
	return ERR_OK;
}

enum err_code
api_auth_login(struct request *rq, struct err *e)
{
	int64_t now = clock_now_ms() / 1000;
	const char *email, *password;
	struct uuid family, id;
	struct user user;
	enum err_code rc;

	rc = key_open(rq, e);
	if (rc == ERR_OK)
		rc = text_member(rq, "email", &email, e);
	if (rc == ERR_OK)
		rc = text_member(rq, "password", &password, e);
	if (rc == ERR_OK)
		rc = user_login(rq->site->db, &rq->ctx, email, password,
		    strlen(password), &user, e);
	if (rc)
		return rc;
	rq->ctx.user_id = user.id;
	audit_note(rq->site, &rq->ctx,
	    &(struct audit_event){AUDIT_LOGIN, &user.uuid, NULL});
	rc = refresh_start(rq->site->db, &rq->ctx, refresh_end(rq, now) * 1000,
	    &family, &id, e);
	return rc ? rc : answer_pair(rq, &user, now, &family, &id, e);
}

/* Binds the account and user of a verified refresh token. */
static enum err_code
claims_open(struct request *rq, const struct jwt_claims *c, struct user *user,
    struct err *e)
{
	struct uuid uuid;
	enum err_code rc;

	rc = account_find(rq->site->db, c->acc, &rq->ctx.account_id, e);
	if (rc == ERR_NOT_FOUND)
		return err_fault(e, ERR_AUTH, "the token's account is gone");
	if (rc)
		return rc;
	rq->account_code = arena_strdup(rq->arena, c->acc);
	if (!uuid_parse(c->sub, strlen(c->sub), &uuid))
		return err_fault(e, ERR_AUTH, "sub is not a UUID");
	rc = user_find(rq->site->db, &rq->ctx, &uuid, user, e);
	rq->ctx.user_id = rc ? 0 : user->id;
	return rc;
}

enum err_code
api_auth_refresh(struct request *rq, struct err *e)
{
	int64_t now = clock_now_ms() / 1000;
	const char *token = request_bearer(rq);
	struct uuid family, id, next;
	struct jwt_claims claims;
	struct user user;
	enum err_code rc;

	if (!token)
		return err_set(e, ERR_AUTH, NULL);
	rc = jwt_check(
	    rq->jwt, token, strlen(token), JWT_REFRESH, now, &claims, e);
	if (rc == ERR_OK && !jti_read(claims.jti, &family, &id))
		rc = err_fault(e, ERR_AUTH, "jti is not one of ours");
	if (rc == ERR_OK)
		rc = claims_open(rq, &claims, &user, e);
	if (rc == ERR_OK)
		rc = refresh_turn(rq->site->db, &rq->ctx, &family, &id,
		    refresh_end(rq, now) * 1000, &next, e);
	return rc ? rc : answer_pair(rq, &user, now, &family, &next, e);
}
