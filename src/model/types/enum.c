/* Enums: exactly one of the field's options. */
#include "model/types/types.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static bool
is_option(const struct field *f, const char *s, size_t n)
{
	unsigned low = 0, high = f->noptions;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		int order = text_compare(s, n, f->sorted[mid]);

		if (!order)
			return true;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

/* Names the options if there is room for all. */
static bool
not_an_option(const struct field *f, struct cell_error *ce)
{
	static const char rule[] = "must be one of: ";
	struct buf b = {.max = sizeof(ce->text) - sizeof(rule)};
	unsigned i;

	for (i = 0; i < f->noptions && !b.overflow; i++) {
		buf_adds(&b, i ? ", " : "");
		buf_adds(&b, f->options[i]);
	}
	if (b.overflow)
		cell_wrong(ce, ROW_ENUM, "must be one of the field's options");
	else
		cell_wrong(ce, ROW_ENUM, "%s%s", rule, b.data);
	buf_free(&b);
	return false;
}

static bool
enum_from_text(const struct field *f, struct arena *a, const char *s, size_t n,
    struct buf *out, struct cell_error *ce)
{
	(void)a;
	if (!is_option(f, s, n))
		return not_an_option(f, ce);
	buf_add_json(out, s, n);
	return true;
}

static bool
enum_from_json(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce)
{
	if (jv_type(v) != JV_STRING)
		return cell_wrong(ce, ROW_TYPE,
		    "must be a string: one of the field's options");
	return enum_from_text(
	    f, a, json_string_value(v), json_string_length(v), out, ce);
}

static enum err_code
check_option(const char *s, struct err *e)
{
	size_t n = strlen(s), trimmed = n;

	utf8_trim(s, &trimmed);
	if (!n || trimmed < n)
		return err_set(e, ERR_BAD_REQUEST,
		    "options must not be empty, nor begin or end with white "
		    "space");
	if (utf8_length(s, n) > FIELD_LENGTH_DEFAULT)
		return err_set(e, ERR_BAD_REQUEST,
		    "each of the options must have at most %d characters",
		    FIELD_LENGTH_DEFAULT);
	return ERR_OK;
}

static int
by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static enum err_code
enum_define(struct field *f, struct arena *a, struct err *e)
{
	enum err_code err;
	size_t bytes = 0;
	unsigned i;

	if (!f->noptions || f->noptions > FIELD_OPTIONS_MAX)
		return err_set(e, ERR_BAD_REQUEST,
		    "options must be an array of 1 to %d strings",
		    FIELD_OPTIONS_MAX);
	f->sorted = arena_calloc(a, f->noptions, sizeof(*f->sorted));
	for (i = 0; i < f->noptions; i++) {
		if ((err = check_option(f->options[i], e)))
			return err;
		f->sorted[i] = f->options[i];
		bytes += strlen(f->options[i]);
	}
	if (bytes > FIELD_OPTIONS_BYTES)
		return err_set(e, ERR_BAD_REQUEST,
		    "options must have at most %d bytes together",
		    FIELD_OPTIONS_BYTES);
	qsort(f->sorted, f->noptions, sizeof(*f->sorted), by_text);
	for (i = 1; i < f->noptions; i++) {
		if (!strcmp(f->sorted[i - 1], f->sorted[i]))
			return err_set(e, ERR_BAD_REQUEST,
			    "options must not repeat one another");
	}
	return ERR_OK;
}

const struct field_type field_type_enum = {
    .allows = ALLOW_UNIQUE | ALLOW_SEARCH | ALLOW_OPTIONS,
    .trims = true,
    .from_text = enum_from_text,
    .from_json = enum_from_json,
    .to_text = string_to_text,
    .fold = string_fold,
    .define = enum_define,
};
