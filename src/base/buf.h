/*
 * Buf: a growing byte buffer with a bound. Once an append would pass `max`
 * the buffer keeps what it has, takes nothing more and says so in `overflow`,
 * so that a chain of appends is checked once, at its end. Out of memory
 * aborts. A zeroed struct buf with `max` set is ready; data is NUL-terminated
 * after every append (the NUL is not counted).
 */
#ifndef COFFER_BASE_BUF_H
#define COFFER_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;
	size_t len, cap;
	size_t max; /* 0: no bound */
	bool overflow;
};

void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_add_u64(struct buf *b, uint64_t v); /* decimal */
void buf_add_i64(struct buf *b, int64_t v);

/* buf_room where there is none yet. */
char *buf_grow(struct buf *b, size_t n);

/* Room for n more bytes at b->data + b->len, and a NUL after them; NULL (and
 * overflow) past max. The caller adds to b->len what it wrote, and writes the
 * NUL itself if that was less than n. */
static inline char *
buf_room(struct buf *b, size_t n)
{
	if (b->overflow || n >= b->cap - b->len ||
	    (b->max && n > b->max - b->len))
		return buf_grow(b, n);
	b->data[b->len + n] = '\0';
	return b->data + b->len;
}

/* Appends a JSON string, quotes included, from n bytes of valid UTF-8:
 * escapes quote, backslash and U+0000..U+001F (RFC 8259, section 7). */
void buf_add_json(struct buf *b, const char *s, size_t n);

/* Appends n bytes in base64 (RFC 4648, section 4, padded). */
void buf_add_b64(struct buf *b, const void *p, size_t n);

/* True if n bytes are a CSV cell without quotes, and stand between the quotes
 * of a JSON string without escapes. */
bool csv_is_plain(const char *s, size_t n);

/* Appends a CSV cell, quoted where RFC 4180 needs it, and where it begins or
 * ends with a space or tab (some readers trim cells without quotes). */
void buf_add_csv(struct buf *b, const char *s, size_t n);

/* Appends a time as 2026-11-22T00:20:00.000Z from milliseconds since 1970
 * (clock_format). */
void buf_add_time(struct buf *b, int64_t ms);

/* Appends a member of a JSON object, with a comma before it: ,"name":"text", or
 * null for NULL; the time likewise, null for 0. The name is not escaped. */
void buf_add_member(struct buf *b, const char *name, const char *text);
void buf_add_member_time(struct buf *b, const char *name, int64_t ms);

/* Forgets the content (wiped), keeps the memory. */
void buf_reset(struct buf *b);

/* Wipes and frees; b is zeroed but for max. */
void buf_free(struct buf *b);

#endif
