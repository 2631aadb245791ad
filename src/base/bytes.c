#include "base/bytes.h"

#include <string.h>

static const char HEX[] = "0123456789abcdef";
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
	size_t i;

	for (i = 0; i < UUID_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = HEX[u->b[i] >> 4];
		*out++ = HEX[u->b[i] & 15];
	}
	*out = '\0';
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

bool
b64_decode(const char *s, size_t n, uint8_t *out, size_t *len_out)
{
	if (n % 4)
		return false;
	if (n && s[n - 1] == '=')
		n -= s[n - 2] == '=' ? 2 : 1;
	return decode(B64_DIGIT, s, n, out, len_out);
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
	for (; n; n--, p++) {
		*out++ = HEX[*p >> 4];
		*out++ = HEX[*p & 15];
	}
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
	const volatile uint8_t *x = a, *y = b;
	volatile uint8_t diff = 0;

	for (; n; n--)
		diff |= *x++ ^ *y++;
	return diff == 0;
}

void
wipe(void *p, size_t n)
{
	if (n)
		explicit_bzero(p, n);
}
