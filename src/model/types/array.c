/* Arrays of strings or numbers; in a CSV cell, JSON text. */
#include "model/types/types.h"

#include <stdio.h>
#include <string.h>

static bool
element_fits(
    const struct field *f, size_t i, const json_t *v, struct cell_error *ce)
{
	char what[40];

	snprintf(what, sizeof(what), "element %zu ", i + 1);
	switch (jv_type(v)) {
	case JV_STRING:
		return length_fits(
		    f, what, json_string_value(v), json_string_length(v), ce);
	case JV_NUMBER:
		return number_check("must be an array of strings or numbers",
		    jv_number(v), strlen(jv_number(v)), ce);
	default:
		return cell_wrong(
		    ce, ROW_TYPE, "%smust be a string or a number", what);
	}
}

static bool
array_from_json(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce)
{
	size_t i, n;

	(void)a;
	if (jv_type(v) != JV_ARRAY)
		return cell_wrong(
		    ce, ROW_TYPE, "must be a JSON array of strings or numbers");
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
		    "must be a JSON array of strings or numbers, such as "
		    "[\"a\",\"b\"]");
	fits = array_from_json(f, a, v, out, ce);
	json_decref(v);
	return fits;
}

const struct field_type field_type_array = {
    .allows = ALLOW_SEARCH | ALLOW_LENGTH,
    .trims = true,
    .from_text = array_from_text,
    .from_json = array_from_json,
    .to_text = plain_to_text,
};
