#include "base/ngram.h"

#include <assert.h>

#define LONGEST 4

/* Runs are bytes as a little-endian integer: those of other lengths are others,
 * for none has a NUL. */
static uint32_t
run_at(const char *s, unsigned n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | (uint8_t)s[n];
	return v;
}

/* The bit of a run: multiplied by 2^32 over the golden ratio runs are spread
 * over 32 bits, and these over the bits of the filter. */
static size_t
bit_of(uint32_t run, uint64_t bits)
{
	return (size_t)(run * UINT32_C(0x9e3779b1) * bits >> 32);
}

static void
mark(uint8_t *filter, uint64_t bits, uint32_t run)
{
	size_t bit = bit_of(run, bits);

	filter[bit / 8] = (uint8_t)(filter[bit / 8] | 1u << bit % 8);
}

/* Whether there is a NUL among the four bytes. */
static bool
has_nul(uint32_t run)
{
	return (run - 0x01010101) & ~run & 0x80808080;
}

/* Marks the two bytes, and each by itself. */
static void
mark_pair(uint8_t *filter, uint64_t bits, uint32_t pair)
{
	uint32_t one = pair & 0xff, two = pair >> 8;

	if (one)
		mark(filter, bits, one);
	if (two)
		mark(filter, bits, two);
	if (one && two)
		mark(filter, bits, pair);
}

void
ngram_mark(const char *text, size_t n, uint8_t *filter, size_t size)
{
	uint64_t seen[(1 << 16) / 64] = {0}, bits = (uint64_t)size * 8;
	uint32_t run = 0, pair; /* the last bytes: the oldest is the lowest */
	size_t i;

	assert(size);
	for (i = 0; i < n; i++) {
		run = run >> 8 | (uint32_t)(uint8_t)text[i] << 24;
		pair = run >> 16;
		if (!(seen[pair / 64] >> pair % 64 & 1)) {
			seen[pair / 64] |= UINT64_C(1) << pair % 64;
			mark_pair(filter, bits, pair);
		}
		if (!has_nul(run))
			mark(filter, bits, run);
	}
}

void
ngram_probe_set(struct ngram_probe *p, const char *s, size_t n)
{
	unsigned len = n >= LONGEST ? LONGEST : n > 1 ? 2 : 1;
	size_t i;

	assert(n);
	p->n = 0;
	for (i = 0; i + len <= n && p->n < NGRAM_MAX; i++)
		p->runs[p->n++] = run_at(s + i, len);
}

bool
ngram_may_have(const struct ngram_probe *p, const uint8_t *filter, size_t size)
{
	size_t bit;
	unsigned i;

	assert(size);
	for (i = 0; i < p->n; i++) {
		bit = bit_of(p->runs[i], (uint64_t)size * 8);
		if (!(filter[bit / 8] >> bit % 8 & 1))
			return false;
	}
	return true;
}
