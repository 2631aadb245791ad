#include "model/key_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "vault/mac.h"

struct place {
	uint8_t name[KEY_CACHE_NAME];
	uint64_t used; /* 0: nothing is there */
	struct api_key key;
};

struct key_cache {
	struct place places[KEY_CACHE_SETS][KEY_CACHE_WAYS];
	uint64_t clock; /* counts uses */
};

/* The digest of both texts' digests, which do not run into each other. */
void
key_cache_name(const char *tenant, const char *key, uint8_t out[KEY_CACHE_NAME])
{
	uint8_t both[2 * KEY_CACHE_NAME];

	sha256(tenant, strlen(tenant), both);
	sha256(key, strlen(key), both + KEY_CACHE_NAME);
	sha256(both, sizeof(both), out);
}

static struct place *
set_of(struct key_cache *c, const uint8_t name[KEY_CACHE_NAME])
{
	return c->places[name[0] % KEY_CACHE_SETS];
}

static struct place *
find(struct key_cache *c, const uint8_t name[KEY_CACHE_NAME])
{
	struct place *set = set_of(c, name);
	unsigned i;

	for (i = 0; i < KEY_CACHE_WAYS; i++)
		if (set[i].used &&
		    bytes_equal_ct(set[i].name, name, KEY_CACHE_NAME))
			return &set[i];
	return NULL;
}

const struct api_key *
key_cache_find(struct key_cache *c, const uint8_t name[KEY_CACHE_NAME])
{
	struct place *p = c ? find(c, name) : NULL;

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

	for (i = 1; i < KEY_CACHE_WAYS; i++)
		if (set[i].used < p->used)
			p = &set[i];
	return p;
}

void
key_cache_put(struct key_cache **cp, const uint8_t name[KEY_CACHE_NAME],
    const struct api_key *key)
{
	struct key_cache *c = *cp;
	struct place *p;

	if (!c && !(*cp = c = calloc(1, sizeof(*c))))
		abort();
	p = find(c, name);
	if (!p)
		p = least_used(set_of(c, name));
	memcpy(p->name, name, KEY_CACHE_NAME);
	p->key = *key;
	p->used = ++c->clock;
}

void
key_cache_drop(struct key_cache *c, const uint8_t name[KEY_CACHE_NAME])
{
	struct place *p = c ? find(c, name) : NULL;

	if (p)
		*p = (struct place){.used = 0};
}

void
key_cache_free(struct key_cache **c)
{
	free(*c);
	*c = NULL;
}
