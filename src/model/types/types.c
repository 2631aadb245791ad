#include "model/types/types.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

bool
cell_wrong(struct cell_error *ce, enum row_code code, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(ce->text, sizeof(ce->text), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(ce->text))
		ce->text[utf8_cut(ce->text, sizeof(ce->text) - 1)] = '\0';
	ce->code = code;
	return false;
}

bool
length_fits(const struct field *f, const char *what, const char *s, size_t n,
    struct cell_error *ce)
{
	if (n <= f->max_length || utf8_length(s, n) <= f->max_length)
		return true;
	return cell_wrong(ce, ROW_LENGTH, "%smust have at most %u characters",
	    what, (unsigned)f->max_length);
}

int
text_compare(const char *s, size_t n, const char *with)
{
	size_t len = strlen(with);
	int order = memcmp(s, with, n < len ? n : len);

	return order ? order : (n > len) - (n < len);
}

static unsigned
hex4(const char *s)
{
	unsigned i, v = 0;

	for (i = 0; i < 4; i++) {
		unsigned c = (unsigned char)s[i] | 0x20;

		v = v << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return v;
}

static char *
put_utf8(char *p, unsigned c)
{
	if (c < 0x80) {
		*p++ = (char)c;
	} else if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*p++ = (char)(0xe0 | c >> 12);
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	} else {
		*p++ = (char)(0xf0 | c >> 18);
		*p++ = (char)(0x80 | (c >> 12 & 0x3f));
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	}
	return p;
}

/* Reads the \uXXXX at s, and the second half of a pair; *used of n bytes. */
static unsigned
unicode_escape(const char *s, size_t n, size_t *used)
{
	unsigned c, low;

	*used = n < 6 ? n : 6;
	if (n < 6)
		return 0xfffd;
	c = hex4(s + 2);
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c > 0xdbff || n < 12 || s[6] != '\\' || s[7] != 'u')
		return 0xfffd;
	low = hex4(s + 8);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*used = 12;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* Writes what the escape at s stands for to *p; how many of n bytes it is. */
static size_t
take_escape(const char *s, size_t n, char **p)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *hit;
	size_t used;

	if (n < 2) {
		*(*p)++ = *s;
		return 1;
	}
	if (s[1] == 'u') {
		*p = put_utf8(*p, unicode_escape(s, n, &used));
		return used;
	}
	hit = memchr(from, s[1], sizeof(from) - 1);
	*(*p)++ = hit ? to[hit - from] : s[1];
	return 2;
}

/* Every escape is at least as long as what it stands for. */
static const char *
unescape(struct arena *a, const char *s, size_t n, size_t *len_out)
{
	char *out = arena_alloc(a, n + 1), *p = out;
	const char *end = s + n, *back;

	while ((back = memchr(s, '\\', (size_t)(end - s)))) {
		memcpy(p, s, (size_t)(back - s));
		p += back - s;
		s = back + take_escape(back, (size_t)(end - back), &p);
	}
	memcpy(p, s, (size_t)(end - s));
	*len_out = (size_t)(p + (end - s) - out);
	return out;
}

const char *
string_text(struct arena *a, const char *json, size_t n, size_t *len_out)
{
	if (n < 2) {
		*len_out = 0;
		return "";
	}
	if (memchr(json, '\\', n))
		return unescape(a, json + 1, n - 2, len_out);
	*len_out = n - 2;
	return json + 1;
}

void
string_to_text(const struct field *f, struct arena *a, const char *json,
    size_t n, struct buf *out)
{
	const char *s = json;

	(void)f;
	if (n && *json == '"')
		s = string_text(a, json, n, &n);
	buf_add(out, s, n);
}

const char *
string_fold(const struct field *f, struct arena *a, const char *json, size_t n,
    size_t *len_out)
{
	const char *s = string_text(a, json, n, &n);

	(void)f;
	return utf8_fold(a, s, n, len_out);
}

void
plain_to_text(const struct field *f, struct arena *a, const char *json,
    size_t n, struct buf *out)
{
	string_to_text(f, a, json, n, out);
}
