/* /v1/auth: pairs of an access token and a refresh token; their end. */
#include <string.h>

#include "http/handlers.h"
#include "base/clock.h"
#include "http/auth.h"
#include "model/api_key.h"
#include "model/audit.h"
#include "model/throttle.h"

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
refresh_until(const struct request *rq, int64_t now)
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
	enum err_code rc;

	uuid_format(&user->uuid, c.sub);
	memcpy(c.acc, rq->account_code, strlen(rq->account_code) + 1);
	auth_jti(user, c.jti);
	c.exp = now + seconds;
	rc = jwt_make(rq->jwt, &c, access, e);
	if (rc)
		return rc;
	jti_write(family, id, c.jti);
	c.typ = JWT_REFRESH;
	c.exp = refresh_until(rq, now);
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

/* Says when to come back: whole seconds (RFC 9110, section 10.2.3). */
static enum err_code
answer_wait(struct request *rq, enum err_code rc, int64_t ms)
{
	if (rc == ERR_TOO_MANY_REQUESTS)
		resp_header(rq, "Retry-After",
		    arena_printf(rq->arena, "%lld",
		        ms > 1000 ? (long long)(ms + 999) / 1000 : 1));
	return rc;
}

static void
note(struct request *rq, enum audit_action action, const struct uuid *user)
{
	audit_note(rq->site, &rq->ctx,
	    &(struct audit_event){.action = action, .subject = user});
}

/* Binds the account that the request's API key belongs to. An address with
 * too many wrong ones must wait before another is looked at. */
static enum err_code
key_open(struct request *rq, struct err *e)
{
	const char *text = request_header(rq, "x-api-key");
	struct throttle t;
	struct api_key key;
	int64_t wait = 0;
	enum err_code rc;

	if (!text)
		return err_set(e, ERR_AUTH, NULL);
	throttle_bucket(rq->site, THROTTLE_KEY, 0, NULL, rq->remote_addr, &t);
	rc = throttle_look(rq->site, &t, &wait, e);
	if (rc)
		return answer_wait(rq, rc, wait);
	rc = api_key_find(rq->site->db, text, &key, e);
	if (rc == ERR_AUTH) {
		rc = throttle_take(rq->site, &t, 1, &wait, e);
		return rc ? answer_wait(rq, rc, wait)
		          : err_set(e, ERR_AUTH, NULL);
	}
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

/* A new family for a user who has just proved who it is. */
static enum err_code
answer_first(struct request *rq, const struct user *user, struct err *e)
{
	int64_t now = clock_now_ms() / 1000;
	struct uuid family, id;
	enum err_code rc;

	rq->ctx.user_id = user->id;
	rc = refresh_start(rq->site->db, &rq->ctx, user,
	    refresh_until(rq, now) * 1000, &family, &id, e);
	return rc ? rc : answer_pair(rq, user, now, &family, &id, e);
}

/* What to do after a password was looked at, or was not. */
static enum err_code
password_tried(
    struct request *rq, enum err_code rc, const struct user *user, int64_t wait)
{
	if (user->id)
		request_audit(rq, &user->uuid, "{}");
	return answer_wait(rq, rc, wait);
}

enum err_code
api_auth_login(struct request *rq, struct err *e)
{
	struct sign_in in = {.address = rq->remote_addr};
	struct user user = {0};
	int64_t wait = 0;
	enum err_code rc;

	rc = key_open(rq, e);
	if (rc == ERR_OK)
		rc = text_member(rq, "email", &in.email, e);
	if (rc == ERR_OK)
		rc = text_member(rq, "password", &in.password, e);
	if (rc)
		return rc;
	in.n = strlen(in.password);
	rc = user_login(rq->site, &rq->ctx, &in, &user, &wait, e);
	rc = password_tried(rq, rc, &user, wait);
	if (rc == ERR_OK)
		rc = answer_first(rq, &user, e);
	if (rc == ERR_OK)
		note(rq, AUDIT_LOGIN, &user.uuid);
	return rc;
}

enum err_code
api_auth_password(struct request *rq, struct err *e)
{
	struct sign_in in = {.address = rq->remote_addr};
	struct user user = {0};
	const char *fresh;
	int64_t wait = 0;
	enum err_code rc;

	rc = text_member(rq, "password", &in.password, e);
	if (rc == ERR_OK)
		rc = text_member(rq, "new_password", &fresh, e);
	if (rc)
		return rc;
	in.n = strlen(in.password);
	rc = user_password_change(
	    rq->site, &rq->ctx, &in, fresh, strlen(fresh), &user, &wait, e);
	rc = password_tried(rq, rc, &user, wait);
	return rc ? rc : answer_first(rq, &user, e);
}

/* Verifies the refresh token that is the request's, and binds its user. */
static enum err_code
refresh_open(struct request *rq, struct uuid *family, struct uuid *id,
    struct user *user, struct err *e)
{
	struct jwt_claims claims;
	enum err_code rc = auth_token(rq, JWT_REFRESH, &claims, user, e);

	if (rc == ERR_OK && !jti_read(claims.jti, family, id))
		return err_fault(e, ERR_AUTH, "jti is not one of ours");
	return rc;
}

enum err_code
api_auth_refresh(struct request *rq, struct err *e)
{
	int64_t now = clock_now_ms() / 1000;
	struct uuid family, id, next;
	struct user user;
	enum err_code rc;

	rc = refresh_open(rq, &family, &id, &user, e);
	if (rc == ERR_OK)
		rc = refresh_turn(rq->site, &rq->ctx, &family, &id,
		    refresh_until(rq, now) * 1000, &next, e);
	return rc ? rc : answer_pair(rq, &user, now, &family, &next, e);
}

/* An access token ends all that its user is signed in with, a refresh token
 * its family. */
enum err_code
api_auth_logout(struct request *rq, struct err *e)
{
	struct jwt_claims claims;
	struct uuid family, id;
	struct user user;
	enum err_code rc;

	rc = auth_token(rq, JWT_ACCESS, &claims, &user, e);
	if (rc == ERR_OK) {
		rc = user_logout(rq->site, &rq->ctx, &user, e);
	} else if (rc == ERR_AUTH) {
		rc = refresh_open(rq, &family, &id, &user, e);
		if (rc == ERR_OK)
			rc = refresh_end(rq->site, &rq->ctx, &family, e);
	}
	if (rc == ERR_OK)
		resp_json(rq, 204);
	return rc;
}
