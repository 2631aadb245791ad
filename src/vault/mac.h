/*
 * HMAC-SHA256 (RFC 2104) with a handle kept per key, SHA-256, and HKDF
 * (RFC 5869).
 */
#ifndef COFFER_VAULT_MAC_H
#define COFFER_VAULT_MAC_H

#include <stddef.h>
#include <stdint.h>

#define MAC_LEN 32
#define MAC_KEY 32

struct mac;

/* A handle for a key of n bytes, copied. Never NULL (aborts). */
struct mac *mac_new(const void *key, size_t n);
void mac_reset(struct mac *m);
void mac_add(struct mac *m, const void *p, size_t n);
/* The length as 4 bytes little-endian, then the bytes: parts of a message
 * that must not run into each other. */
void mac_add_part(struct mac *m, const void *p, size_t n);
/* The digest of all that was added since mac_reset; resets. */
void mac_finish(struct mac *m, uint8_t out[MAC_LEN]);
void mac_free(struct mac **m);

/* SHA-256 of one piece (FIPS 180-4). */
void sha256(const void *p, size_t n, uint8_t out[32]);

/* The same of pieces. */
struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *h, const void *p, size_t n);
/* The digest of all that was added; frees. */
void sha256_end(struct sha256 **h, uint8_t out[32]);

/* HKDF-SHA256 with a one-block expansion: a 32-byte key from key material,
 * salt and a label (info). */
void hkdf(const void *ikm, size_t nikm, const void *salt, size_t nsalt,
    const char *info, uint8_t out[32]);

#endif
