#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "vault/jwt_keys.h"
#include "vault/keyfile.h"
#include "vault/pem.h"

#define SECRET_LEAST 32
#define SECRET_MAX 1024
#define PEM_MAX 16384
#define KID_MAX 200

static char *
copy_text(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		abort();
	return copy;
}

/* Adds a key; bytes are copied, with a NUL behind them. */
static void
keys_add(struct jwt_keys *k, const struct conf_jwt_key *c, const char *issuer,
    const char *alg, const void *bytes, size_t n)
{
	struct jwt_key *key = &k->keys[k->n++];

	key->kid = c ? copy_text(c->kid) : NULL;
	key->account = c ? copy_text(c->account) : NULL;
	key->issuer = copy_text(c && c->issuer ? c->issuer : issuer);
	key->alg = alg;
	key->bytes = calloc(1, n + 1);
	if (!key->bytes)
		abort();
	memcpy(key->bytes, bytes, n);
	key->n = n;
}

static enum err_code
secret_check(const char *path, const char *s, size_t n, struct err *e)
{
	if (n < SECRET_LEAST)
		return err_set(e, ERR_BAD_REQUEST,
		    "%s: the token secret has %zu bytes, and %d is the least: "
		    "write a new one with \"openssl rand -hex 32\"",
		    path, n, SECRET_LEAST);
	/* A public key as the secret would let anybody make tokens. */
	if (memmem(s, n, "-----BEGIN", strlen("-----BEGIN")))
		return err_set(e, ERR_BAD_REQUEST,
		    "%s: this is a PEM file, not a token secret: write one "
		    "with \"openssl rand -hex 32\"; public keys go into "
		    "[jwt-key KID] sections",
		    path);
	return ERR_OK;
}

static enum err_code
secret_load(struct jwt_keys *k, const struct conf *c, struct err *e)
{
	char path[KEYFILE_PATH], secret[SECRET_MAX];
	const char *file = c->auth_secret_file;
	enum err_code rc;
	size_t n;

	if (!file || !*file) {
		if (!keyfile_path(path, c->keys_dir, "", "jwt.secret"))
			return err_set(
			    e, ERR_BAD_REQUEST, "keys.dir is too long");
		file = path;
	}
	rc = keyfile_read(file, true, secret, sizeof(secret), &n, e);
	if (rc)
		return rc;
	while (n > 0 && (secret[n - 1] == '\n' || secret[n - 1] == '\r'))
		n--;
	rc = secret_check(file, secret, n, e);
	if (rc == ERR_OK)
		keys_add(k, NULL, c->auth_issuer, "HS256", secret, n);
	wipe(secret, sizeof(secret));
	return rc;
}

/* The algorithm as a constant; NULL if a public key may not have it. */
static const char *
public_alg(const char *s)
{
	static const char *const algs[] = {"RS256", "ES256"};

	for (size_t i = 0; i < sizeof(algs) / sizeof(*algs); i++)
		if (strcmp(s, algs[i]) == 0)
			return algs[i];
	return NULL;
}

static enum err_code
public_load(struct jwt_keys *k, const struct conf_jwt_key *c,
    const char *issuer, struct err *e)
{
	const char *alg = c->alg ? public_alg(c->alg) : NULL, *complaint;
	char pem[PEM_MAX];
	enum err_code rc;
	size_t n;

	if (!c->kid || !*c->kid || strlen(c->kid) > KID_MAX)
		return err_set(e, ERR_BAD_REQUEST,
		    "[jwt-key KID]: KID has 1 to %d characters", KID_MAX);
	if (jwt_keys_find(k, c->kid))
		return err_set(
		    e, ERR_BAD_REQUEST, "[jwt-key %s]: is there twice", c->kid);
	if (!alg)
		return err_set(e, ERR_BAD_REQUEST,
		    "[jwt-key %s]: alg must be RS256 or ES256", c->kid);
	if (!c->file || !*c->file)
		return err_set(e, ERR_BAD_REQUEST,
		    "[jwt-key %s]: file is missing: name a PEM file", c->kid);
	if (!c->account || !*c->account)
		return err_set(e, ERR_BAD_REQUEST,
		    "[jwt-key %s]: account is missing: name the one that the "
		    "key speaks for",
		    c->kid);
	rc = keyfile_read(c->file, false, pem, sizeof(pem), &n, e);
	if (rc)
		return rc;
	complaint = pem_complaint(pem, n, alg);
	if (complaint)
		rc = err_set(e, ERR_BAD_REQUEST, "[jwt-key %s]: %s: %s", c->kid,
		    c->file, complaint);
	else
		keys_add(k, c, issuer, alg, pem, n);
	wipe(pem, sizeof(pem));
	return rc;
}

enum err_code
jwt_keys_load(const struct conf *c, struct jwt_keys **out, struct err *e)
{
	struct jwt_keys *k = calloc(1, sizeof(*k));
	enum err_code rc;

	if (!k)
		abort();
	k->audience = copy_text(c->auth_audience);
	k->leeway = c->auth_leeway;
	k->life_max = c->auth_access_seconds > c->auth_refresh_seconds
	                  ? c->auth_access_seconds
	                  : c->auth_refresh_seconds;
	rc = secret_load(k, c, e);
	for (unsigned i = 0; rc == ERR_OK && i < c->jwt_nkeys; i++)
		rc = public_load(k, &c->jwt_keys[i], c->auth_issuer, e);
	if (rc)
		jwt_keys_free(&k);
	*out = k;
	return rc;
}

void
jwt_keys_free(struct jwt_keys **keys)
{
	struct jwt_keys *k = *keys;

	if (!k)
		return;
	for (unsigned i = 0; i < k->n; i++) {
		free(k->keys[i].kid);
		free(k->keys[i].account);
		free(k->keys[i].issuer);
		wipe(k->keys[i].bytes, k->keys[i].n);
		free(k->keys[i].bytes);
	}
	free(k->audience);
	wipe(k, sizeof(*k));
	free(k);
	*keys = NULL;
}

const struct jwt_key *
jwt_keys_find(const struct jwt_keys *k, const char *kid)
{
	if (!kid)
		return &k->keys[0];
	for (unsigned i = 1; i < k->n; i++)
		if (strcmp(k->keys[i].kid, kid) == 0)
			return &k->keys[i];
	return NULL;
}
