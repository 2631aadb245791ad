/* Values that were stored under one definition of their field, and follow
 * another. */
#include "model/field_change.h"

#include <string.h>

#include "model/search.h"
#include "model/types/types.h"

/* Types whose values have the same JSON, and the same fold. */
enum family { TEXT, NUMERIC, TRUTH, DAY, LIST };

static enum family
family_of(const struct field *f)
{
	switch (f->type) {
	case FIELD_STRING:
	case FIELD_ENUM:
		return TEXT;
	case FIELD_NUMBER:
	case FIELD_INTEGER:
	case FIELD_CURRENCY:
		return NUMERIC;
	case FIELD_BOOLEAN:
		return TRUTH;
	case FIELD_DATE:
		return DAY;
	default:
		return LIST;
	}
}

const struct field *
field_as_stored(const struct field *f, const struct schema *s, uint32_t layout)
{
	return f->was && layout < s->layout ? f->was : f;
}

bool
field_alters_values(const struct field *was, const struct field *f)
{
	return family_of(was) != family_of(f);
}

bool
field_alters_layout(const struct field *was, const struct field *f)
{
	return was->pii != f->pii || field_alters_values(was, f) ||
	       strcmp(was->name, f->name) != 0;
}

uint32_t
field_index_id(const struct field *f)
{
	return f->unique || f->indexing ? field_unique_id(f) : 0;
}

bool
field_alters_index(const struct field *was, const struct field *f)
{
	uint32_t id = field_index_id(f);

	return id && (id != field_index_id(was) || field_alters_values(was, f));
}

/* Reads the text of a value by the form of f's type alone. A date that is no
 * date of f's pattern may be one as dates are stored. */
static bool
read_text(const struct field *f, struct arena *a, const struct buf *text,
    struct buf *out, struct cell_error *ce)
{
	struct field form = *f, stored;
	const char *s = text->len ? text->data : "";
	struct err e;

	form.max_length = UINT32_MAX;
	form.regex_text = NULL;
	if (field_from_text(&form, a, s, text->len, out, ce))
		return true;
	if (f->type != FIELD_DATE)
		return false;
	stored = form;
	stored.format = "yyyy-MM-dd";
	return !field_type_of(f)->define(&stored, a, &e) &&
	       field_from_text(&stored, a, s, text->len, out,
	           &(struct cell_error){.code = ROW_FORMAT});
}

bool
field_convert(const struct field *was, const struct field *f, const char *json,
    size_t n, struct buf *out, struct cell_error *ce)
{
	struct arena *a;
	struct buf text = {0};
	bool right;

	if (!field_alters_values(was, f)) {
		buf_add(out, json, n);
		return true;
	}
	a = arena_new(4096);
	field_type_of(was)->to_text(was, a, json, n, &text);
	right = read_text(f, a, &text, out, ce);
	buf_free(&text);
	arena_free(&a);
	return right;
}

bool
field_check_stored(const struct field *f, struct arena *a, const char *json,
    size_t n, struct cell_error *ce)
{
	struct buf text = {0}, again = {0};
	bool right;

	if (f->type == FIELD_DATE || f->type == FIELD_BOOLEAN)
		return true;
	field_type_of(f)->to_text(f, a, json, n, &text);
	right = field_from_text(
	    f, a, text.len ? text.data : "", text.len, &again, ce);
	if (right && (again.len != n || memcmp(again.data, json, n)))
		right = cell_wrong(
		    ce, ROW_FORMAT, "must be written without outer spaces");
	buf_free(&text);
	buf_free(&again);
	return right;
}

static bool
same_text(const char *x, const char *y)
{
	return x == y || (x && y && !strcmp(x, y));
}

/* Whether an option is there no more. */
static bool
options_lost(const struct field *old, const struct field *f)
{
	unsigned i, j;

	for (i = 0; i < old->noptions; i++) {
		for (j = 0; j < f->noptions; j++) {
			if (!strcmp(old->options[i], f->options[j]))
				break;
		}
		if (j == f->noptions)
			return true;
	}
	return false;
}

bool
field_may_break(const struct field *old, const struct field *f)
{
	unsigned allows = field_type_of(f)->allows;

	if (old->type != f->type)
		return true;
	if (f->type == FIELD_CURRENCY && strcmp(old->format, f->format))
		return true;
	if (f->type == FIELD_ARRAY && *f->format &&
	    strcmp(old->format, f->format) != 0)
		return true;
	return (allows & ALLOW_LENGTH && f->max_length < old->max_length) ||
	       (f->regex_text && !same_text(f->regex_text, old->regex_text)) ||
	       options_lost(old, f);
}

bool
field_disturbs(const struct field *old, const struct field *f)
{
	return old->type != f->type || !same_text(old->format, f->format) ||
	       field_alters_layout(old, f) || field_alters_search(old, f) ||
	       field_index_id(old) != field_index_id(f) ||
	       field_may_break(old, f);
}
