#include "work/export_cell.h"

#include <stdbool.h>
#include <string.h>

/* U+FF1D, U+FF0B, U+FF0D, U+FF20 in UTF-8. */
static bool
is_wide(const char *s, size_t n)
{
	return n >= 3 && !memcmp(s, "\xEF\xBC", 2) &&
	       memchr("\x9D\x8B\x8D\xA0", s[2], 4);
}

static bool
is_trigger(const char *s, size_t n)
{
	return memchr("=+-@", *s, 4) || is_wide(s, n);
}

static bool
begins_cell(char c, bool begun)
{
	return memchr(",;|\t\r\n\"'", c, 8) || (c == ' ' && begun);
}

void
export_cell_defuse(struct buf *out, const char *s, size_t n)
{
	bool begun = true, first = true;

	for (; n; s++, n--) {
		if ((begun && is_trigger(s, n)) ||
		    (first && memchr("\t\r\n", *s, 3)))
			buf_addc(out, '\'');
		first &= *s == ' ';
		buf_addc(out, *s);
		begun = begins_cell(*s, begun);
	}
}
