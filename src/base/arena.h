/*
 * Arena: memory that belongs to one request or one chunk of rows, and is
 * given back all at once. Nothing taken from an arena is freed on its own.
 * Out of memory aborts the process (its master starts another), so no call
 * here returns NULL.
 */
#ifndef COFFER_BASE_ARENA_H
#define COFFER_BASE_ARENA_H

#include <stddef.h>

struct arena;

/* A new arena that takes memory from the system in blocks of `block` bytes. */
struct arena *arena_new(size_t block);

/* n bytes, zeroed, aligned for any type; n may be 0. */
void *arena_alloc(struct arena *a, size_t n);

/* A zeroed array of n elements of `size` bytes; aborts on overflow. */
void *arena_calloc(struct arena *a, size_t n, size_t size);

/* A NUL-terminated copy of n bytes, or of a whole string. */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);

/* A formatted, NUL-terminated string. */
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

/* Wipes and gives back everything but the first block. */
void arena_reset(struct arena *a);

/* Wipes and frees all of it, sets *a to NULL; *a may be NULL. */
void arena_free(struct arena **a);

#endif
