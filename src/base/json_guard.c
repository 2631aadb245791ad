#include "base/json_guard.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Two quotes and the prefix. */
#define NUMBER_EXTRA (JSON_PREFIX_LEN + 2)

char json_prefix[JSON_PREFIX_LEN + 1];

void
json_guard_init(struct json_guard *g, json_source *src, void *arg,
    const struct json_limits *lim, const bool *stop, struct err *e)
{
	memset(g, 0, sizeof(*g));
	g->src = src;
	g->arg = arg;
	g->max_bytes = lim->max_bytes;
	g->wide = lim->fault != NULL;
	g->stop = stop;
	g->e = e;
	g->line = 1;
}

static void
fail_at(struct json_guard *g, size_t line, size_t column, const char *what)
{
	err_set(g->e, ERR_BAD_REQUEST, "JSON, line %zu, column %zu: %s", line,
	    column, what);
	g->failed = true;
}

/* Reads on when all was taken; false at the end or after a failure. */
static bool
fill(struct json_guard *g)
{
	size_t most = sizeof(g->in);
	long n;

	if (g->in_pos < g->in_len)
		return true;
	if (g->in_end || g->failed)
		return false;
	/* One byte past the limit tells a text that is too long. */
	if (most > g->max_bytes - g->bytes)
		most = g->max_bytes - g->bytes + 1;
	n = g->src(g->arg, g->in, most);
	if (n < 0) {
		err_set(g->e, ERR_BAD_REQUEST,
		    "the JSON text could not be read to its end");
		g->failed = true;
		return false;
	}
	assert((size_t)n <= most);
	if ((size_t)n > g->max_bytes - g->bytes) {
		err_set(g->e, ERR_TOO_LARGE, "JSON text over %zu bytes",
		    g->max_bytes);
		g->failed = true;
		return false;
	}
	g->in_pos = 0;
	g->in_len = (size_t)n;
	g->bytes += (size_t)n;
	g->in_end = n == 0;
	return n > 0;
}

static char
take(struct json_guard *g)
{
	char c = g->in[g->in_pos++];

	if (c == '\n') {
		g->line++;
		g->column = 0;
	} else if (((unsigned char)c & 0xc0) != 0x80) {
		g->column++;
	}
	return c;
}

static bool
is_number_char(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ||
	       c == 'e' || c == 'E';
}

static bool
fits_64_bits(const char *s)
{
	errno = 0;
	strtoll(s, NULL, 10);
	return errno != ERANGE;
}

/* What is wrong with the number that was collected; NULL if nothing is. */
static const char *
number_fault(struct json_guard *g)
{
	if (g->number_len == sizeof(g->number))
		return "a number is too long";
	g->number[g->number_len] = '\0';
	if (!json_number_valid(g->number, g->number_len))
		return "not a JSON number";
	if (!g->wide && !strpbrk(g->number, ".eE") && !fits_64_bits(g->number))
		return "an integer must fit in 64 bits";
	return NULL;
}

/* Writes the collected number as a string; returns its length. */
static size_t
put_number(struct json_guard *g, char *out)
{
	const char *fault = number_fault(g);

	if (fault) {
		fail_at(g, g->number_line, g->number_column, fault);
		return 0;
	}
	*out++ = '"';
	memcpy(out, json_prefix, JSON_PREFIX_LEN);
	out += JSON_PREFIX_LEN;
	memcpy(out, g->number, g->number_len);
	out[g->number_len] = '"';
	g->state = JSON_OUTSIDE;
	g->after_number = true;
	return g->number_len + NUMBER_EXTRA;
}

/* A byte outside of strings and numbers. True if it passes as it is. */
static bool
step_outside(struct json_guard *g, char c)
{
	if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		return true;
	g->any = true;
	if (c == ':' && g->after_number)
		fail_at(g, g->number_line, g->number_column,
		    "a member name must be a string");
	g->after_number = false;
	if (c == '"')
		g->state = JSON_IN_STRING;
	if ((c == '[' || c == '{') && ++g->depth > JSON_DEPTH_MAX)
		fail_at(g, g->line, g->column, "nested over 32 levels deep");
	if ((c == ']' || c == '}') && g->depth)
		g->depth--;
	if (c != '-' && (c < '0' || c > '9'))
		return true;
	g->state = JSON_IN_NUMBER;
	g->number[0] = c;
	g->number_len = 1;
	g->number_line = g->line;
	g->number_column = g->column;
	return false;
}

/* Takes a byte of input. True if it passes as it is. Jansson 2.14 overlooks
 * a NUL that follows true, false or null. */
static bool
step(struct json_guard *g)
{
	char c = take(g);

	if (c == '\0')
		fail_at(g, g->line, g->column, "U+0000 is not allowed");
	switch (g->state) {
	case JSON_OUTSIDE:
		return step_outside(g, c);
	case JSON_IN_STRING:
		if (c == '\\')
			g->state = JSON_IN_ESCAPE;
		else if (c == '"')
			g->state = JSON_OUTSIDE;
		return true;
	case JSON_IN_ESCAPE:
		g->state = JSON_IN_STRING;
		return true;
	case JSON_IN_NUMBER:
		break;
	}
	if (g->number_len < sizeof(g->number))
		g->number[g->number_len++] = c;
	return false;
}

/* Counts the number that ended the last chunk: Jansson is past it. */
static void
settle(struct json_guard *g)
{
	if (!g->out_pending)
		return;
	if (g->out_line != g->number_line)
		g->out_numbers = 0;
	g->out_line = g->number_line;
	g->out_numbers++;
	g->out_pending = false;
}

size_t
json_guard_read(void *buffer, size_t size, void *arg)
{
	struct json_guard *g = arg;
	char *out = buffer;
	size_t n = 0;
	bool more;

	assert(size >= JSON_NUMBER_MAX + NUMBER_EXTRA);
	settle(g);
	while (n < size && !g->failed && !*g->stop) {
		more = fill(g);
		if (g->state == JSON_IN_NUMBER &&
		    !(more && is_number_char(g->in[g->in_pos]))) {
			if (g->failed ||
			    size - n < g->number_len + NUMBER_EXTRA)
				break;
			n += put_number(g, out + n);
			g->out_pending = true;
			break;
		}
		if (!more)
			break;
		out[n] = g->in[g->in_pos];
		n += step(g);
	}
	g->out_bytes += n;
	return g->failed ? 0 : n;
}

size_t
json_guard_column(const struct json_guard *g, const json_error_t *at)
{
	size_t line = (size_t)at->line, column = (size_t)at->column;
	size_t numbers = line == g->out_line ? g->out_numbers : 0;

	if (g->out_pending && line == g->number_line &&
	    (size_t)at->position >= g->out_bytes)
		numbers++;
	return column - numbers * NUMBER_EXTRA;
}
