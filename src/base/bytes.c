#include "base/bytes.h"

#include <string.h>
#ifdef __x86_64__
#include <tmmintrin.h>
#endif

/* clang-format off */
#define HEX_ROW(h) \
	{h, '0'}, {h, '1'}, {h, '2'}, {h, '3'}, {h, '4'}, {h, '5'}, \
	{h, '6'}, {h, '7'}, {h, '8'}, {h, '9'}, {h, 'a'}, {h, 'b'}, \
	{h, 'c'}, {h, 'd'}, {h, 'e'}, {h, 'f'}
static const char HEX[256][2] = {
	HEX_ROW('0'), HEX_ROW('1'), HEX_ROW('2'), HEX_ROW('3'),
	HEX_ROW('4'), HEX_ROW('5'), HEX_ROW('6'), HEX_ROW('7'),
	HEX_ROW('8'), HEX_ROW('9'), HEX_ROW('a'), HEX_ROW('b'),
	HEX_ROW('c'), HEX_ROW('d'), HEX_ROW('e'), HEX_ROW('f')};
/* clang-format on */

static const char URL[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Base64 digits; D marks a valid one, so that 0 is no digit. */
#define D 0x80
/* clang-format off */
#define DIGITS(c62, c63) \
	{ \
		['A'] = D, D | 1, D | 2, D | 3, D | 4, D | 5, D | 6, D | 7, \
		['I'] = D | 8, D | 9, D | 10, D | 11, D | 12, D | 13, D | 14, \
		['P'] = D | 15, D | 16, D | 17, D | 18, D | 19, D | 20, \
		['V'] = D | 21, D | 22, D | 23, D | 24, D | 25, \
		['a'] = D | 26, D | 27, D | 28, D | 29, D | 30, D | 31, \
		['g'] = D | 32, D | 33, D | 34, D | 35, D | 36, D | 37, \
		['m'] = D | 38, D | 39, D | 40, D | 41, D | 42, D | 43, \
		['s'] = D | 44, D | 45, D | 46, D | 47, D | 48, D | 49, \
		['y'] = D | 50, D | 51, ['0'] = D | 52, D | 53, D | 54, \
		['3'] = D | 55, D | 56, D | 57, D | 58, D | 59, D | 60, \
		['9'] = D | 61, [c62] = D | 62, [c63] = D | 63 \
	}
/* clang-format on */

static const uint8_t B64_DIGIT[256] = DIGITS('+', '/');
static const uint8_t URL_DIGIT[256] = DIGITS('-', '_');

void
uuid_stamp_v4(struct uuid *u)
{
	u->b[6] = (u->b[6] & 0x0f) | 0x40;
	u->b[8] = (u->b[8] & 0x3f) | 0x80;
}

int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
uuid_parse(const char *s, size_t n, struct uuid *out)
{
	struct uuid u;
	size_t i, k = 0;

	if (n != UUID_TEXT - 1)
		return false;
	for (i = 0; i < n; k++) {
		int hi, lo;

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i++] != '-')
				return false;
		}
		hi = hex_digit(s[i++]);
		lo = hex_digit(s[i++]);
		if (hi < 0 || lo < 0)
			return false;
		u.b[k] = (uint8_t)(hi << 4 | lo);
	}
	if (u.b[6] >> 4 != 4 || u.b[8] >> 6 != 2)
		return false;
	*out = u;
	return true;
}

