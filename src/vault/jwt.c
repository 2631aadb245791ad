/* Making and checking tokens: the one caller of libjwt. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <jwt.h>

#include "base/bytes.h"
#include "vault/jwt_keys.h"
#include "vault/mac.h"

static const char *const typ_names[] = {
    [JWT_ACCESS] = "access", [JWT_REFRESH] = "refresh"};

/* Puts all claims into a token; false if libjwt is out of memory. */
static bool
claims_put(jwt_t *jwt, const struct jwt_keys *k, const struct jwt_claims *c)
{
	return jwt_add_grant(jwt, "iss", k->keys[0].issuer) == 0 &&
	       jwt_add_grant(jwt, "aud", k->audience) == 0 &&
	       jwt_add_grant(jwt, "sub", c->sub) == 0 &&
	       jwt_add_grant(jwt, "acc", c->acc) == 0 &&
	       jwt_add_grant(jwt, "jti", c->jti) == 0 &&
	       jwt_add_grant(jwt, "typ", typ_names[c->typ]) == 0 &&
	       jwt_add_grant_int(jwt, "iat", c->iat) == 0 &&
	       jwt_add_grant_int(jwt, "exp", c->exp) == 0;
}

enum err_code
jwt_make(struct jwt_keys *k, const struct jwt_claims *c,
    char out[JWT_TOKEN_MAX], struct err *e)
{
	const struct jwt_key *secret = &k->keys[0];
	enum err_code rc = ERR_INTERNAL;
	jwt_t *jwt = NULL;
	char *text = NULL;

	if (jwt_new(&jwt))
		return err_fault(e, rc, "libjwt: out of memory");
	if (!claims_put(jwt, k, c) ||
	    jwt_set_alg(jwt, JWT_ALG_HS256, secret->bytes, (int)secret->n))
		goto out;
	text = jwt_encode_str(jwt);
	if (!text || strlen(text) >= JWT_TOKEN_MAX)
		goto out;
	strcpy(out, text);
	rc = ERR_OK;
out:
	if (text)
		wipe(text, strlen(text));
	free(text);
	jwt_free(jwt);
	return rc ? err_fault(e, rc, "libjwt: no token made") : rc;
}

/* The signature alone, under the key that the guard chose. */
static enum err_code
signature_check(
    const struct jwt_key *key, const char *token, size_t n, struct err *e)
{
	char text[JWT_TOKEN_MAX + 1];
	jwt_t *jwt = NULL;
	bool good;

	assert(n <= JWT_TOKEN_MAX && key->n > 0);
	memcpy(text, token, n);
	text[n] = '\0';
	good = jwt_decode(&jwt, text, key->bytes, (int)key->n) == 0 && jwt &&
	       jwt_get_alg(jwt) == jwt_str_alg(key->alg);
	jwt_free(jwt);
	wipe(text, n);
	return good ? ERR_OK : jwt_refuse(e, "signature");
}

/* All that does not depend on the time. */
static enum err_code
token_read(const struct jwt_keys *k, const char *token, size_t n,
    struct jwt_seen *out, struct err *e)
{
	const struct jwt_key *key;
	enum err_code rc;
	json_t *payload;

	rc = jwt_guard(k, token, n, &key, &payload, e);
	if (rc)
		return rc;
	rc = signature_check(key, token, n, e);
	if (rc == ERR_OK)
		rc = jwt_claims_read(k, key, payload, out, e);
	json_decref(payload);
	return rc;
}

enum err_code
jwt_check(struct jwt_keys *k, const char *token, size_t n, enum jwt_typ typ,
    int64_t now, struct jwt_claims *out, struct err *e)
{
	struct jwt_memo *memo, fresh = {.used = true};
	enum err_code rc;

	if (n > JWT_TOKEN_MAX)
		return jwt_refuse(e, "over 4 KiB");
	sha256(token, n, fresh.digest);
	memo = &k->memos[fresh.digest[0] % JWT_MEMOS];
	if (!memo->used ||
	    !bytes_equal_ct(memo->digest, fresh.digest, sizeof(fresh.digest))) {
		rc = token_read(k, token, n, &fresh.seen, e);
		if (rc)
			return rc;
		*memo = fresh;
	}
	rc = jwt_claims_hold(k, &memo->seen, typ, now, e);
	if (rc == ERR_OK)
		*out = memo->seen.claims;
	return rc;
}
