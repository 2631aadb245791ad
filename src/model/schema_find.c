/* Fields of a schema, by what they are called. */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "model/field.h"
#include "model/types/types.h"

bool
schema_is_empty(const struct schema *s)
{
	return !s->n || s->fields[s->n - 1].builtin;
}

struct field *
schema_role(const struct schema *s, enum field_role_id role)
{
	struct field wanted;
	unsigned i;

	field_builtin(role, &wanted);
	for (i = 0; i < s->n; i++) {
		if (s->fields[i].role &&
		    !strcmp(s->fields[i].role, wanted.role))
			return &s->fields[i];
	}
	assert(!"every schema has every role");
	return NULL;
}

struct field *
schema_find_attribute(const struct schema *s, const char *name)
{
	struct field f;
	unsigned i;

	for (i = 0; i < FIELD_ROLES; i++) {
		field_builtin((enum field_role_id)i, &f);
		if (!strcmp(f.name, name))
			return schema_role(s, (enum field_role_id)i);
	}
	return NULL;
}

bool
schema_is_leaving(const struct schema *s, const char *name, size_t n)
{
	unsigned i;

	for (i = 0; i < s->nleaving; i++) {
		if (!text_compare(name, n, s->leaving[i].name))
			return true;
	}
	return false;
}

struct field *
schema_find(const struct schema *s, const char *name, size_t n)
{
	unsigned low = 0, high = s->n;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		int order = text_compare(name, n, s->fields[mid].name);

		if (!order)
			return &s->fields[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

struct field *
schema_find_stored(
    const struct schema *s, uint32_t layout, const char *name, size_t n)
{
	unsigned i;

	if (!s->renaming || layout >= s->layout)
		return schema_find(s, name, n);
	for (i = 0; i < s->n; i++) {
		const struct field *f =
		    field_as_stored(&s->fields[i], s, layout);

		if (!text_compare(name, n, f->name))
			return &s->fields[i];
	}
	return NULL;
}

struct field *
schema_by_id(const struct schema *s, uint32_t id)
{
	const struct field_role *role;
	unsigned i;

	for (i = 0; i < s->n; i++) {
		if (s->fields[i].id == id)
			return &s->fields[i];
	}
	for (i = 0; i < s->n && id < FIELD_FIRST_ID; i++) {
		role = field_role_find(s->fields[i].role);
		if (role && role->id == id)
			return &s->fields[i];
	}
	return NULL;
}

static bool
is_ascii(const char *s, size_t n)
{
	while (n && (unsigned char)s[n - 1] < 0x80)
		n--;
	return !n;
}

static bool
same_column(
    struct arena *a, const char *display, const char *s, size_t n, bool ascii)
{
	size_t len = strlen(display);

	if (ascii && is_ascii(display, len))
		return len == n && !strncasecmp(display, s, n);
	return utf8_equal_fold(a, display, len, s, n);
}

struct field *
schema_find_column(
    const struct schema *s, struct arena *a, const char *text, size_t n)
{
	struct field *f;
	unsigned i;
	bool ascii;

	if (!utf8_valid(text, n))
		return NULL;
	text = utf8_trim(text, &n);
	if ((f = schema_find(s, text, n)))
		return f;
	ascii = is_ascii(text, n);
	for (i = 0; i < s->n; i++) {
		f = &s->fields[i];
		if (same_column(a, f->display_name, text, n, ascii))
			return f;
	}
	return NULL;
}
