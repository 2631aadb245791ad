/*
 * Tokens (JWT, RFC 7519; JWS, RFC 7515) around libjwt, which checks no claim
 * and takes the algorithm from the token: here it is pinned to the key, and
 * all else is checked around it (S1, S3, S4).
 */
#ifndef COFFER_VAULT_JWT_H
#define COFFER_VAULT_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"

#define JWT_TOKEN_MAX 4096

enum jwt_typ { JWT_ACCESS, JWT_REFRESH };

/* What a verified token says. Strings are NUL-terminated copies. */
struct jwt_claims {
	char sub[64]; /* user id, a UUID in our own tokens */
	char acc[40]; /* account code */
	char jti[64];
	enum jwt_typ typ;
	bool own; /* made by us, not by an identity provider */
	int64_t iat, exp; /* seconds since 1970 */
};

struct jwt_keys; /* the HS256 secret and the configured public keys */

/* Reads the secret and keys that the configuration names. A secret under 32
 * bytes, an empty key file, an algorithm other than RS256/ES256, or a key of
 * the wrong kind is ERR_BAD_REQUEST with a text that says what to do (S2). */
MUST_CHECK enum err_code jwt_keys_load(
    const struct conf *c, struct jwt_keys **out, struct err *e);
void jwt_keys_free(struct jwt_keys **k);

/* Makes an HS256 token from claims (iss and aud come from the configuration);
 * NUL-terminated in out. */
MUST_CHECK enum err_code jwt_make(struct jwt_keys *k,
    const struct jwt_claims *c, char out[JWT_TOKEN_MAX], struct err *e);

/* Verifies a token of n characters for use as `typ` at time now (seconds).
 * Everything wrong is ERR_AUTH; e->cause says which rule. A signature that
 * was verified before in this process is remembered by the digest of the
 * whole token; times are checked at every call.
 *
 * The header has alg, typ and kid alone. Without kid it is a token of our
 * own (HS256): it needs jti, typ, and a sub that is a UUID. With kid it is an
 * identity provider's: a missing typ counts as access, and refresh is
 * refused. Both need iss, aud (ours, or a list with ours), sub, acc, iat and
 * exp; exp is later than iat by no more than the longest life configured. */
MUST_CHECK enum err_code jwt_check(struct jwt_keys *k, const char *token,
    size_t n, enum jwt_typ typ, int64_t now, struct jwt_claims *out,
    struct err *e);

#endif
