#include "model/api_key_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "vault/mac.h"

struct place {
	uint8_t digest[API_KEY_CACHE_DIGEST];
	uint64_t used; /* 0: nothing is there */
	struct api_key key;
};

struct api_key_cache {
	struct place places[API_KEY_CACHE_SETS][API_KEY_CACHE_WAYS];
	uint64_t clock; /* counts uses */
};

/* The digest of both texts' digests, which do not run into each other. */
void
api_key_cache_digest(
    const char *tenant, const char *key, uint8_t out[API_KEY_CACHE_DIGEST])
{
	uint8_t both[2 * API_KEY_CACHE_DIGEST];

	sha256(tenant, strlen(tenant), both);
	sha256(key, strlen(key), both + API_KEY_CACHE_DIGEST);
	sha256(both, sizeof(both), out);
}

static struct place *
set_of(struct api_key_cache *c, const uint8_t digest[API_KEY_CACHE_DIGEST])
{
	return c->places[digest[0] % API_KEY_CACHE_SETS];
}

static struct place *
find(struct api_key_cache *c, const uint8_t digest[API_KEY_CACHE_DIGEST])
{
	struct place *set = set_of(c, digest);
	unsigned i;

	for (i = 0; i < API_KEY_CACHE_WAYS; i++)
		if (set[i].used &&
		    bytes_equal_ct(set[i].digest, digest, API_KEY_CACHE_DIGEST))
			return &set[i];
	return NULL;
}

const struct api_key *
api_key_cache_find(
    struct api_key_cache *c, const uint8_t digest[API_KEY_CACHE_DIGEST])
{
	struct place *p = c ? find(c, digest) : NULL;

	if (!p)
		return NULL;
	p->used = ++c->clock;
	return &p->key;
}

static struct place *
least_used(struct place *set)
{
	struct place *p = set;
	unsigned i;

	for (i = 1; i < API_KEY_CACHE_WAYS; i++)
		if (set[i].used < p->used)
			p = &set[i];
	return p;
}

void
api_key_cache_put(struct api_key_cache **cp,
    const uint8_t digest[API_KEY_CACHE_DIGEST], const struct api_key *key)
{
	struct api_key_cache *c = *cp;
	struct place *p;

	if (!c && !(*cp = c = calloc(1, sizeof(*c))))
		abort();
	p = find(c, digest);
	if (!p)
		p = least_used(set_of(c, digest));
	memcpy(p->digest, digest, API_KEY_CACHE_DIGEST);
	p->key = *key;
	p->used = ++c->clock;
}

void
api_key_cache_drop(
    struct api_key_cache *c, const uint8_t digest[API_KEY_CACHE_DIGEST])
{
	struct place *p = c ? find(c, digest) : NULL;

	if (p)
		*p = (struct place){.used = 0};
}

void
api_key_cache_free(struct api_key_cache **c)
{
	free(*c);
	*c = NULL;
}
