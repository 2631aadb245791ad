/*
 * AES-256-GCM (NIST SP 800-38D) with a cipher handle kept per key. A sealed
 * record is IV[12] || ciphertext || tag[16]; the IV is random, drawn here and
 * nowhere else, so that a caller cannot forget or repeat one.
 */
#ifndef COFFER_VAULT_AEAD_H
#define COFFER_VAULT_AEAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define AEAD_KEY 32
#define AEAD_IV 12
#define AEAD_TAG 16
#define AEAD_OVERHEAD (AEAD_IV + AEAD_TAG)

struct aead;

/* A handle for a key; the key is copied. Never NULL (aborts). */
struct aead *aead_new(const uint8_t key[AEAD_KEY]);

/* Seals n bytes (n may be 0) into out, which has room for n + AEAD_OVERHEAD.
 * `ad` is the associated data. */
void aead_seal(struct aead *a, const void *ad, size_t nad, const void *plain,
    size_t n, uint8_t *out);

/* Opens a record of n bytes into out, room for n - AEAD_OVERHEAD. Anything
 * but an untouched record with this associated data is ERR_CRYPTO, and out
 * is wiped: no byte of the plaintext leaves (S18). */
MUST_CHECK enum err_code aead_open(struct aead *a, const void *ad, size_t nad,
    const void *sealed, size_t n, uint8_t *out, struct err *e);

/* Records sealed by this handle since aead_new or the last call (S20). */
uint64_t aead_take_count(struct aead *a);

/* Wipes and frees; *a may be NULL. */
void aead_free(struct aead **a);

#endif
