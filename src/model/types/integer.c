/* Integers: whole numbers of 64 bits. */
#include "model/types/types.h"

#include <string.h>

static bool
integer_from_text(const struct field *f, struct arena *a, const char *s,
    size_t n, struct buf *out, struct cell_error *ce)
{
	static const char rule[] = "must be a whole number";

	(void)f;
	(void)a;
	if (!number_check(rule, s, n, ce))
		return false;
	if (memchr(s, '.', n) || memchr(s, 'e', n) || memchr(s, 'E', n))
		return cell_wrong(ce, ROW_TYPE, "%s", rule);
	buf_add(out, s, n);
	return true;
}

static bool
integer_from_json(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce)
{
	size_t n;
	const char *s = number_text(v, &n);

	if (!s)
		return cell_wrong(ce, ROW_TYPE, "must be a whole number");
	return integer_from_text(f, a, s, n, out, ce);
}

const struct field_type field_type_integer = {
    .allows = ALLOW_UNIQUE | ALLOW_SEARCH,
    .trims = true,
    .from_text = integer_from_text,
    .from_json = integer_from_json,
    .to_text = plain_to_text,
    .fold = number_fold,
};
