#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/* Bytes past `used` are zero at all times: they come from calloc and are
 * wiped before they are used again. */
struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) uint8_t mem[];
};

struct arena {
	struct block *first; /* survives a reset */
	struct block *head;  /* where small pieces are cut from */
	size_t block, used;
};

static struct block *
block_new(size_t size)
{
	struct block *b;

	if (size > SIZE_MAX - sizeof(*b) || !(b = calloc(1, sizeof(*b) + size)))
		abort();
	b->size = size;
	return b;
}

static void *
block_cut(struct block *b, size_t n)
{
	void *p = b->mem + b->used;

	b->used += n;
	return p;
}

struct arena *
arena_new(size_t block)
{
	struct arena *a = calloc(1, sizeof(*a));

	assert(block);
	if (!a)
		abort();
	a->block = block;
	a->first = a->head = block_new(block);
	return a;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	struct block *b = a->head;

	if (n > SIZE_MAX - align)
		abort();
	n = n ? (n + align - 1) / align * align : align;
	a->used += n;
	if (n <= b->size - b->used)
		return block_cut(b, n);
	if (n > a->block / 2) {
		/* A block of its own, so that the head is not given up. */
		b = block_new(n);
		b->next = a->head->next;
		a->head->next = b;
	} else {
		b = block_new(a->block);
		b->next = a->head;
		a->head = b;
	}
	return block_cut(b, n);
}

void *
arena_calloc(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		abort();
	return arena_alloc(a, total);
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p;

	if (n == SIZE_MAX)
		abort();
	p = arena_alloc(a, n + 1);
	if (n)
		memcpy(p, s, n);
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	assert(fmt);
	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	p = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}

void
arena_reset(struct arena *a)
{
	struct block *b, *next;

	for (b = a->head; b; b = next) {
		next = b->next;
		wipe(b->mem, b->used);
		if (b != a->first)
			free(b);
	}
	a->first->next = NULL;
	a->first->used = 0;
	a->head = a->first;
	a->used = 0;
}

void
arena_free(struct arena **a)
{
	if (!*a)
		return;
	arena_reset(*a);
	free((*a)->first);
	free(*a);
	*a = NULL;
}
