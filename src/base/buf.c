#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"

#define LEAST_CAP 256

/* Sixteen bytes, and the same as two words. */
typedef uint8_t lanes __attribute__((vector_size(16)));
typedef uint64_t words __attribute__((vector_size(16)));

/* 64 bits with the byte c everywhere. */
#define SPREAD(c) (UINT64_C(0x0101010101010101) * (c))

/* Moves to memory of `cap` bytes and wipes what is left behind. */
static void
move(struct buf *b, size_t cap)
{
	char *p = malloc(cap);

	if (!p)
		abort();
	if (b->data) {
		memcpy(p, b->data, b->len + 1);
		wipe(b->data, b->cap);
		free(b->data);
	}
	b->data = p;
	b->cap = cap;
}

char *
buf_grow(struct buf *b, size_t n)
{
	size_t need, cap = b->cap ? b->cap : LEAST_CAP;

	if (b->overflow || n > SIZE_MAX / 4 - b->len ||
	    (b->max && n > b->max - b->len)) {
		b->overflow = true;
		return NULL;
	}
	need = b->len + n + 1;
	if (need > b->cap) {
		while (cap < need)
			cap *= 2;
		move(b, cap);
	}
	b->data[b->len + n] = '\0';
	return b->data + b->len;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	char *room = buf_room(b, n);

	if (!room)
		return;
	if (n)
		memcpy(room, p, n);
	b->len += n;
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

/* Written where there is room as it is, and again if that was too little. */
void
buf_addf(struct buf *b, const char *fmt, ...)
{
	size_t left = b->data ? b->cap - b->len : 0;
	va_list ap;
	char *room;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(left ? b->data + b->len : NULL, left, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	room = buf_room(b, (size_t)n);
	if (!room && left)
		wipe(b->data + b->len, left);
	if (!room)
		return;
	if ((size_t)n >= left) {
		va_start(ap, fmt);
		vsnprintf(room, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)n;
}

void
buf_add_u64(struct buf *b, uint64_t v)
{
	char s[20], *p = s + sizeof(s);

	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	buf_add(b, p, (size_t)(s + sizeof(s) - p));
}

void
buf_add_i64(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_addc(b, '-');
	buf_add_u64(b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

/* Not zero if and only if one of the 8 bytes is below 0x20, a quote or a
 * backslash (a subtraction borrows only from below such a byte). */
static uint64_t
has_special(uint64_t w)
{
	uint64_t quote = w ^ SPREAD('"'), back = w ^ SPREAD('\\');

	return ((w - SPREAD(0x20)) | (quote - SPREAD(1)) | (back - SPREAD(1))) &
	       ~w & SPREAD(0x80);
}

/* The same if one of the bytes is zero. */
static uint64_t
has_zero(uint64_t w)
{
	return (w - SPREAD(1)) & ~w & SPREAD(0x80);
}

static bool
is_special(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

/* Length of the run of bytes at s that a JSON string takes as they are. */
static size_t
plain_run(const char *s, size_t n)
{
	size_t i = 0;
	uint64_t w;

	for (; n - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, s + i, sizeof(w));
		if (has_special(w))
			break;
	}
	while (i < n && !is_special((unsigned char)s[i]))
		i++;
	return i;
}

static void
add_escape(struct buf *b, unsigned char c)
{
	static const char SHORT[0x20] = {['\b'] = 'b',
	    ['\t'] = 't',
	    ['\n'] = 'n',
	    ['\f'] = 'f',
	    ['\r'] = 'r'};
	char s[2] = {'\\', (char)c};

	if (c < 0x20 && !SHORT[c]) {
		buf_addf(b, "\\u%04x", c);
		return;
	}
	if (c < 0x20)
		s[1] = SHORT[c];
	buf_add(b, s, 2);
}

void
buf_add_json(struct buf *b, const char *s, size_t n)
{
	size_t run = plain_run(s, n);
	char *p = buf_room(b, run + 2);

	if (!p)
		return;
	*p = '"';
	memcpy(p + 1, s ? s : "", run);
	b->len += run + 1;
	while (n -= run) {
		s += run;
		add_escape(b, (unsigned char)*s++);
		n--;
		run = plain_run(s, n);
		buf_add(b, s, run);
	}
	buf_addc(b, '"');
}

void
buf_add_b64(struct buf *b, const void *p, size_t n)
{
	static const char DIGIT[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *s = p;
	size_t len = n < SIZE_MAX / 2 ? (n + 2) / 3 * 4 : SIZE_MAX;
	char *out = buf_room(b, len);

	if (!out)
		return;
	for (; n >= 3; n -= 3, s += 3, out += 4) {
		uint32_t v = (uint32_t)s[0] << 16 | s[1] << 8 | s[2];

		out[0] = DIGIT[v >> 18];
		out[1] = DIGIT[v >> 12 & 63];
		out[2] = DIGIT[v >> 6 & 63];
		out[3] = DIGIT[v & 63];
	}
	if (n) {
		uint32_t v = (uint32_t)s[0] << 16 | (n > 1 ? s[1] << 8 : 0);

		out[0] = DIGIT[v >> 18];
		out[1] = DIGIT[v >> 12 & 63];
		out[2] = n > 1 ? DIGIT[v >> 6 & 63] : '=';
		out[3] = '=';
	}
	b->len += len;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

static uint64_t
load_word(const char *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof(w));
	return w;
}

/* As has_special, of a comma too. */
static uint64_t
has_csv_special(uint64_t w)
{
	return has_special(w) | has_zero(w ^ SPREAD(','));
}

/* The same of the 16 bytes at s. */
static uint64_t
has_csv_special_16(const char *s)
{
	lanes v, found;
	words w;

	memcpy(&v, s, sizeof(v));
	found = (lanes)((v == '"') | (v == ',') | (v == '\\') | (v < 0x20));
	w = (words)found;
	return w[0] | w[1];
}

/* The n bytes at s, 4 to 8, in a word that has no others. */
static uint64_t
load_some(const char *s, size_t n)
{
	uint32_t low, high;

	memcpy(&low, s, sizeof(low));
	memcpy(&high, s + n - sizeof(high), sizeof(high));
	return (uint64_t)high << 32 | low;
}

static bool
few_are_plain(const char *s, size_t n)
{
	while (n && s[n - 1] != ',' && !is_special((unsigned char)s[n - 1]))
		n--;
	return !n;
}

bool
csv_is_plain(const char *s, size_t n)
{
	uint64_t found = 0;
	size_t i;

	if (n && (is_space(s[0]) || is_space(s[n - 1])))
		return false;
	if (n < 4)
		return few_are_plain(s, n);
	if (n <= 8)
		return !has_csv_special(load_some(s, n));
	if (n < sizeof(lanes))
		return !(has_csv_special(load_word(s)) |
		         has_csv_special(load_word(s + n - 8)));
	for (i = 0; n - i > sizeof(lanes); i += sizeof(lanes))
		found |= has_csv_special_16(s + i);
	return !(found | has_csv_special_16(s + n - sizeof(lanes)));
}

static bool
csv_needs_quotes(const char *s, size_t n)
{
	static const bool special[256] = {
	    ['"'] = true, [','] = true, ['\n'] = true, ['\r'] = true};
	size_t i;

	if (csv_is_plain(s, n))
		return false;
	for (i = 0; i < n; i++) {
		if (special[(unsigned char)s[i]])
			return true;
	}
	return n && (is_space(s[0]) || is_space(s[n - 1]));
}

void
buf_add_csv(struct buf *b, const char *s, size_t n)
{
	const char *quote;

	if (!csv_needs_quotes(s, n)) {
		buf_add(b, s, n);
		return;
	}
	buf_addc(b, '"');
	while ((quote = memchr(s, '"', n))) {
		size_t part = (size_t)(quote - s) + 1;

		buf_add(b, s, part);
		buf_addc(b, '"');
		s += part;
		n -= part;
	}
	buf_add(b, s, n);
	buf_addc(b, '"');
}

void
buf_add_time(struct buf *b, int64_t ms)
{
	char *room = buf_room(b, CLOCK_TEXT - 1);

	if (!room)
		return;
	clock_format(ms, room);
	b->len += CLOCK_TEXT - 1;
}

void
buf_add_member(struct buf *b, const char *name, const char *text)
{
	buf_addf(b, ",\"%s\":", name);
	if (text)
		buf_add_json(b, text, strlen(text));
	else
		buf_adds(b, "null");
}

void
buf_add_member_time(struct buf *b, const char *name, int64_t ms)
{
	buf_addf(b, ",\"%s\":", name);
	if (!ms) {
		buf_adds(b, "null");
		return;
	}
	buf_addc(b, '"');
	buf_add_time(b, ms);
	buf_addc(b, '"');
}

void
buf_reset(struct buf *b)
{
	if (b->data) {
		wipe(b->data, b->len);
		b->data[0] = '\0';
	}
	b->len = 0;
	b->overflow = false;
}

void
buf_free(struct buf *b)
{
	size_t max = b->max;

	if (b->data)
		wipe(b->data, b->cap);
	free(b->data);
	*b = (struct buf){.max = max};
}
