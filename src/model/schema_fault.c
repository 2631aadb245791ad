/* Faults of schema documents, by JSON pointer (RFC 6901). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "model/schema_property.h"

#define STRING(x) #x
#define STRING_OF(x) STRING(x)

const char *
schema_text_wrong(const json_t *v)
{
	const char *text = json_string_value(v);

	if (jv_type(v) != JV_STRING)
		return "must be a string";
	return utf8_length(text, json_string_length(v)) > SCHEMA_TEXT_MAX
	           ? "must have at most " STRING_OF(
	                 SCHEMA_TEXT_MAX) " characters"
	           : "";
}

const char *
pointer_add(struct arena *a, const char *pointer, const char *step)
{
	struct buf out = {0};
	const char *text;

	buf_adds(&out, pointer);
	buf_addc(&out, '/');
	for (; *step; step++) {
		if (*step == '~')
			buf_adds(&out, "~0");
		else if (*step == '/')
			buf_adds(&out, "~1");
		else
			buf_addc(&out, *step);
	}
	text = arena_strndup(a, out.data, out.len);
	buf_free(&out);
	return text;
}

const char *
property_pointer(struct arena *a, const char *name)
{
	return pointer_add(a, "/properties", name);
}

void
schema_fault(struct schema_faults *faults, const char *pointer,
    const char *step, const char *fmt, ...)
{
	struct arena *a = faults->arena;
	struct schema_fault *fault;
	char text[ERR_TEXT_MAX];
	va_list ap;

	if (faults->n++ >= SCHEMA_FAULTS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fault = arena_alloc(a, sizeof(*fault));
	fault->pointer =
	    *step ? pointer_add(a, pointer, step) : arena_strdup(a, pointer);
	fault->reason = arena_strdup(a, text);
	if (faults->last)
		faults->last->next = fault;
	else
		faults->first = fault;
	faults->last = fault;
}
