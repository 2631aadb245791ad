/* Inside src/vault: the keys that tokens are checked with. */
#ifndef COFFER_VAULT_JWT_KEYS_H
#define COFFER_VAULT_JWT_KEYS_H

#include <jansson.h>

#include "vault/jwt.h"

/* A key and the one algorithm that it may be used with. */
struct jwt_key {
	char *kid;       /* NULL: the HS256 secret, for our own tokens */
	const char *alg; /* as RFC 7518 writes it: HS256, RS256 or ES256 */
	uint8_t *bytes;  /* the secret, or a public key in PEM */
	size_t n;
	char *account; /* the account that it speaks for; NULL: any */
	char *issuer;  /* the iss of its tokens */
};

/* What a token says, and when it holds: checked anew at each use. */
struct jwt_seen {
	struct jwt_claims claims;
	int64_t nbf; /* seconds since 1970; 0 if it says none */
};

/* A token whose signature was good; `digest` is SHA-256 of all of it. */
struct jwt_memo {
	bool used;
	uint8_t digest[32];
	struct jwt_seen seen;
};

#define JWT_MEMOS 256

struct jwt_keys {
	struct jwt_key keys[1 + CONF_JWT_KEYS_MAX]; /* [0]: the secret */
	unsigned n;
	char *audience;
	int64_t leeway, life_max; /* seconds */
	struct jwt_memo memos[JWT_MEMOS];
};

/* The key of a kid, the secret for NULL; NULL if there is none. */
const struct jwt_key *jwt_keys_find(const struct jwt_keys *k, const char *kid);

/* Looks at a token before libjwt does (S1, S3, S4): three parts of clean
 * base64url, a header of alg, typ and kid alone, an algorithm that is exactly
 * that of the key, a payload that is one object without repeated names.
 * *payload_out is the caller's (json_decref). */
MUST_CHECK enum err_code jwt_guard(const struct jwt_keys *k, const char *token,
    size_t n, const struct jwt_key **key_out, json_t **payload_out,
    struct err *e);

/* Reads the claims of a payload, and checks all that does not depend on the
 * time: against the key that verified it, too. */
MUST_CHECK enum err_code jwt_claims_read(const struct jwt_keys *k,
    const struct jwt_key *key, const json_t *payload, struct jwt_seen *out,
    struct err *e);

/* Checks what depends on the time (seconds) and on the use. */
MUST_CHECK enum err_code jwt_claims_hold(const struct jwt_keys *k,
    const struct jwt_seen *s, enum jwt_typ typ, int64_t now, struct err *e);

/* ERR_AUTH; the log gets the rule that the token breaks. */
enum err_code jwt_refuse(struct err *e, const char *rule);

#endif
