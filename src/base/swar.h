/* SIMD within a register: eight bytes are looked at as one 64-bit word. */
#ifndef COFFER_BASE_SWAR_H
#define COFFER_BASE_SWAR_H

#include <stdint.h>
#include <string.h>

/* A word with the byte c everywhere. */
#define SWAR_SPREAD(c) (UINT64_C(0x0101010101010101) * (c))

/* The 8 bytes at s, which need no alignment. */
static inline uint64_t
swar_load(const void *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof(w));
	return w;
}

/* Not zero if and only if one of the bytes is. */
static inline uint64_t
swar_has_zero(uint64_t w)
{
	return (w - SWAR_SPREAD(1)) & ~w & SWAR_SPREAD(0x80);
}

#endif
