/*
 * N-gram filter: tells of much text whether a short one may be in it, from an
 * eighth of its size: a Bloom filter (of one hash) of the runs of 1, 2 and 4
 * bytes that are in the text. That it says no is certain. Runs with a NUL are
 * left out: nobody looks for one. Filters are stored: who marks other bits has
 * to see to it that those are made anew.
 */
#ifndef COFFER_BASE_NGRAM_H
#define COFFER_BASE_NGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of a filter of n bytes of text. */
#define NGRAM_FILTER(n) (((n) + 7) / 8)

/* Marks n bytes of text in a filter of `size` bytes, zeroed before. */
void ngram_mark(const char *text, size_t n, uint8_t *filter, size_t size);

/* What of a text is looked up in filters: its first runs do. */
#define NGRAM_MAX 64
struct ngram_probe {
	uint32_t runs[NGRAM_MAX];
	unsigned n;
};

/* n bytes, at least one, no NUL. */
void ngram_probe_set(struct ngram_probe *p, const char *s, size_t n);

/* False if the text is nowhere in what the filter was made of. */
bool ngram_may_have(
    const struct ngram_probe *p, const uint8_t *filter, size_t size);

#endif
