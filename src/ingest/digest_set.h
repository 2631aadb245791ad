/*
 * Digest set: which unique values an upload has had so far, and in which row
 * each came first. Open addressing; digests are as good as random, so that
 * their own bits spread them.
 */
#ifndef COFFER_INGEST_DIGEST_SET_H
#define COFFER_INGEST_DIGEST_SET_H

#include <stddef.h>
#include <stdint.h>

#include "vault/keyring.h"

/* The most values: 25 unique fields of 10,000 rows; 10 MiB of memory. */
#define DIGEST_SET_MAX 250000

/* Returned by digest_set_add when the set is full. */
#define DIGEST_SET_FULL UINT32_MAX

struct digest_set {
	struct digest_slot *slots;
	size_t nslots, n; /* a power of two; how many are taken */
};

/* Adds a value of a field (its index in the schema) that stands in row `row`
 * (1 to 65535). 0 if it is new; else the row that had it first, and the set is
 * as it was. A zeroed set is empty. */
uint32_t digest_set_add(struct digest_set *s, uint16_t field,
    const uint8_t digest[INDEX_LEN], uint32_t row);

/* Forgets all of it and frees the memory; the set may be used again. */
void digest_set_free(struct digest_set *s);

#endif
