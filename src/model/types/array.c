/* Arrays; in a CSV cell, JSON text. field_format is the type of the elements:
 * "string", "number", "integer", "boolean", or none for strings or numbers. */
#include "model/types/types.h"

#include <stdio.h>
#include <string.h>

enum { STRINGS = 1, NUMBERS = 2, INTEGERS = 4, BOOLEANS = 8 };

static const struct {
	const char *format, *rule;
	unsigned allows;
} items[] = {
    {"", "a string or a number", STRINGS | NUMBERS},
    {"string", "a string", STRINGS},
    {"number", "a number", NUMBERS},
    {"integer", "a whole number", NUMBERS | INTEGERS},
    {"boolean", "true or false", BOOLEANS},
};
#define ITEMS (sizeof(items) / sizeof(items[0]))

/* The row of the field's items; ITEMS if there is none. */
static size_t
items_of(const struct field *f)
{
	const char *format = f->format ? f->format : "";
	size_t i;

	for (i = 0; i < ITEMS && strcmp(items[i].format, format); i++)
		;
	return i;
}

static bool
is_whole(const char *s)
{
	return !strpbrk(s, ".eE");
}

static bool
element_fits(
    const struct field *f, size_t i, const json_t *v, struct cell_error *ce)
{
	const char *rule = items[items_of(f)].rule;
	unsigned allows = items[items_of(f)].allows;
	char what[40], number[80];

	snprintf(what, sizeof(what), "element %zu ", i + 1);
	if (jv_type(v) == JV_STRING && allows & STRINGS)
		return length_fits(
		    f, what, json_string_value(v), json_string_length(v), ce);
	if (jv_type(v) == JV_NUMBER && allows & NUMBERS &&
	    (!(allows & INTEGERS) || is_whole(jv_number(v)))) {
		snprintf(number, sizeof(number), "%smust be %s", what, rule);
		return number_check(
		    number, jv_number(v), strlen(jv_number(v)), ce);
	}
	if (jv_type(v) == JV_BOOL && allows & BOOLEANS)
		return true;
	return cell_wrong(ce, ROW_TYPE, "%smust be %s", what, rule);
}

static bool
array_from_json(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce)
{
	size_t i, n;

	(void)a;
	if (jv_type(v) != JV_ARRAY)
		return cell_wrong(ce, ROW_TYPE,
		    "must be a JSON array, each element %s",
		    items[items_of(f)].rule);
	n = json_array_size(v);
	if (n > ARRAY_ELEMENTS_MAX)
		return cell_wrong(ce, ROW_LENGTH,
		    "must have at most %d elements", ARRAY_ELEMENTS_MAX);
	for (i = 0; i < n; i++) {
		if (!element_fits(f, i, json_array_get(v, i), ce))
			return false;
	}
	jv_write(out, v, false);
	return true;
}

static bool
array_from_text(const struct field *f, struct arena *a, const char *s, size_t n,
    struct buf *out, struct cell_error *ce)
{
	json_t *v = NULL;
	struct err e;
	bool fits;

	if (json_read_mem(s, n, &v, &e))
		return cell_wrong(ce, ROW_TYPE,
		    "must be a JSON array, each element %s",
		    items[items_of(f)].rule);
	fits = array_from_json(f, a, v, out, ce);
	json_decref(v);
	return fits;
}

static enum err_code
array_define(struct field *f, struct arena *a, struct err *e)
{
	(void)a;
	if (items_of(f) < ITEMS)
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "field_format of an array must be string, number, integer or "
	    "boolean, the type of its elements, or not given: strings or "
	    "numbers");
}

const struct field_type field_type_array = {
    .allows = ALLOW_SEARCH | ALLOW_LENGTH | ALLOW_ITEMS,
    .trims = true,
    .from_text = array_from_text,
    .from_json = array_from_json,
    .to_text = plain_to_text,
    .define = array_define,
};
