#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static const struct {
	const char *name, *text;
	int status;
} table[] = {
#define X(name, status, text) {#name, text, status},
#include "tbl/errors.h"
#undef X
};

/* Formats into a buffer of its own first, so that arguments may point into
 * the struct err being filled; a cut never splits a code point. */
static void
format_text(char out[ERR_TEXT_MAX], const char *fmt, va_list ap)
{
	char s[ERR_TEXT_MAX];
	int n = vsnprintf(s, sizeof(s), fmt, ap);
	size_t len;

	if (n < 0)
		s[0] = '\0';
	len = strlen(s);
	if (n >= ERR_TEXT_MAX)
		len = utf8_cut(s, len);
	memcpy(out, s, len);
	out[len] = '\0';
}

enum err_code
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	assert(code < ERR_COUNT);
	if (fmt) {
		va_start(ap, fmt);
		format_text(e->text, fmt, ap);
		va_end(ap);
	} else {
		e->text[0] = '\0';
	}
	e->cause[0] = '\0';
	return e->code = code;
}

enum err_code
err_fault(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	assert(code < ERR_COUNT);
	va_start(ap, fmt);
	format_text(e->cause, fmt, ap);
	va_end(ap);
	e->text[0] = '\0';
	return e->code = code;
}

const char *
err_text(const struct err *e)
{
	assert(e->code < ERR_COUNT);
	return e->text[0] ? e->text : table[e->code].text;
}

const char *
err_name(enum err_code code)
{
	assert(code < ERR_COUNT);
	return table[code].name;
}

int
err_status(enum err_code code)
{
	assert(code < ERR_COUNT);
	return table[code].status;
}
