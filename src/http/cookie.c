#include "http/cookie.h"

#include <string.h>

#define BLANK " \t"

/* The next pair of *header, which moves on: its first character, and its length
 * without blanks around it. NULL at the end. */
static const char *
next_pair(const char **header, size_t *n_out)
{
	const char *pair = *header + strspn(*header, BLANK ";");
	size_t n = strcspn(pair, ";");

	*header = pair + n;
	while (n && strchr(BLANK, pair[n - 1]))
		n--;
	*n_out = n;
	return n ? pair : NULL;
}

/* Where the value of a pair begins, if that is its name; else NULL. Browsers
 * put no blanks around '=', but servers differ in passing them over, so that
 * they must not hide a name (S7). */
static const char *
value_of(const char *pair, size_t n, const char *name)
{
	const char *eq = memchr(pair, '=', n), *end = eq;

	if (!eq)
		return NULL;
	while (end > pair && strchr(BLANK, end[-1]))
		end--;
	if ((size_t)(end - pair) != strlen(name) ||
	    memcmp(pair, name, strlen(name)) != 0)
		return NULL;
	for (eq++; eq < pair + n && strchr(BLANK, *eq); eq++)
		;
	return eq;
}

unsigned
cookie_count(const char *header, const char *name)
{
	const char *pair;
	unsigned found = 0;
	size_t n;

	while (header && (pair = next_pair(&header, &n)))
		found += value_of(pair, n, name) != NULL;
	return found;
}

const char *
cookie_value(const char *header, const char *name, struct arena *a)
{
	const char *pair, *value = NULL;
	size_t n;

	while (header && !value && (pair = next_pair(&header, &n)))
		value = value_of(pair, n, name);
	if (!value)
		return NULL;
	n = (size_t)(pair + n - value);
	if (n > 1 && value[0] == '"' && value[n - 1] == '"') {
		value++;
		n -= 2;
	}
	return arena_strndup(a, value, n);
}
