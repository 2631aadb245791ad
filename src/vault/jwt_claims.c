/* Every claim that Coffer reads: libjwt checks none of them. */
#include <ctype.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json.h"
#include "vault/jwt_keys.h"

/* The last second of the year 9999: sums with it cannot overflow. */
#define TIME_MAX INT64_C(253402300799)

/* Copies a string claim of 1 to max-1 bytes. */
static bool
claim_text(const json_t *payload, const char *name, char *out, size_t max)
{
	const json_t *v = json_object_get(payload, name);
	size_t n;

	if (jv_type(v) != JV_STRING)
		return false;
	n = json_string_length(v);
	if (n == 0 || n >= max)
		return false;
	memcpy(out, json_string_value(v), n + 1);
	return true;
}

static bool
claim_is(const json_t *v, const char *want)
{
	return jv_type(v) == JV_STRING &&
	       strcmp(json_string_value(v), want) == 0;
}

/* A NumericDate in whole seconds, as everybody sends it. */
static bool
claim_time(const json_t *payload, const char *name, int64_t *out)
{
	const json_t *v = json_object_get(payload, name);

	return jv_type(v) == JV_NUMBER && jv_int(v, out) && *out >= 0 &&
	       *out <= TIME_MAX;
}

/* One audience, or a list that ours is in (RFC 7519, section 4.1.3). */
static bool
audience_is(const json_t *v, const char *want)
{
	bool found = false;
	json_t *one;
	size_t i;

	if (jv_type(v) != JV_ARRAY)
		return claim_is(v, want);
	json_array_foreach(v, i, one)
	{
		if (jv_type(one) != JV_STRING)
			return false;
		found |= claim_is(one, want);
	}
	return found;
}

static bool
typ_read(const json_t *payload, bool own, enum jwt_typ *out)
{
	const json_t *v = json_object_get(payload, "typ");

	*out = JWT_ACCESS;
	if (!v)
		return !own;
	if (claim_is(v, "access"))
		return true;
	*out = JWT_REFRESH;
	return own && claim_is(v, "refresh");
}

/* An account code has no bytes that a path or a log would take amiss. */
static bool
account_valid(const char *s)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-_.", *s))
			return false;
	return true;
}

/* The rule that a claim about somebody breaks, or NULL. */
static const char *
subject_rule(const json_t *payload, bool own, struct jwt_claims *c)
{
	struct uuid user;

	if (!claim_text(payload, "sub", c->sub, sizeof(c->sub)))
		return "sub";
	if (own && !uuid_parse(c->sub, strlen(c->sub), &user))
		return "sub is no UUID";
	if (!claim_text(payload, "acc", c->acc, sizeof(c->acc)) ||
	    !account_valid(c->acc))
		return "acc";
	if ((own || json_object_get(payload, "jti")) &&
	    !claim_text(payload, "jti", c->jti, sizeof(c->jti)))
		return "jti";
	if (!typ_read(payload, own, &c->typ))
		return "typ";
	return NULL;
}

/* The rule that a claim about times breaks whatever the time is, or NULL. */
static const char *
times_rule(const struct jwt_keys *k, const json_t *payload, struct jwt_seen *s)
{
	if (!claim_time(payload, "exp", &s->claims.exp))
		return "exp";
	if (!claim_time(payload, "iat", &s->claims.iat))
		return "iat";
	if (json_object_get(payload, "nbf") &&
	    !claim_time(payload, "nbf", &s->nbf))
		return "nbf";
	if (s->claims.exp <= s->claims.iat ||
	    s->claims.exp - s->claims.iat > k->life_max + k->leeway)
		return "exp is too far from iat";
	return NULL;
}

enum err_code
jwt_claims_read(const struct jwt_keys *k, const struct jwt_key *key,
    const json_t *payload, struct jwt_seen *out, struct err *e)
{
	const char *rule;

	memset(out, 0, sizeof(*out));
	if (!claim_is(json_object_get(payload, "iss"), key->issuer))
		return jwt_refuse(e, "iss");
	if (!audience_is(json_object_get(payload, "aud"), k->audience))
		return jwt_refuse(e, "aud");
	out->claims.own = !key->kid;
	rule = times_rule(k, payload, out);
	if (!rule)
		rule = subject_rule(payload, !key->kid, &out->claims);
	if (!rule && key->account && strcmp(out->claims.acc, key->account))
		rule = "acc is not the account of the key";
	return rule ? jwt_refuse(e, rule) : ERR_OK;
}

enum err_code
jwt_claims_hold(const struct jwt_keys *k, const struct jwt_seen *s,
    enum jwt_typ typ, int64_t now, struct err *e)
{
	if (now >= s->claims.exp + k->leeway)
		return jwt_refuse(e, "expired");
	if (now + k->leeway < s->nbf)
		return jwt_refuse(e, "nbf is in the future");
	if (now + k->leeway < s->claims.iat)
		return jwt_refuse(e, "iat is in the future");
	if (s->claims.typ != typ)
		return jwt_refuse(e, "typ is of another use");
	return ERR_OK;
}
