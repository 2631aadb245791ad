/* N-gram filters: never no of what is there, mostly no of what is not. */
#include <stdlib.h>
#include <string.h>

#include "base/ngram.h"
#include "t/tap.h"

#define TEXT 4000

static uint32_t state = 77;

static uint32_t
draw(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(state >> 4) * n >> 28);
}

/* Values of up to twelve bytes, each with a NUL after it. */
static void
fill(char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		text[i] = (char)(draw(12) ? 1 + draw(255) : 0);
	text[n - 1] = '\0';
}

static bool
may_have(const uint8_t *filter, size_t size, const char *s, size_t n)
{
	struct ngram_probe p;

	ngram_probe_set(&p, s, n);
	return ngram_may_have(&p, filter, size);
}

/* Looks for every run of up to `longest` bytes within values. */
static unsigned
count_missed(
    const char *text, size_t n, const uint8_t *filter, size_t size, size_t most)
{
	unsigned missed = 0;
	size_t at, len;

	for (at = 0; at < n; at++)
		for (len = 1; len <= most && text[at + len - 1]; len++)
			missed += !may_have(filter, size, text + at, len);
	return missed;
}

/* A filter for n bytes of text. */
static uint8_t *
new_filter(size_t n)
{
	uint8_t *filter = calloc(NGRAM_FILTER(n), 1);

	if (!filter)
		abort();
	return filter;
}

static void
test_found(void)
{
	static char text[TEXT];
	unsigned i, missed = 0;
	uint8_t *filter;
	size_t n;

	for (i = 0; i < 40; i++) {
		n = 1 + draw(TEXT);
		filter = new_filter(n);
		fill(text, n);
		ngram_mark(text, n, filter, NGRAM_FILTER(n));
		missed += count_missed(text, n, filter, NGRAM_FILTER(n), 12);
		free(filter);
	}
	ok(!missed, "what is in a text is not missed, however long");
}

static void
test_not_found(void)
{
	static char text[TEXT];
	char other[8];
	unsigned i, passed = 0;
	uint8_t *filter;
	size_t n, size, at;

	for (n = 0; n + 40 < TEXT; n++)
		n += (size_t)snprintf(
		    text + n, 40, "customer.%u@example.com", draw(1000000));
	size = NGRAM_FILTER(n);
	filter = new_filter(n);
	ngram_mark(text, n, filter, size);
	for (i = 0; i < 10000; i++) {
		for (at = 0; at < sizeof(other); at++)
			other[at] = (char)('a' + draw(26));
		passed += may_have(filter, size, other, sizeof(other));
	}
	ok(passed < 100, "of texts that are not in it few pass");
	printf("# %u of 10000\n", passed);
	memset(text, 'a', 300);
	ok(!may_have(filter, size, text, 300), "nor does a long one");
	free(filter);
}

static void
test_apart(void)
{
	size_t size = NGRAM_FILTER(TEXT);
	uint8_t *filter = new_filter(TEXT);

	ngram_mark("ab\0cd", 6, filter, size);
	ok(may_have(filter, size, "ab", 2) && may_have(filter, size, "d", 1) &&
	        !may_have(filter, size, "bc", 2) &&
	        !may_have(filter, size,
	            "b\x01"
	            "cd",
	            4),
	    "values are apart");
	free(filter);
}

int
main(void)
{
	test_found();
	test_not_found();
	test_apart();
	return done_testing();
}
