/* The definition that a change makes of an old one. */

#include "model/field_change.h"
#include "model/schema_doc.h"

/* Members that a type may not have, and the flag that says so. */
static const struct {
	unsigned flag;
	const char *member;
} parts[] = {
    {ALLOW_FORMAT | ALLOW_ITEMS, "field_format"},
    {ALLOW_OPTIONS, "options"},
    {ALLOW_LENGTH, "max_length"},
    {ALLOW_REGEX, "regex"},
    {ALLOW_ROLE, "role"},
};

static bool
is_given(const json_t *body, const char *member)
{
	return json_object_get(body, member) != NULL;
}

/* A new type: what it cannot have goes, and what means something else to it. */
static void
drop_parts(json_t *def, const json_t *body, const struct field *old)
{
	const json_t *type = json_object_get(body, "field_type");
	struct field f = {.type = FIELD_TYPES};
	size_t i;

	if (jv_type(type) == JV_STRING)
		f.type = field_type_find(json_string_value(type));
	if (f.type == FIELD_TYPES || f.type == old->type)
		return;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		bool kept = field_type_of(&f)->allows & parts[i].flag &&
		            !(parts[i].flag & ALLOW_FORMAT);

		if (!kept && !is_given(body, parts[i].member))
			json_object_del(def, parts[i].member);
	}
}

/* A field that is given a role becomes what such fields are. */
static void
drop_switches(json_t *def, const json_t *body)
{
	const struct field_role *role =
	    field_role_find(json_string_value(json_object_get(body, "role")));

	if (!role || !role->key)
		return;
	if (!is_given(body, "pii"))
		json_object_del(def, "pii");
	if (!is_given(body, "unique"))
		json_object_del(def, "unique");
}

enum err_code
field_redefine(const json_t *body, const struct field *old, struct arena *a,
    struct field *out, struct err *e)
{
	struct buf text = {0};
	json_t *def = NULL;
	const char *name;
	json_t *v;
	enum err_code err;

	field_write(&text, old);
	err = json_read_mem(text.data, text.len, &def, e);
	buf_free(&text);
	if (err)
		return err;
	drop_parts(def, body, old);
	drop_switches(def, body);
	/* Jansson's macro casts const away from what it only reads. */
	json_object_foreach((json_t *)body, name, v)
	    json_object_set(def, name, v);
	err = field_from_definition(def, a, out, e);
	json_decref(def);
	out->id = old->id;
	return err ? err : property_words_keep(old, a, out, e);
}
