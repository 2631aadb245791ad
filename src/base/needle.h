/*
 * Needle: a text that is looked for in much text. Like memmem(3), which is slow
 * for short ones: two of its bytes are compared at sixteen places at once, and
 * only where both are the rest is looked at.
 */
#ifndef COFFER_BASE_NEEDLE_H
#define COFFER_BASE_NEEDLE_H

#include <stdbool.h>
#include <stddef.h>

struct needle {
	const char *s; /* the caller's */
	size_t n;
	size_t one, two; /* where the bytes are that are compared */
	bool tuned;
};

/* n bytes at s, at least one. */
void needle_set(struct needle *d, const char *s, size_t n);

/* Chooses the bytes that are rarest in a sample of the text, the first time it
 * is called: without it common ones may be compared. */
void needle_tune(struct needle *d, const char *sample, size_t n);

/* The first place in n bytes of text, or NULL. */
const char *needle_find(const struct needle *d, const char *text, size_t n);

#endif
