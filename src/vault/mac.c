#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "vault/gcry.h"
#include "vault/mac.h"

#define SMALL_PART 64 /* given to libgcrypt in one call */

struct mac {
	gcry_mac_hd_t h;
};

struct mac *
mac_new(const void *key, size_t n)
{
	static const uint8_t zeros[MAC_KEY];
	struct mac *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	/* HMAC pads a key with zeros: an empty one is the same as these. */
	if (n == 0) {
		key = zeros;
		n = sizeof(zeros);
	}
	gcry_must(
	    gcry_mac_open(&m->h, GCRY_MAC_HMAC_SHA256, 0, NULL), "mac open");
	gcry_must(gcry_mac_setkey(m->h, key, n), "mac key");
	return m;
}

void
mac_reset(struct mac *m)
{
	gcry_must(gcry_mac_reset(m->h), "mac reset");
}

void
mac_add(struct mac *m, const void *p, size_t n)
{
	if (n > 0)
		gcry_must(gcry_mac_write(m->h, p, n), "mac write");
}

void
mac_add_part(struct mac *m, const void *p, size_t n)
{
	uint8_t both[SMALL_PART];

	assert(n <= UINT32_MAX);
	put_u32(both, (uint32_t)n);
	if (n && n <= sizeof(both) - 4)
		memcpy(both + 4, p, n);
	mac_add(m, both, n <= sizeof(both) - 4 ? n + 4 : 4);
	if (n > sizeof(both) - 4)
		mac_add(m, p, n);
	wipe(both, sizeof(both));
}

void
mac_finish(struct mac *m, uint8_t out[MAC_LEN])
{
	size_t n = MAC_LEN;

	gcry_must(gcry_mac_read(m->h, out, &n), "mac read");
	assert(n == MAC_LEN);
	mac_reset(m);
}

void
mac_free(struct mac **m)
{
	if (!*m)
		return;
	gcry_mac_close((*m)->h);
	free(*m);
	*m = NULL;
}

void
sha256(const void *p, size_t n, uint8_t out[32])
{
	gcry_md_hash_buffer(GCRY_MD_SHA256, out, n ? p : "", n);
}

struct sha256 {
	gcry_md_hd_t h;
};

struct sha256 *
sha256_new(void)
{
	struct sha256 *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	gcry_must(gcry_md_open(&h->h, GCRY_MD_SHA256, 0), "digest open");
	return h;
}

void
sha256_add(struct sha256 *h, const void *p, size_t n)
{
	gcry_md_write(h->h, p, n);
}

void
sha256_end(struct sha256 **h, uint8_t out[32])
{
	memcpy(out, gcry_md_read((*h)->h, GCRY_MD_SHA256), 32);
	gcry_md_close((*h)->h);
	free(*h);
	*h = NULL;
}

void
hkdf(const void *ikm, size_t nikm, const void *salt, size_t nsalt,
    const char *info, uint8_t out[32])
{
	static const uint8_t block = 1;
	uint8_t prk[MAC_LEN];
	struct mac *m;

	m = mac_new(salt, nsalt);
	mac_add(m, ikm, nikm);
	mac_finish(m, prk);
	mac_free(&m);

	m = mac_new(prk, sizeof(prk));
	wipe(prk, sizeof(prk));
	mac_add(m, info, strlen(info));
	mac_add(m, &block, 1);
	mac_finish(m, out);
	mac_free(&m);
}
