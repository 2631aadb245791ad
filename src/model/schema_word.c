/* The words of properties. */
#include "model/schema_reader.h"

#include <string.h>

#include "base/utf8.h"
#include "model/schema_words.h"

static const struct {
	const char *name;
	unsigned bit;
} types[] = {{"string", STRING}, {"number", NUMBER}, {"integer", INTEGER},
    {"boolean", BOOLEAN}, {"array", ARRAY}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const json_t *
word(const struct reader *r, const char *name)
{
	return json_object_get(r->v, name);
}

static void
fault(struct reader *r, const char *step, const char *text)
{
	schema_fault(r->faults, r->pointer, step, "%s", text);
}

static void
give(struct reader *r, const char *member, const char *text)
{
	json_object_set_new(r->def, member, json_string(text));
}

/* As it came; field_from_definition looks at it. */
static void
pass(struct reader *r, const char *name, const char *member)
{
	if (word(r, name))
		json_object_set(r->def, member, (json_t *)word(r, name));
}

static unsigned
type_bit(const json_t *v)
{
	const char *name = json_string_value(v);
	size_t i;

	for (i = 0; jv_type(v) == JV_STRING && i < COUNT(types); i++) {
		if (!strcmp(types[i].name, name))
			return types[i].bit;
	}
	return 0;
}

/* The role that x-scv-source names; NULL if it names none. */
static const struct field_role *
source_role(const json_t *v)
{
	const char *text =
	    json_string_value(json_object_get(v, "x-scv-source"));
	const struct field_role *role;
	unsigned i;

	if (!text || strncmp(text, SOURCE_PREFIX, strlen(SOURCE_PREFIX)) != 0)
		return NULL;
	for (i = 0; i < FIELD_ROLES; i++) {
		struct field f;

		field_builtin((enum field_role_id)i, &f);
		role = field_role_find(f.role);
		if (!strcmp(text + strlen(SOURCE_PREFIX), role->attribute))
			return role;
	}
	return NULL;
}

bool
property_is_alias(const json_t *v)
{
	const char *text =
	    json_string_value(json_object_get(v, "x-scv-source"));

	return text && !strncmp(text, SOURCE_PREFIX, strlen(SOURCE_PREFIX)) &&
	       system_attribute_find(text + strlen(SOURCE_PREFIX)) !=
	           SYSTEM_ATTRIBUTES;
}

static void
read_source(struct reader *r)
{
	const json_t *type = word(r, "type");
	const char *wanted;

	r->role = source_role(r->v);
	if (!r->role) {
		fault(r, "x-scv-source",
		    "must be \"customer.\" and the name of a system "
		    "attribute, such as \"customer.$verifiedEmail\"");
		return;
	}
	r->type = r->role->type == FIELD_BOOLEAN ? BOOLEAN : STRING;
	wanted = r->type == BOOLEAN ? "boolean" : "string";
	give(r, "role", r->role->name);
	give(r, "field_type", wanted);
	if (!type)
		return;
	if (type_bit(type) != r->type)
		schema_fault(r->faults, r->pointer, "type",
		    "must be \"%s\", as that of " SOURCE_PREFIX "%s", wanted,
		    r->role->attribute);
	else
		json_object_set_new(r->words, "typed", json_true());
}

static void
read_type(struct reader *r)
{
	const json_t *type = word(r, "type");

	if (word(r, "x-scv-source")) {
		read_source(r);
		return;
	}
	r->type = type_bit(type);
	if (!type)
		fault(r, "type", "is missing");
	else if (!r->type)
		fault(r, "type",
		    "must be string, number, integer, boolean or array");
	else
		give(r, "field_type", json_string_value(type));
}

static void
read_title(struct reader *r)
{
	const char *title = json_string_value(word(r, "title"));

	pass(r, "title", "display_name");
	if (title && !strcmp(title, r->name))
		json_object_set_new(r->words, "titled", json_true());
}

static void
read_description(struct reader *r)
{
	const json_t *v = word(r, "description");
	const char *wrong = v ? schema_text_wrong(v) : "";

	if (*wrong)
		fault(r, "description", wrong);
	else if (v)
		json_object_set(r->words, "description", (json_t *)v);
}

/* The type of an array's elements. */
static void
read_item_type(struct reader *r, const char *pointer, const json_t *v)
{
	unsigned bit = type_bit(v);
	unsigned both =
	    type_bit(json_array_get(v, 0)) | type_bit(json_array_get(v, 1));

	if (jv_type(v) == JV_ARRAY && json_array_size(v) == 2 &&
	    both == (STRING | NUMBER))
		return;
	if (!v)
		schema_fault(r->faults, pointer, "type", "is missing");
	else if (!bit || bit == ARRAY)
		schema_fault(r->faults, pointer, "type",
		    "must be string, number, integer or boolean, or "
		    "[\"string\",\"number\"]");
	else
		give(r, "field_format", json_string_value(v));
}

static void
read_items(struct reader *r)
{
	const json_t *items = word(r, "items");
	const char *pointer = pointer_add(r->a, r->pointer, "items"), *name;
	json_t *v;

	if (!items || jv_type(items) != JV_OBJECT) {
		fault(r, "items", items ? "must be an object" : "is missing");
		return;
	}
	json_object_foreach((json_t *)items, name, v)
	{
		if (jv_type(v) == JV_NULL)
			schema_fault(
			    r->faults, pointer, name, "must not be null");
		else if (!strcmp(name, "maxLength"))
			json_object_set(r->def, "max_length", v);
		else if (strcmp(name, "type") != 0)
			schema_fault(r->faults, pointer, name,
			    "is a word that no field can express");
	}
	read_item_type(r, pointer, json_object_get(items, "type"));
}

static void
read_enum(struct reader *r)
{
	if (r->role)
		fault(r, "enum", "is nothing that a system attribute has");
	else
		give(r, "field_type", "enum");
	pass(r, "enum", "options");
}

static void
read_format(struct reader *r)
{
	const char *format = json_string_value(word(r, "format"));

	if (!format || strcmp(format, "date") != 0) {
		fault(r, "format", "must be \"date\"");
		return;
	}
	give(r, "field_type", "date");
	give(r, "field_format", "yyyy-MM-dd");
}

static void
read_own_format(struct reader *r)
{
	give(r, "field_type", r->type == STRING ? "date" : "currency");
	pass(r, "x-coffer-format", "field_format");
}

/* Of what is always PII and unique no other is said. */
static void
read_switch(
    struct reader *r, const char *name, const char *member, const char *text)
{
	const json_t *v = word(r, name);

	if (jv_type(v) == JV_BOOL && !json_is_true(v) && r->role &&
	    r->role->key)
		schema_fault(r->faults, r->pointer, name,
		    SOURCE_PREFIX "%s is always %s", r->role->attribute, text);
	else
		pass(r, name, member);
}

static void
read_pii(struct reader *r)
{
	read_switch(r, "x-pii", "pii", "PII");
}

static void
read_unique(struct reader *r)
{
	read_switch(r, "x-coffer-unique", "unique", "unique");
}

static void
read_searchable(struct reader *r)
{
	const json_t *v = word(r, "x-scv-searchable");
	size_t n = json_string_length(v);

	if (jv_type(v) != JV_STRING || !n ||
	    utf8_length(json_string_value(v), n) > FIELD_DISPLAY_MAX) {
		schema_fault(r->faults, r->pointer, "x-scv-searchable",
		    "must be a string of 1 to %d characters",
		    FIELD_DISPLAY_MAX);
		return;
	}
	json_object_set_new(r->def, "searchable", json_true());
	if (strcmp(json_string_value(v), r->name) != 0)
		json_object_set(r->words, "searchable", (json_t *)v);
}

static void
pass_pattern(struct reader *r)
{
	pass(r, "pattern", "regex");
}

static void
pass_length(struct reader *r)
{
	pass(r, "maxLength", "max_length");
}

/* Words, the types that have them, and how they are read; NULL: elsewhere. In
 * the order in which they are read. */
static const struct {
	const char *name;
	unsigned types;
	void (*read)(struct reader *r);
} words[] = {
    {"type", ANY, NULL},
    {"x-scv-source", ANY, NULL},
    {"default", ANY, NULL},
    {"title", ANY, read_title},
    {"description", ANY, read_description},
    {"items", ARRAY, read_items},
    {"enum", STRING, read_enum},
    {"format", STRING, read_format},
    {"x-coffer-format", STRING | NUMBER, read_own_format},
    {"maxLength", STRING, pass_length},
    {"pattern", STRING, pass_pattern},
    {"x-pii", ANY, read_pii},
    {"x-scv-searchable", STRING | NUMBER | INTEGER | ARRAY, read_searchable},
    {"x-coffer-unique", STRING | NUMBER | INTEGER, read_unique},
};

static void
refuse_unknown(struct reader *r)
{
	const char *name;
	size_t i;
	json_t *v;

	json_object_foreach((json_t *)r->v, name, v)
	{
		for (i = 0; i < COUNT(words); i++) {
			if (!strcmp(words[i].name, name))
				break;
		}
		if (i == COUNT(words))
			fault(r, name, "is a word that no field can express");
		else if (jv_type(v) == JV_NULL)
			fault(r, name, "must not be null");
		else if (r->type && !(words[i].types & r->type))
			fault(r, name,
			    "is a word that no field of this type has");
	}
}

/* Words that each make something else of a string. */
static void
refuse_both(struct reader *r)
{
	static const char *const kinds[] = {
	    "enum", "format", "x-coffer-format"};
	static const char *const rules[] = {"maxLength", "pattern"};
	const char *first = NULL;
	size_t i;

	for (i = 0; i < COUNT(kinds); i++) {
		if (!word(r, kinds[i]))
			continue;
		if (r->role && i)
			fault(r, kinds[i],
			    "is nothing that a system attribute has");
		else if (first)
			schema_fault(r->faults, r->pointer, kinds[i],
			    "cannot stand beside %s", first);
		first = kinds[i];
	}
	for (i = 0; first && i < COUNT(rules); i++) {
		if (word(r, rules[i]))
			schema_fault(r->faults, r->pointer, rules[i],
			    "cannot stand beside %s", first);
	}
}

void
property_read_words(struct reader *r)
{
	size_t i;

	read_type(r);
	refuse_unknown(r);
	refuse_both(r);
	for (i = 0; i < COUNT(words); i++) {
		const json_t *v = word(r, words[i].name);

		if (words[i].read && v && jv_type(v) != JV_NULL &&
		    words[i].types & r->type)
			words[i].read(r);
	}
	if (r->type == ARRAY && !word(r, "items"))
		read_items(r);
}
