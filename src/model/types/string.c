/* Strings: any text, bounded, perhaps matching a pattern. */
#include "model/types/types.h"

#include <string.h>

#include "model/regex.h"

static bool
pattern_fits(
    const struct field *f, const char *s, size_t n, struct cell_error *ce)
{
	struct err e;

	if (!*f->regex && regex_compile(f->regex_text, f->regex, &e))
		return cell_wrong(ce, ROW_REGEX,
		    "cannot be checked: the field's pattern is not valid");
	switch (regex_search(*f->regex, f->budget, s, n)) {
	case REGEX_MATCH:
		return true;
	case REGEX_LIMIT:
		return cell_wrong(ce, ROW_REGEX,
		    "was not accepted: matching the field's pattern took too "
		    "long");
	case REGEX_NO_MATCH:
		break;
	}
	if (strlen(f->regex_text) > 120)
		return cell_wrong(
		    ce, ROW_REGEX, "must match the field's pattern");
	return cell_wrong(
	    ce, ROW_REGEX, "must match the pattern %s", f->regex_text);
}

static bool
string_from_text(const struct field *f, struct arena *a, const char *s,
    size_t n, struct buf *out, struct cell_error *ce)
{
	(void)a;
	if (!length_fits(f, "", s, n, ce) ||
	    (f->regex_text && !pattern_fits(f, s, n, ce)))
		return false;
	buf_add_json(out, s, n);
	return true;
}

static bool
string_from_json(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce)
{
	if (jv_type(v) != JV_STRING)
		return cell_wrong(ce, ROW_TYPE, "must be a string");
	return string_from_text(
	    f, a, json_string_value(v), json_string_length(v), out, ce);
}

const struct field_type field_type_string = {
    .allows =
        ALLOW_UNIQUE | ALLOW_SEARCH | ALLOW_LENGTH | ALLOW_REGEX | ALLOW_ROLE,
    .from_text = string_from_text,
    .from_json = string_from_json,
    .to_text = string_to_text,
    .fold = string_fold,
};