void
uuid_format(const struct uuid *u, char out[UUID_TEXT])
{
	static const uint8_t at[UUID_LEN] = {
	    0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
	size_t i;

	for (i = 0; i < UUID_LEN; i++)
		memcpy(out + at[i], HEX[u->b[i]], 2);
	out[8] = out[13] = out[18] = out[23] = '-';
	out[UUID_TEXT - 1] = '\0';
}

int
uuid_compare(const void *a, const void *b)
{
	return memcmp(a, b, UUID_LEN);
}

/* Decodes n digits without padding; bits past the last byte must be zero. */
static bool
decode(const uint8_t digit[256], const char *text, size_t n, uint8_t *out,
    size_t *len_out)
{
	const uint8_t *s = (const uint8_t *)text;
	uint8_t *p = out, a, b, c, d;

	for (; n >= 4; n -= 4, s += 4) {
		a = digit[s[0]], b = digit[s[1]];
		c = digit[s[2]], d = digit[s[3]];
		if (!(a & b & c & d & D))
			return false;
		*p++ = (uint8_t)(a << 2 | (b & 0x30) >> 4);
		*p++ = (uint8_t)(b << 4 | (c & 0x3c) >> 2);
		*p++ = (uint8_t)(c << 6 | (d & 0x3f));
	}
	if (n) {
		a = digit[s[0]], b = n > 1 ? digit[s[1]] : 0;
		c = n > 2 ? digit[s[2]] : D;
		if (!(a & b & c & D) || (n == 2 ? b & 0x0f : c & 0x03))
			return false;
		*p++ = (uint8_t)(a << 2 | (b & 0x30) >> 4);
		if (n == 3)
			*p++ = (uint8_t)(b << 4 | (c & 0x3c) >> 2);
	}
	*len_out = (size_t)(p - out);
	return true;
}

#ifdef __x86_64__
#define WIDE 16 /* digits of a block */
#define WIDE_BYTES (WIDE / 4 * 3)
#define SSSE3 __attribute__((target("ssse3")))

/* Decodes a block: writes 16 bytes, the first 12 of which count. False if one
 * of its characters is no digit. By Wojciech Mula, "Base64 decoding with SIMD
 * instructions": the halves of a character look up in which ranges it may be,
 * and what is added to it; then six bits of each are joined. */
SSSE3 static inline bool
decode_block(const char *s, uint8_t *out)
{
	const __m128i low = _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11,
	    0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
	const __m128i high = _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08,
	    0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
	const __m128i roll = _mm_setr_epi8(
	    0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
	const __m128i order = _mm_setr_epi8(
	    2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
	const __m128i slash = _mm_set1_epi8('/');
	__m128i v = _mm_loadu_si128((const __m128i *)s);
	__m128i h = _mm_and_si128(_mm_srli_epi32(v, 4), slash);
	__m128i l = _mm_and_si128(v, slash);
	__m128i wrong =
	    _mm_and_si128(_mm_shuffle_epi8(low, l), _mm_shuffle_epi8(high, h));
	__m128i add =
	    _mm_shuffle_epi8(roll, _mm_add_epi8(_mm_cmpeq_epi8(v, slash), h));

	v = _mm_maddubs_epi16(_mm_add_epi8(v, add), _mm_set1_epi32(0x01400140));
	v = _mm_madd_epi16(v, _mm_set1_epi32(0x00011000));
	_mm_storeu_si128((__m128i *)out, _mm_shuffle_epi8(v, order));
	return !_mm_movemask_epi8(_mm_cmpgt_epi8(wrong, _mm_setzero_si128()));
}

/* Decodes n digits, a multiple of 4, at least a block; false if one is none.
 * The last block may take some digits once more. */
SSSE3 static bool
decode_wide(const char *s, size_t n, uint8_t *out)
{
	uint8_t last[WIDE];
	bool right = true;
	size_t i;

	for (i = 0; n - i >= WIDE + 8; i += WIDE)
		right &= decode_block(s + i, out + i / 4 * 3);
	while (i < n) {
		i = i < n - WIDE ? i : n - WIDE;
		right &= decode_block(s + i, last);
		memcpy(out + i / 4 * 3, last, WIDE_BYTES);
		i += WIDE;
	}
	return right;
}

/* How many of n digits decode_wide takes. */
static size_t
wide_part(size_t n)
{
	return n >= WIDE && __builtin_cpu_supports("ssse3") ? n / 4 * 4 : 0;
}
#else
static bool
decode_wide(const char *s, size_t n, uint8_t *out)
{
	(void)s, (void)n, (void)out;
	return false;
}

static size_t
wide_part(size_t n)
{
	(void)n;
	return 0;
}
#endif

bool
b64_decode(const char *s, size_t n, uint8_t *out, size_t *len_out)
{
	size_t wide;

	if (n % 4)
		return false;
	if (n && s[n - 1] == '=')
		n -= s[n - 2] == '=' ? 2 : 1;
	wide = wide_part(n);
	if ((wide && !decode_wide(s, wide, out)) ||
	    !decode(B64_DIGIT, s + wide, n - wide, out + wide / 4 * 3, len_out))
		return false;
	*len_out += wide / 4 * 3;
	return true;
}

bool
b64url_decode(const char *s, size_t n, uint8_t *out, size_t *len_out)
{
	return decode(URL_DIGIT, s, n, out, len_out);
}

void
b64url_encode(const uint8_t *p, size_t n, char *out)
{
	for (; n >= 3; n -= 3, p += 3) {
		*out++ = URL[p[0] >> 2];
		*out++ = URL[(p[0] & 3) << 4 | p[1] >> 4];
		*out++ = URL[(p[1] & 15) << 2 | p[2] >> 6];
		*out++ = URL[p[2] & 63];
	}
	if (n) {
		uint8_t second = n > 1 ? p[1] : 0;

		*out++ = URL[p[0] >> 2];
		*out++ = URL[(p[0] & 3) << 4 | second >> 4];
		if (n > 1)
			*out++ = URL[(second & 15) << 2];
	}
	*out = '\0';
}

void
hex_encode(const uint8_t *p, size_t n, char *out)
{
	for (; n; n--, p++, out += 2)
		memcpy(out, HEX[*p], 2);
	*out = '\0';
}

void
put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

uint32_t
get_u32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

bool
bytes_equal_ct(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;
	uint64_t diff = 0, v, w;

	for (; n >= sizeof(v); n -= sizeof(v)) {
		memcpy(&v, x, sizeof(v));
		memcpy(&w, y, sizeof(w));
		diff |= v ^ w;
		x += sizeof(v);
		y += sizeof(w);
		/* The compiler is not to know what is found on the way. */
		__asm__("" : "+r"(diff));
	}
	for (; n; n--) {
		diff |= *x++ ^ *y++;
		__asm__("" : "+r"(diff));
	}
	return diff == 0;
}

void
wipe(void *p, size_t n)
{
	if (n)
		explicit_bzero(p, n);
}
