#include "ingest/digest_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SLOTS 1024

struct digest_slot {
	uint8_t digest[INDEX_LEN];
	uint16_t field;
	uint16_t row; /* 0: the slot is free */
};

/* The slot that holds the value, or the free one where it belongs. */
static struct digest_slot *
find(
    const struct digest_set *s, uint16_t field, const uint8_t digest[INDEX_LEN])
{
	uint64_t hash;
	size_t i;

	memcpy(&hash, digest, sizeof(hash));
	hash += field * UINT64_C(0x9e3779b97f4a7c15);
	for (i = hash & (s->nslots - 1); s->slots[i].row;
	     i = (i + 1) & (s->nslots - 1)) {
		if (s->slots[i].field == field &&
		    !memcmp(s->slots[i].digest, digest, INDEX_LEN))
			break;
	}
	return &s->slots[i];
}

/* At most half of the slots are taken, so that a search ends soon. */
static void
grow(struct digest_set *s)
{
	struct digest_set old = *s;
	size_t i;

	s->nslots = old.nslots ? old.nslots * 2 : LEAST_SLOTS;
	s->slots = calloc(s->nslots, sizeof(*s->slots));
	if (!s->slots)
		abort();
	for (i = 0; i < old.nslots; i++) {
		const struct digest_slot *o = &old.slots[i];

		if (o->row)
			*find(s, o->field, o->digest) = *o;
	}
	free(old.slots);
}

uint32_t
digest_set_add(struct digest_set *s, uint16_t field,
    const uint8_t digest[INDEX_LEN], uint32_t row)
{
	struct digest_slot *slot;

	assert(row && row <= UINT16_MAX);
	if (s->n * 2 >= s->nslots)
		grow(s);
	slot = find(s, field, digest);
	if (slot->row)
		return slot->row;
	if (s->n == DIGEST_SET_MAX)
		return DIGEST_SET_FULL;
	memcpy(slot->digest, digest, INDEX_LEN);
	slot->field = field;
	slot->row = (uint16_t)row;
	s->n++;
	return 0;
}

void
digest_set_free(struct digest_set *s)
{
	free(s->slots);
	*s = (struct digest_set){0};
}
