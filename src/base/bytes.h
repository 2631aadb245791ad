/*
 * Small things done to bytes: UUIDs, base64, hex, integers in wire order,
 * constant-time compare, wiping.
 */
#ifndef COFFER_BASE_BYTES_H
#define COFFER_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_LEN 16
#define UUID_TEXT 37 /* 36 characters and a NUL */

struct uuid {
	uint8_t b[UUID_LEN];
};

/* Sets version 4 and the RFC 4122 variant on 16 random bytes. */
void uuid_stamp_v4(struct uuid *u);

/* Reads the 36-character form (either case) of a version 4 UUID; n is the
 * length of s. False if it is anything else; *out is then unchanged. */
bool uuid_parse(const char *s, size_t n, struct uuid *out);

/* Writes 36 lower-case characters and a NUL. */
void uuid_format(const struct uuid *u, char out[UUID_TEXT]);

/* For qsort and bsearch over struct uuid. */
int uuid_compare(const void *a, const void *b);

/* Decodes strict base64 (padded, no white space) of n characters into out,
 * which has room for n / 4 * 3 bytes. False if malformed. */
bool b64_decode(const char *s, size_t n, uint8_t *out, size_t *len_out);

/* Decodes base64url without padding (RFC 7515) into out, room n * 3 / 4. */
bool b64url_decode(const char *s, size_t n, uint8_t *out, size_t *len_out);

/* Writes n bytes as base64url without padding and a NUL: room for
 * (n * 4 + 2) / 3 + 1. */
void b64url_encode(const uint8_t *p, size_t n, char *out);

/* Lower-case hex and a NUL: room for 2 * n + 1. */
void hex_encode(const uint8_t *p, size_t n, char *out);

/* The value of a hex digit of either case; -1 if it is none. */
int hex_digit(char c);

/* Little-endian integers in packed rows. */
void put_u32(uint8_t *p, uint32_t v);
uint32_t get_u32(const uint8_t *p);

/* True if equal, in a time that depends on n alone. */
bool bytes_equal_ct(const void *a, const void *b, size_t n);

/* Overwrites with zeros, never optimised away. */
void wipe(void *p, size_t n);

#endif
