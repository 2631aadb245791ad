/* Booleans: true and false, under several names. */
#include "model/types/types.h"

#include <strings.h>
#include <string.h>

static const struct {
	const char *text;
	bool value;
} words[] = {
    {"true", true},
    {"false", false},
    {"yes", true},
    {"no", false},
    {"1", true},
    {"0", false},
};

static bool
boolean_from_text(const struct field *f, struct arena *a, const char *s,
    size_t n, struct buf *out, struct cell_error *ce)
{
	size_t i;

	(void)f;
	(void)a;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].text) == n &&
		    !strncasecmp(words[i].text, s, n)) {
			buf_adds(out, words[i].value ? "true" : "false");
			return true;
		}
	}
	return cell_wrong(
	    ce, ROW_TYPE, "must be true or false, yes or no, 1 or 0");
}

static bool
boolean_from_json(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce)
{
	size_t n;
	const char *s = number_text(v, &n);

	if (jv_type(v) == JV_BOOL) {
		buf_adds(out, json_is_true(v) ? "true" : "false");
		return true;
	}
	return boolean_from_text(f, a, s ? s : "", n, out, ce);
}

const struct field_type field_type_boolean = {
    .allows = ALLOW_ROLE,
    .trims = true,
    .from_text = boolean_from_text,
    .from_json = boolean_from_json,
    .to_text = plain_to_text,
};
