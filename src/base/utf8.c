#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/bytes.h"
#include "base/swar.h"

/* Length of the run of bytes 0x01 to 0x7f at s. */
static size_t
ascii_run(const uint8_t *s, size_t n)
{
	size_t i = 0;
	uint64_t w;

	for (; n - i >= sizeof(w); i += sizeof(w)) {
		w = swar_load(s + i);
		if ((w | (w - SWAR_SPREAD(1))) & SWAR_SPREAD(0x80))
			break;
	}
	while (i < n && s[i] && s[i] < 0x80)
		i++;
	return i;
}

static bool
in_range(uint8_t c, uint8_t least, uint8_t most)
{
	return c >= least && c <= most;
}

/* Length of the well-formed sequence over U+007F at s, 0 if there is none
 * (RFC 3629, section 4). */
static size_t
sequence(const uint8_t *s, size_t n)
{
	uint8_t least = 0x80, most = 0xbf;
	size_t len, i;

	if (in_range(s[0], 0xc2, 0xdf))
		len = 2;
	else if (in_range(s[0], 0xe0, 0xef))
		len = 3;
	else if (in_range(s[0], 0xf0, 0xf4))
		len = 4;
	else
		return 0;
	if (n < len)
		return 0;
	if (s[0] == 0xe0)
		least = 0xa0;
	else if (s[0] == 0xed)
		most = 0x9f;
	else if (s[0] == 0xf0)
		least = 0x90;
	else if (s[0] == 0xf4)
		most = 0x8f;
	if (!in_range(s[1], least, most))
		return 0;
	for (i = 2; i < len; i++) {
		if (!in_range(s[i], 0x80, 0xbf))
			return 0;
	}
	return len;
}

bool
utf8_valid(const char *text, size_t n)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t len;

	for (;;) {
		len = ascii_run(s, n);
		s += len;
		n -= len;
		if (!n)
			return true;
		len = sequence(s, n);
		if (!len)
			return false;
		s += len;
		n -= len;
	}
}

size_t
utf8_length(const char *s, size_t n)
{
	size_t i, count = 0;

	for (i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

size_t
utf8_cut(const char *s, size_t n)
{
	size_t start = n, tail;

	while (start && ((unsigned char)s[start - 1] & 0xc0) == 0x80)
		start--;
	if (!start || (unsigned char)s[start - 1] < 0xc0)
		return n;
	start--;
	tail = 2 + ((unsigned char)s[start] >= 0xe0) +
	       ((unsigned char)s[start] >= 0xf0);
	return n - start < tail ? start : n;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

const char *
utf8_trim(const char *text, size_t *n)
{
	const uint8_t *s = (const uint8_t *)text, *end = s + *n, *prev;
	ucs4_t c;
	int len;

	while (s < end) {
		len = u8_mbtouc(&c, s, (size_t)(end - s));
		if (!uc_is_property_white_space(c))
			break;
		s += len;
	}
	while (s < end) {
		prev = u8_prev(&c, end, s);
		if (!prev || !uc_is_property_white_space(c))
			break;
		end = prev;
	}
	*n = (size_t)(end - s);
	return (const char *)s;
}

static const char *
fold_ascii(struct arena *a, const char *s, size_t n, size_t *len_out)
{
	char *out = arena_alloc(a, n + 1);
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = (char)(s[i] + (s[i] >= 'A' && s[i] <= 'Z' ? 32 : 0));
	*len_out = n;
	return out;
}

/* libunistring returns NULL for want of memory alone, given valid text. */
static uint8_t *
must(uint8_t *p)
{
	if (!p)
		abort();
	return p;
}

static const char *
trim_ascii(const char *s, size_t *n)
{
	for (; *n && is_space(s[0]); s++)
		--*n;
	while (*n && is_space(s[*n - 1]))
		--*n;
	return s;
}

/* Letters that fold to their lower case alone and are in NFC whatever stands
 * beside them: ASCII, Latin and Cyrillic, but for some. */
static bool
is_simple(ucs4_t c)
{
	static const ucs4_t others[] = {0xb5, 0xdf, 0x130, 0x149, 0x17f, 0x1f0};
	size_t i;

	if (c < 0x80)
		return true;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (c == others[i])
			return false;
	return c < 0x250 || (c >= 0x400 && c < 0x483) ||
	       (c >= 0x48a && c < 0x530);
}

/* Folds a text of such letters (none needs more than 3 bytes for 2); NULL if
 * there is another. */
static const char *
fold_simple(struct arena *a, const char *s, size_t n, size_t *len_out)
{
	const uint8_t *p = (const uint8_t *)s, *end = p + n;
	uint8_t *out, *q;
	ucs4_t c;

	for (; p < end; p += u8_mbtouc(&c, p, (size_t)(end - p)))
		if (*p >= 0x80 &&
		    (u8_mbtouc(&c, p, (size_t)(end - p)) != 2 || !is_simple(c)))
			return NULL;
	out = q = arena_alloc(a, n + n / 2 + 1);
	for (p = (const uint8_t *)s; p < end;) {
		p += u8_mbtouc(&c, p, (size_t)(end - p));
		q += u8_uctomb(q, uc_tolower(c), 4);
	}
	*len_out = (size_t)(q - out);
	return (const char *)out;
}

static const char *
fold(struct arena *a, const char *s, size_t n, bool trims, size_t *len_out)
{
	uint8_t *nfc, *folded;
	const char *text, *out;
	size_t len;

	if (ascii_run((const uint8_t *)s, n) == n) {
		text = trims ? trim_ascii(s, &n) : s;
		return fold_ascii(a, text, n, len_out);
	}
	len = n;
	text = trims ? utf8_trim(s, &len) : s;
	out = fold_simple(a, text, len, len_out);
	if (out)
		return out;
	nfc =
	    must(u8_normalize(UNINORM_NFC, (const uint8_t *)s, n, NULL, &len));
	n = len;
	text = trims ? utf8_trim((const char *)nfc, &n) : (const char *)nfc;
	folded = must(u8_casefold(
	    (const uint8_t *)text, n, NULL, UNINORM_NFC, NULL, len_out));
	out = arena_strndup(a, (const char *)folded, *len_out);
	wipe(nfc, len);
	wipe(folded, *len_out);
	free(nfc);
	free(folded);
	return out;
}

const char *
utf8_fold(struct arena *a, const char *s, size_t n, size_t *len_out)
{
	return fold(a, s, n, true, len_out);
}

const char *
utf8_fold_whole(struct arena *a, const char *s, size_t n, size_t *len_out)
{
	return fold(a, s, n, false, len_out);
}

bool
utf8_equal_fold(
    struct arena *a, const char *x, size_t nx, const char *y, size_t ny)
{
	const char *fx = utf8_fold(a, x, nx, &nx);
	const char *fy = utf8_fold(a, y, ny, &ny);

	return nx == ny && !memcmp(fx, fy, nx);
}
