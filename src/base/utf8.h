/*
 * Unicode text: the only user of libunistring.
 */
#ifndef COFFER_BASE_UTF8_H
#define COFFER_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* True if n bytes are well-formed UTF-8 (RFC 3629) without U+0000. */
bool utf8_valid(const char *s, size_t n);

/* Code points in n bytes of valid UTF-8. */
size_t utf8_length(const char *s, size_t n);

/* n, or less if the n bytes at s end within a code point: where a text that
 * was cut at n bytes must end. */
size_t utf8_cut(const char *s, size_t n);

/* The form in which unique values compare: NFC, without outer white space,
 * case folded in full (Unicode, TUS 3.13), NFC again. Input is valid UTF-8;
 * the result lives in the arena, with a NUL after it. ASCII is quick. */
const char *utf8_fold(
    struct arena *a, const char *s, size_t n, size_t *len_out);

/* The same with its outer white space: the form in which a text is looked for
 * within another. */
const char *utf8_fold_whole(
    struct arena *a, const char *s, size_t n, size_t *len_out);

/* s and *n without outer white space (Unicode White_Space). */
const char *utf8_trim(const char *s, size_t *n);

/* True if both fold to the same text (utf8_fold). */
bool utf8_equal_fold(
    struct arena *a, const char *x, size_t nx, const char *y, size_t ny);

#endif
