#include "base/needle.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* Longer ones are memmem's, which skips by their length, and whose time has a
 * bound where this one's grows with the needle. */
#define SHORT 32

#define SAMPLE 4096

/* Sixteen bytes, and the same as two words. */
typedef uint8_t lanes __attribute__((vector_size(16)));
typedef uint64_t words __attribute__((vector_size(16)));
#define STEP (4 * sizeof(lanes))

void
needle_set(struct needle *d, const char *s, size_t n)
{
	assert(n);
	*d = (struct needle){.s = s, .n = n, .two = n - 1};
}

void
needle_tune(struct needle *d, const char *sample, size_t n)
{
	unsigned seen[256] = {0};
	const uint8_t *s = (const uint8_t *)d->s;
	size_t i;

	if (d->tuned || !n)
		return;
	d->tuned = true;
	for (i = 0; i < n && i < SAMPLE; i++)
		seen[(uint8_t)sample[i]]++;
	for (i = 0; i < d->n; i++)
		if (seen[s[i]] < seen[s[d->one]])
			d->one = i;
	d->two = d->one ? 0 : d->n - 1;
	for (i = 0; i < d->n; i++)
		if (i != d->one && seen[s[i]] < seen[s[d->two]])
			d->two = i;
}

static lanes
spread(char c)
{
	return (lanes){0} + (uint8_t)c;
}

static lanes
load(const char *p)
{
	lanes v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The first of `count` places from p on where the needle is. */
static const char *
look(const struct needle *d, const char *p, size_t count)
{
	char one = d->s[d->one], two = d->s[d->two];
	size_t i;

	for (i = 0; i < count; i++)
		if (p[i + d->one] == one && p[i + d->two] == two &&
		    !memcmp(p + i, d->s, d->n))
			return p + i;
	return NULL;
}

/* Whether both bytes are where they should be for one of STEP places. */
static bool
is_likely(const char *one, const char *two, lanes x, lanes y)
{
	size_t w = sizeof(lanes);
	words hit;

	hit = (words)((load(one) == x) & (load(two) == y));
	hit |= (words)((load(one + w) == x) & (load(two + w) == y));
	hit |= (words)((load(one + 2 * w) == x) & (load(two + 2 * w) == y));
	hit |= (words)((load(one + 3 * w) == x) & (load(two + 3 * w) == y));
	return hit[0] | hit[1];
}

const char *
needle_find(const struct needle *d, const char *text, size_t n)
{
	lanes x = spread(d->s[d->one]), y = spread(d->s[d->two]);
	const char *hit;
	size_t places, i = 0;

	if (n < d->n)
		return NULL;
	if (d->n == 1)
		return memchr(text, *d->s, n);
	if (d->n > SHORT)
		return memmem(text, n, d->s, d->n);
	places = n - d->n + 1;
	for (; i + STEP <= places; i += STEP) {
		if (!is_likely(text + i + d->one, text + i + d->two, x, y))
			continue;
		hit = look(d, text + i, STEP);
		if (hit)
			return hit;
	}
	return look(d, text + i, places - i);
}
