/* Needles: the same as memmem, wherever it lies and whatever is around it. */
#include <stdlib.h>
#include <string.h>

#include "base/needle.h"
#include "t/tap.h"

#define TEXT 300

static uint32_t state = 99;

static uint32_t
draw(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(state >> 4) * n >> 28);
}

/* A text of few different bytes has many half-hits. */
static void
fill(char *p, size_t n, unsigned bytes)
{
	while (n--)
		*p++ = (char)("abc\0\xc3xyz"[draw(bytes)]);
}

int
main(void)
{
	struct needle d;
	unsigned i, wrong = 0, found = 0;

	for (i = 0; i < 200000; i++) {
		unsigned bytes = 2 + draw(6);
		size_t n = draw(TEXT), len = 1 + draw(draw(4) ? 5 : 60);
		char *text = malloc(n + 1), needle[64];
		const char *want;

		if (!text)
			abort();
		fill(text, n, bytes);
		fill(needle, len, bytes);
		if (draw(2) && len < n)
			memcpy(needle, text + draw((uint32_t)(n - len)), len);
		needle_set(&d, needle, len);
		if (draw(2))
			needle_tune(&d, text, n);
		want = memmem(text, n, needle, len);
		wrong += needle_find(&d, text, n) != want;
		found += want != NULL;
		free(text);
	}
	ok(!wrong, "what memmem finds, and nothing else");
	ok(found > 1000 && found < 199000, "both cases came up");
	return done_testing();
}
