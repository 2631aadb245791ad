/* The look at a token before libjwt sees it. */
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/json.h"
#include "vault/jwt_keys.h"

#define PARTS 3

enum err_code
jwt_refuse(struct err *e, const char *rule)
{
	return err_fault(e, ERR_AUTH, "token refused: %s", rule);
}

/* Cuts a token at its dots; false unless there are exactly three parts. */
static bool
token_split(const char *s, size_t n, const char *part[PARTS], size_t len[PARTS])
{
	const char *end = s + n, *dot;

	for (int i = 0; i < PARTS; i++) {
		dot = memchr(s, '.', (size_t)(end - s));
		if ((dot == NULL) != (i == PARTS - 1))
			return false;
		part[i] = s;
		len[i] = (size_t)((dot ? dot : end) - s);
		if (len[i] == 0)
			return false;
		s = dot ? dot + 1 : end;
	}
	return true;
}

/* A part as JSON; NULL unless it is an object as our reader wants it. */
static json_t *
part_object(const char *s, size_t n)
{
	uint8_t text[JWT_TOKEN_MAX];
	json_t *v = NULL;
	struct err why;
	size_t len;

	if (!b64url_decode(s, n, text, &len) ||
	    json_read_mem((char *)text, len, &v, &why))
		return NULL;
	if (jv_type(v) == JV_OBJECT)
		return v;
	json_decref(v);
	return NULL;
}

/* The rule that a header breaks, or NULL. Members are allowed by name, so
 * that crit, jku, x5u, jwk and x5c, and all that come after them, are out. */
static const char *
header_rule(json_t *header, const char **alg, const char **kid)
{
	const char *name;
	json_t *v;

	*alg = *kid = NULL;
	json_object_foreach(header, name, v)
	{
		if (jv_type(v) != JV_STRING)
			return "header member that is not a string";
		if (strcmp(name, "alg") == 0)
			*alg = json_string_value(v);
		else if (strcmp(name, "kid") == 0)
			*kid = json_string_value(v);
		else if (strcmp(name, "typ") != 0)
			return "header member other than alg, typ, kid";
		else if (strcasecmp(json_string_value(v), "JWT") != 0)
			return "header typ";
	}
	return *alg ? NULL : "header without alg";
}

static enum err_code
header_check(const struct jwt_keys *k, const char *s, size_t n,
    const struct jwt_key **key_out, struct err *e)
{
	const char *rule, *alg, *kid;
	const struct jwt_key *key;
	json_t *header;

	header = part_object(s, n);
	if (!header)
		return jwt_refuse(e, "header is no clean JSON object");
	rule = header_rule(header, &alg, &kid);
	if (!rule) {
		key = jwt_keys_find(k, kid);
		if (!key)
			rule = "unknown kid";
		else if (strcmp(alg, key->alg) != 0)
			rule = "alg is not that of the key";
		*key_out = key;
	}
	json_decref(header);
	return rule ? jwt_refuse(e, rule) : ERR_OK;
}

enum err_code
jwt_guard(const struct jwt_keys *k, const char *token, size_t n,
    const struct jwt_key **key_out, json_t **payload_out, struct err *e)
{
	uint8_t signature[JWT_TOKEN_MAX];
	const char *part[PARTS];
	size_t len[PARTS], got;
	enum err_code rc;

	*payload_out = NULL;
	if (n > JWT_TOKEN_MAX)
		return jwt_refuse(e, "over 4 KiB");
	if (!token_split(token, n, part, len))
		return jwt_refuse(e, "not three parts");
	if (!b64url_decode(part[2], len[2], signature, &got))
		return jwt_refuse(e, "signature is no base64url");
	rc = header_check(k, part[0], len[0], key_out, e);
	if (rc)
		return rc;
	*payload_out = part_object(part[1], len[1]);
	if (!*payload_out)
		return jwt_refuse(e, "payload is no clean JSON object");
	return ERR_OK;
}
