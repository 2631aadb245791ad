#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "vault/gcry.h"
#include "vault/password.h"
#include "vault/rand.h"

#define MEMORY 19456 /* KiB */
#define PASSES 2
#define LANES 1
#define SALT 16
#define HASH 32

/* What a stored string may ask for, so that a row changed by hand cannot eat
 * the machine. */
#define MEMORY_MAX 262144
#define PASSES_MAX 10
#define LANES_MAX 4
#define SALT_MAX 64
#define HASH_MAX 64

struct phc {
	unsigned memory, passes, lanes;
	uint8_t salt[SALT_MAX], hash[HASH_MAX];
	size_t nsalt, nhash;
};

/* Argon2id of a password by p's salt and costs, p->nhash bytes into out.
 * False if libgcrypt refuses, which is for want of memory. */
static bool
argon2id(const char *pw, size_t n, const struct phc *p, uint8_t *out)
{
	unsigned long cost[4] = {p->nhash, p->passes, p->memory, p->lanes};
	gcry_kdf_hd_t h;
	bool ok;

	if (gcry_kdf_open(&h, GCRY_KDF_ARGON2, GCRY_KDF_ARGON2ID, cost, 4, pw,
	        n, p->salt, p->nsalt, NULL, 0, NULL, 0))
		return false;
	ok = gcry_kdf_compute(h, NULL) == 0 &&
	     gcry_kdf_final(h, p->nhash, out) == 0;
	gcry_kdf_close(h);
	return ok;
}

/* Appends base64 without its padding, as PHC strings have it. */
static void
phc_add(struct buf *b, const uint8_t *p, size_t n)
{
	buf_add_b64(b, p, n);
	while (b->len > 0 && b->data[b->len - 1] == '=')
		b->data[--b->len] = '\0';
}

/* Reads base64 without padding from *s up to `end` into out, room `max`. */
static bool
phc_take(const char **s, char end, uint8_t *out, size_t max, size_t *n_out)
{
	char padded[HASH_MAX * 2];
	const char *stop = strchrnul(*s, end);
	size_t n = (size_t)(stop - *s);

	if (*stop != end || n == 0 || n % 4 == 1 || (n + 3) / 4 * 3 > max)
		return false;
	memcpy(padded, *s, n);
	while (n % 4)
		padded[n++] = '=';
	*s = *stop ? stop + 1 : stop;
	return b64_decode(padded, n, out, n_out);
}

static bool
phc_parse(const char *s, struct phc *p)
{
	int end = 0;

	memset(p, 0, sizeof(*p));
	if (sscanf(s, "$argon2id$v=19$m=%6u,t=%2u,p=%2u$%n", &p->memory,
	        &p->passes, &p->lanes, &end) != 3 ||
	    end == 0)
		return false;
	if (p->memory < 8 * p->lanes || p->memory > MEMORY_MAX ||
	    p->passes < 1 || p->passes > PASSES_MAX || p->lanes < 1 ||
	    p->lanes > LANES_MAX)
		return false;
	s += end;
	return phc_take(&s, '$', p->salt, SALT_MAX, &p->nsalt) &&
	       phc_take(&s, '\0', p->hash, HASH_MAX, &p->nhash) &&
	       p->nsalt >= 8 && p->nhash >= 16;
}

/* The costs of new hashes, with a salt of zeros. */
static struct phc
phc_costs(void)
{
	struct phc p = {.memory = MEMORY,
	    .passes = PASSES,
	    .lanes = LANES,
	    .nsalt = SALT,
	    .nhash = HASH};

	return p;
}

enum err_code
password_hash(const char *pw, size_t n, char out[PASSWORD_PHC], struct err *e)
{
	struct phc p = phc_costs();
	struct buf b = {.max = PASSWORD_PHC - 1};

	rand_bytes(p.salt, SALT);
	if (!argon2id(pw, n, &p, p.hash))
		return err_fault(e, ERR_INTERNAL, "argon2id: out of memory");
	buf_addf(
	    &b, "$argon2id$v=19$m=%u,t=%u,p=%u$", p.memory, p.passes, p.lanes);
	phc_add(&b, p.salt, p.nsalt);
	buf_addc(&b, '$');
	phc_add(&b, p.hash, p.nhash);
	assert(!b.overflow);
	memcpy(out, b.data, b.len + 1);
	buf_free(&b);
	wipe(&p, sizeof(p));
	return ERR_OK;
}

bool
password_verify(const char *pw, size_t n, const char *phc)
{
	uint8_t hash[HASH_MAX];
	struct phc p;
	bool known, ok;

	known = phc && phc_parse(phc, &p);
	if (!known)
		p = phc_costs();
	ok = argon2id(pw, n, &p, hash) && known &&
	     bytes_equal_ct(hash, p.hash, p.nhash);
	wipe(hash, sizeof(hash));
	wipe(&p, sizeof(p));
	return ok;
}
