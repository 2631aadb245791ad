/*
 * A property becomes a field by way of the definition that PUT /v1/cpf takes:
 * each word gives a member of it, so that the rules of fields are those of
 * field_from_definition alone.
 */
#include "model/schema_property.h"

#include <string.h>

#include "base/utf8.h"
#include "model/regex.h"
#include "model/schema_words.h"

/* What a property is of. Dates, amounts and enums are strings and numbers by
 * their type; RULED ones are given by x-scv-source. */
enum { STRING = 1, NUMBER = 2, INTEGER = 4, BOOLEAN = 8, ARRAY = 16 };
#define ANY (STRING | NUMBER | INTEGER | BOOLEAN | ARRAY)

/* A property while it is read. */
struct reader {
	const char *name, *pointer;
	const json_t *v;
	const struct field *old;
	struct arena *a;
	struct schema_faults *faults;
	const struct field_role *role;
	unsigned type; /* one of the above; 0: unknown */
	json_t *def;   /* the definition */
	json_t *words; /* what is kept beside */
};

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

	if (v && jv_type(v) != JV_STRING)
		fault(r, "description", "must be a string");
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

/* What a document that does not say it leaves as it is. */
static void
keep_unique(struct reader *r)
{
	const char *name =
	    json_string_value(json_object_get(r->def, "field_type"));
	struct field f = {.type = field_type_find(name)};

	if (json_object_get(r->def, "unique") || (r->role && r->role->key))
		return;
	if (r->old && (r->old->unique || r->old->indexing) &&
	    field_type_of(&f)->allows & ALLOW_UNIQUE)
		json_object_set_new(r->def, "unique", json_true());
}

/* Members of a definition by the words that give them. */
static const struct {
	const char *member, *word;
} origins[] = {
    {"field_name", ""},
    {"display_name", "title"},
    {"field_type", "type"},
    {"field_format", "x-coffer-format"},
    {"pii", "x-pii"},
    {"unique", "x-coffer-unique"},
    {"max_length", "maxLength"},
    {"options", "enum"},
    {"regex", "pattern"},
    {"role", "x-scv-source"},
};

/* Tells an error of the definition in the document's words, and takes the
 * member out. False if no member is to blame. */
static bool
tell(struct reader *r, const struct err *e)
{
	const char *text = err_text(e), *where;
	size_t i, n;

	for (i = 0; i < COUNT(origins); i++) {
		n = strlen(origins[i].member);
		if (!strncmp(text, origins[i].member, n) && text[n] == ' ')
			break;
	}
	if (i == COUNT(origins)) {
		fault(r, "", text);
		return false;
	}
	where = origins[i].word;
	if (!strcmp(where, "maxLength") && r->type == ARRAY)
		schema_fault(r->faults, pointer_add(r->a, r->pointer, "items"),
		    where, "%s", text + n + 1);
	else if (!strcmp(where, "title") && !word(r, "title"))
		schema_fault(
		    r->faults, r->pointer, "", "its name %s", text + n + 1);
	else
		schema_fault(r->faults, r->pointer, where, "%s%s",
		    *where ? "" : "its name ", text + n + 1);
	json_object_del(r->def, origins[i].member);
	return *where && strcmp(where, "type") != 0;
}

static void
release(struct field *f)
{
	if (f->regex)
		regex_free(f->regex);
}

/* Defines the field; every member that is wrong is told. */
static void
define(struct reader *r, struct field *out)
{
	struct err e;

	while (field_from_definition(r->def, r->a, out, &e)) {
		release(out);
		if (e.code == ERR_MISSING_FIELDS || !tell(r, &e))
			break;
	}
}

/* A default is a value that the field could have. */
static void
read_default(struct reader *r, const struct field *f)
{
	const json_t *v = word(r, "default");
	struct buf out = {0};
	struct cell_error ce;

	if (!v || jv_type(v) == JV_NULL)
		return;
	if (field_from_json(f, r->a, v, &out, &ce))
		json_object_set(r->words, "default", (json_t *)v);
	else
		fault(r, "default", ce.text);
	buf_free(&out);
}

static const char *
words_text(const json_t *v, struct arena *a)
{
	struct buf text = {0};
	const char *copy;

	if (!json_object_size(v))
		return NULL;
	jv_write(&text, v, true);
	copy = arena_strdup(a, text.data);
	buf_free(&text);
	return copy;
}

static void
read_words(struct reader *r)
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

bool
property_read(const char *name, const json_t *v, const struct field *old,
    struct arena *a, struct schema_faults *faults, struct field *out)
{
	struct reader r = {.name = name,
	    .pointer = property_pointer(a, name),
	    .v = v,
	    .old = old,
	    .a = a,
	    .faults = faults};
	unsigned before = faults->n;

	*out = (struct field){0};
	if (jv_type(v) != JV_OBJECT) {
		fault(&r, "", "must be an object");
		return false;
	}
	r.def = json_object();
	r.words = json_object();
	give(&r, "field_name", name);
	read_words(&r);
	if (json_object_get(r.def, "field_type")) {
		keep_unique(&r);
		define(&r, out);
	}
	if (faults->n == before) {
		read_default(&r, out);
		out->words = words_text(r.words, a);
	}
	json_decref(r.def);
	json_decref(r.words);
	return faults->n == before;
}

/* The words that still hold of a definition. */
enum err_code
property_words_keep(
    const struct field *old, struct arena *a, struct field *f, struct err *e)
{
	json_t *v = NULL, *value;
	struct buf out = {0};
	struct cell_error ce;
	enum err_code err;

	f->words = NULL;
	if (!old->words)
		return ERR_OK;
	err = json_read_mem(old->words, strlen(old->words), &v, e);
	if (err)
		return err_fault(
		    e, ERR_INTERNAL, "stored words of a field cannot be read");
	value = json_object_get(v, "default");
	if (value && !field_from_json(f, a, value, &out, &ce))
		json_object_del(v, "default");
	if (!f->searchable)
		json_object_del(v, "searchable");
	if (!f->role)
		json_object_del(v, "typed");
	if (strcmp(f->name, f->display_name) != 0)
		json_object_del(v, "titled");
	f->words = words_text(v, a);
	buf_free(&out);
	json_decref(v);
	return ERR_OK;
}
