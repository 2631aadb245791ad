#include "scv/attribute.h"

#include <stdlib.h>
#include <string.h>

static const char *const system_names[] = {
#define X(name, text) text,
#include "tbl/attributes.h"
#undef X
};

static const char *const role_names[] = {
#define X(name, text, id, attribute, type, key) attribute,
#include "tbl/field_roles.h"
#undef X
};

static bool
is(const char *name, size_t n, const char *text)
{
	return strlen(text) == n && !memcmp(name, text, n);
}

static void
set_field(struct attribute *out, const char *name, const struct field *f)
{
	*out = (struct attribute){
	    .name = name, .field = f, .own = !f->builtin && *name != '$'};
}

static void
set_system(struct attribute *out, const char *name, enum system_attribute a)
{
	*out =
	    (struct attribute){.name = name, .system = a, .own = *name != '$'};
}

static bool
find_system(
    const struct schema *s, const char *name, size_t n, struct attribute *out)
{
	unsigned i;

	for (i = 0; i < FIELD_ROLES; i++) {
		if (!is(name, n, role_names[i]))
			continue;
		set_field(out, role_names[i], schema_role(s, i));
		return true;
	}
	for (i = 0; i < SYSTEM_ATTRIBUTES; i++) {
		if (!is(name, n, system_names[i]))
			continue;
		set_system(out, system_names[i], i);
		return true;
	}
	return false;
}

bool
attribute_find(
    const struct schema *s, const char *name, size_t n, struct attribute *out)
{
	const struct field *f = schema_find(s, name, n);
	unsigned i;

	if (f) {
		set_field(out, f->name, f);
		return true;
	}
	for (i = 0; i < s->naliases; i++) {
		if (!is(name, n, s->aliases[i].name))
			continue;
		set_system(out, s->aliases[i].name, s->aliases[i].source);
		return true;
	}
	return find_system(s, name, n, out);
}

static int
compare(const void *a, const void *b)
{
	const struct attribute *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct attribute *
attribute_list(const struct schema *s, struct arena *a, unsigned *n_out)
{
	unsigned room = s->n + s->naliases + FIELD_ROLES + SYSTEM_ATTRIBUTES;
	struct attribute *list = arena_calloc(a, room, sizeof(*list));
	const struct field *f;
	unsigned i, n = 0;

	for (i = 0; i < s->n; i++)
		set_field(&list[n++], s->fields[i].name, &s->fields[i]);
	for (i = 0; i < FIELD_ROLES; i++) {
		f = schema_role(s, i);
		if (!f->builtin)
			set_field(&list[n++], role_names[i], f);
	}
	for (i = 0; i < SYSTEM_ATTRIBUTES; i++)
		set_system(&list[n++], system_names[i], i);
	for (i = 0; i < s->naliases; i++)
		set_system(
		    &list[n++], s->aliases[i].name, s->aliases[i].source);
	qsort(list, n, sizeof(*list), compare);
	*n_out = n;
	return list;
}

static unsigned
access_of(const struct schema *s, const char *name)
{
	unsigned i;

	for (i = 0; i < s->npermissions; i++)
		if (!strcmp(s->permissions[i].name, name))
			return s->permissions[i].access;
	return 0;
}

unsigned
attribute_access(const struct schema *s, const struct attribute *a)
{
	unsigned access = access_of(s, a->name);

	if (a->field)
		return access | access_of(s, a->field->name);
	return access & ACCESS_READ;
}
