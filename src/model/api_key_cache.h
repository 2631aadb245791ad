/*
 * Inside src/model: the API keys that a process has lately found live, each
 * with the tenant that was named beside it, so that a request need not look
 * them up before it begins (api_key_recall).
 *
 * A key is remembered as what it opened then, and opens nothing by that alone:
 * struct key_proof. What is remembered is true as long as workspace.generation
 * is what it was. It is raised, in the transaction of the change, by whatever
 * ends a key (revocation, erasure of the account) or changes what api_key_find
 * reads (fields, conversions, rotations of keys), and by the making of a key.
 * It goes past the microseconds since 1970 and never back, so that a database
 * brought back from a backup, by cofferctl or by hand, has it in common with
 * what is remembered of its other life only if nothing has changed since: a
 * key that the backup does not know was made later, under another generation.
 *
 * No key is kept, but a digest of it and the tenant together: a key that is
 * remembered and one that nobody has are told from each other by neither
 * answer nor time where the tenant is wrong (S6).
 */
#ifndef COFFER_MODEL_API_KEY_CACHE_H
#define COFFER_MODEL_API_KEY_CACHE_H

#include <stdint.h>

#include "model/api_key.h"

#define API_KEY_CACHE_SETS 32 /* of WAYS: the least lately used goes */
#define API_KEY_CACHE_WAYS 8
#define API_KEY_CACHE_DIGEST 32

struct api_key_cache;

/* What a key is remembered under. */
void api_key_cache_digest(
    const char *tenant, const char *key, uint8_t out[API_KEY_CACHE_DIGEST]);

/* NULL if it is not there. Owned by the cache, good until it changes. */
const struct api_key *api_key_cache_find(
    struct api_key_cache *c, const uint8_t digest[API_KEY_CACHE_DIGEST]);

/* Makes the cache at need; in the place of what is there under that name. */
void api_key_cache_put(struct api_key_cache **c,
    const uint8_t digest[API_KEY_CACHE_DIGEST], const struct api_key *key);
void api_key_cache_drop(
    struct api_key_cache *c, const uint8_t digest[API_KEY_CACHE_DIGEST]);

/* Does nothing if there is none. */
void api_key_cache_free(struct api_key_cache **c);

#endif
