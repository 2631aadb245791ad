/*
 * What tests of tokens share: forging them, and the keys to forge them with.
 * Hand-made tokens are signed rightly wherever they can be, so that what
 * refuses them is the rule in question; the rule is read from e.cause.
 * jwt_decode is ours here and counts before it calls libjwt's.
 */
#ifndef COFFER_T_VAULT_FORGE_H
#define COFFER_T_VAULT_FORGE_H

#include <dlfcn.h>
#include <jwt.h>

#include "t/vault/scratch.h"
#include "base/bytes.h"
#include "base/json.h"
#include "vault/jwt.h"
#include "vault/mac.h"
#include "vault/rand.h"

#define NOW INT64_C(1700000000)
#define SECRET "0123456789abcdef0123456789abcdef"
#define TOKEN (2 * JWT_TOKEN_MAX)

#define HEAD "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define ISS "\"iss\":\"coffer\","
#define AUD "\"aud\":\"coffer\","
#define SUB "\"sub\":\"6b1f0a0e-52c4-4f5e-9d0a-0d6a1d7f0001\","
#define ACC "\"acc\":\"acme\","
#define JTI "\"jti\":\"j1\","
#define TYP "\"typ\":\"access\","
#define IAT "\"iat\":1700000000,"
#define EXP "\"exp\":1700000900"
#define GOOD "{" ISS AUD SUB ACC JTI TYP IAT EXP "}"

static unsigned decodes;
static struct jwt_keys *keys;

int
jwt_decode(jwt_t **jwt, const char *token, const unsigned char *key, int n)
{
	int (*real)(jwt_t **, const char *, const unsigned char *, int);

	decodes++;
	*(void **)&real = dlsym(RTLD_NEXT, "jwt_decode");
	return real(jwt, token, key, n);
}

/* Appends the base64url of n bytes and a NUL. */
__attribute__((unused)) static void
add_part(char *out, const void *p, size_t n)
{
	b64url_encode(p, n, out + strlen(out));
}

/* header.payload.signature under an HMAC-SHA256 key. */
__attribute__((unused)) static void
sign(char out[TOKEN], const char *header, const char *payload, const void *key,
    size_t nkey)
{
	uint8_t digest[MAC_LEN];
	struct mac *m;

	out[0] = '\0';
	add_part(out, header, strlen(header));
	strcat(out, ".");
	add_part(out, payload, strlen(payload));
	m = mac_new(key, nkey);
	mac_add(m, out, strlen(out));
	mac_finish(m, digest);
	mac_free(&m);
	strcat(out, ".");
	add_part(out, digest, sizeof(digest));
}

__attribute__((unused)) static enum err_code
check_at(const char *token, int64_t now, struct jwt_claims *c, struct err *e)
{
	memset(e, 0, sizeof(*e));
	return jwt_check(keys, token, strlen(token), JWT_ACCESS, now, c, e);
}

/* Refused for this rule, and before or after libjwt saw it. */
__attribute__((unused)) static void
refused(const char *token, const char *rule, bool seen, const char *name)
{
	unsigned before = decodes;
	struct jwt_claims c;
	struct err e;
	bool refuses;

	refuses = check_at(token, NOW + 1, &c, &e) == ERR_AUTH;
	if (!ok(refuses && strstr(e.cause, rule) && !e.text[0], "%s", name))
		printf("# cause: %s\n", e.cause);
	ok((decodes > before) == seen, "%s: libjwt %s it", name,
	    seen ? "saw" : "did not see");
}

__attribute__((unused)) static struct conf
some_conf(void)
{
	struct conf c = {.keys_dir = scratch_dir,
	    .auth_secret_file = "",
	    .auth_issuer = "coffer",
	    .auth_audience = "coffer",
	    .auth_access_seconds = 900,
	    .auth_refresh_seconds = 1209600,
	    .auth_leeway = 5};

	return c;
}

/* Brings up what every test of tokens needs. */
__attribute__((unused)) static void
forge_begin(void)
{
	uint8_t seed[32];

	vault_setup();
	rand_bytes(seed, sizeof(seed));
	json_setup(seed);
	scratch_begin();
}

#endif
