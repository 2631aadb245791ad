/* A schema document as a whole. */
#include <stdlib.h>
#include <string.h>

#include "model/regex.h"
#include "model/schema_property.h"
#include "model/schema_words.h"

#define AUDIENCE "scv:customer"
#define PROPERTY "scv:property:"

/* A document while it is read. */
struct document {
	const json_t *v;
	const struct schema *old;
	struct arena *a;
	struct schema_doc *out;
	struct schema_faults *faults;
	json_t *words, *aliases;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
read_schema_word(struct document *d, const json_t *v)
{
	static const char *const names[] = {
	    "http://json-schema.org/draft-07/schema#",
	    "http://json-schema.org/draft-07/schema",
	    "https://json-schema.org/draft-07/schema#",
	    "https://json-schema.org/draft-07/schema"};
	const char *text = json_string_value(v);
	size_t i;

	for (i = 0; text && i < COUNT(names); i++) {
		if (!strcmp(names[i], text))
			return;
	}
	schema_fault(d->faults, "", "$schema", "must be \"%s\"", names[0]);
}

static void
read_type(struct document *d, const json_t *v)
{
	const char *text = json_string_value(v);

	if (!text || strcmp(text, "object") != 0)
		schema_fault(d->faults, "", "type", "must be \"object\"");
}

static void
keep_text(struct document *d, const json_t *v, const char *word)
{
	const char *wrong = schema_text_wrong(v);

	if (*wrong)
		schema_fault(d->faults, "", word, "%s", wrong);
	else
		json_object_set(d->words, word, (json_t *)v);
}

static void
read_title(struct document *d, const json_t *v)
{
	keep_text(d, v, "title");
}

static void
read_description(struct document *d, const json_t *v)
{
	keep_text(d, v, "description");
}

/* What no property says is never kept. */
static void
read_additional(struct document *d, const json_t *v)
{
	if (jv_type(v) == JV_BOOL && !json_is_true(v))
		json_object_set(d->words, "additionalProperties", (json_t *)v);
	else
		schema_fault(d->faults, "", "additionalProperties",
		    "must be false: attributes have to be declared");
}

static int
compare_names(const void *x, const void *y)
{
	return strcmp(
	    ((const struct field *)x)->name, ((const struct field *)y)->name);
}

static struct field *
find(const struct document *d, const char *name)
{
	struct field key = {.name = name};

	return d->out->n ? bsearch(&key, d->out->fields, d->out->n, sizeof(key),
	                       compare_names)
	                 : NULL;
}

/* A field that was read in part keeps its name, so that what else the document
 * says of it is not wrong too. */
static void
read_property(struct document *d, const char *name, const json_t *v)
{
	const struct field *old = schema_find(d->old, name, strlen(name));
	struct field *f;

	if (property_is_alias(v)) {
		if (property_read_alias(name, v, d->a, d->faults))
			json_object_set(d->aliases, name, (json_t *)v);
		else
			json_object_set_new(d->aliases, name, json_null());
		return;
	}
	f = &d->out->fields[d->out->n++];
	property_read(
	    name, v, old && !old->builtin ? old : NULL, d->a, d->faults, f);
	f->name = arena_strdup(d->a, name);
	f->nname = strlen(name);
	if (!f->display_name)
		f->display_name = f->name;
}

static void
read_properties(struct document *d, const json_t *v)
{
	size_t n = json_object_size(v);
	const char *name;
	json_t *property;

	if (jv_type(v) != JV_OBJECT) {
		schema_fault(d->faults, "", "properties", "must be an object");
		return;
	}
	d->out->fields = arena_calloc(d->a, n, sizeof(*d->out->fields));
	json_object_foreach((json_t *)v, name, property)
	{
		read_property(d, name, property);
	}
	if (d->out->n)
		qsort(d->out->fields, d->out->n, sizeof(*d->out->fields),
		    compare_names);
	if (d->out->n > FIELDS_MAX || json_object_size(d->aliases) > FIELDS_MAX)
		schema_fault(d->faults, "", "properties",
		    "must be at most %d, and as many names of system "
		    "attributes",
		    FIELDS_MAX);
}

/* Fields that cannot stand beside one another. */
static void
check_beside(struct document *d)
{
	struct arena *a = arena_new(65536);
	const char *where;
	struct err e;
	unsigned i, j;

	for (i = 0; i < d->out->n && d->out->n <= FIELDS_MAX; i++) {
		const struct field *f = &d->out->fields[i];

		arena_reset(a);
		for (j = 0; j < i; j++) {
			const struct field *other = &d->out->fields[j];

			if (!field_fits(f, other, a, &e))
				continue;
			where = f->role && other->role &&
			                !strcmp(f->role, other->role)
			            ? "x-scv-source"
			            : "title";
			schema_fault(d->faults, property_pointer(d->a, f->name),
			    where, "%s", err_text(&e));
		}
	}
	arena_free(&a);
}

static void
read_required(struct document *d, const json_t *v)
{
	const char *at = "/required";
	struct field *f;
	char step[24];
	size_t i;

	if (jv_type(v) != JV_ARRAY)
		schema_fault(
		    d->faults, "", "required", "must be an array of names");
	for (i = 0; i < json_array_size(v); i++) {
		const char *name = json_string_value(json_array_get(v, i));

		snprintf(step, sizeof(step), "%zu", i);
		f = name ? find(d, name) : NULL;
		if (!f)
			schema_fault(d->faults, at, step,
			    name && json_object_get(d->aliases, name)
			        ? "is an attribute that nobody writes"
			        : "is no property");
		else if (f->required)
			schema_fault(d->faults, at, step, "is named twice");
		else
			f->required = true;
	}
}

/* What there is under a name. */
enum subject { NOTHING, WRITABLE, READABLE };

static enum subject
subject_of(const struct document *d, const char *name)
{
	unsigned i;

	if (find(d, name))
		return WRITABLE;
	if (json_object_get(d->aliases, name) ||
	    system_attribute_find(name) != SYSTEM_ATTRIBUTES)
		return READABLE;
	for (i = 0; i < FIELD_ROLES; i++) {
		struct field f;

		field_builtin((enum field_role_id)i, &f);
		if (!strcmp(f.name, name))
			return WRITABLE;
	}
	return NOTHING;
}

static void
read_access(struct document *d, const char *at, enum subject subject,
    const json_t *list)
{
	unsigned seen = 0, bit;
	char step[24];
	size_t i;

	if (jv_type(list) != JV_ARRAY)
		schema_fault(d->faults, at, "", "must be an array");
	for (i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));

		snprintf(step, sizeof(step), "%zu", i);
		bit = word && !strcmp(word, "read")    ? ACCESS_READ
		      : word && !strcmp(word, "write") ? ACCESS_WRITE
		                                       : 0;
		if (!bit)
			schema_fault(d->faults, at, step,
			    "must be \"read\" or \"write\"");
		else if (seen & bit)
			schema_fault(d->faults, at, step, "is named twice");
		else if (bit == ACCESS_WRITE && subject == READABLE)
			schema_fault(d->faults, at, step,
			    "is not possible: nobody writes this attribute");
		seen |= bit;
	}
}

static void
read_audience(struct document *d, const char *at, const json_t *v)
{
	json_t *kept = json_object(), *list;
	const size_t n = strlen(PROPERTY);
	enum subject subject;
	const char *name;

	if (jv_type(v) != JV_OBJECT)
		schema_fault(d->faults, at, "", "must be an object");
	json_object_foreach((json_t *)v, name, list)
	{
		subject = strncmp(name, PROPERTY, n) ? NOTHING
		                                     : subject_of(d, name + n);
		if (subject == NOTHING)
			schema_fault(d->faults, at, name,
			    "must be \"" PROPERTY "\" and the name of a "
			    "property");
		else
			read_access(
			    d, pointer_add(d->a, at, name), subject, list);
		if (subject != NOTHING)
			json_object_set(kept, name + n, list);
	}
	json_object_set_new(d->words, "permissions", kept);
}

static void
read_permissions(struct document *d, const json_t *v)
{
	const char *at = "/x-scv-permissions", *name;
	json_t *audience;

	if (jv_type(v) != JV_OBJECT)
		schema_fault(d->faults, at, "", "must be an object");
	json_object_foreach((json_t *)v, name, audience)
	{
		if (strcmp(name, AUDIENCE) != 0)
			schema_fault(d->faults, at, name,
			    "must be \"" AUDIENCE "\": there are no others");
		else
			read_audience(d, pointer_add(d->a, at, name), audience);
	}
}

/* In the order in which they are read. */
static const struct {
	const char *name;
	void (*read)(struct document *d, const json_t *v);
} words[] = {
    {"$schema", read_schema_word},
    {"title", read_title},
    {"description", read_description},
    {"type", read_type},
    {"properties", read_properties},
    {"required", read_required},
    {"additionalProperties", read_additional},
    {"x-scv-permissions", read_permissions},
};

static void
refuse_unknown(struct document *d)
{
	const char *name;
	size_t i;
	json_t *v;

	json_object_foreach((json_t *)d->v, name, v)
	{
		for (i = 0; i < COUNT(words); i++) {
			if (!strcmp(words[i].name, name))
				break;
		}
		if (i == COUNT(words))
			schema_fault(d->faults, "", name,
			    "is a word that no workspace can express");
		else if (jv_type(v) == JV_NULL)
			schema_fault(d->faults, "", name, "must not be null");
	}
	if (!json_object_get(d->v, "properties"))
		schema_fault(d->faults, "", "properties", "is missing");
}

static void
finish(struct document *d)
{
	struct buf text = {0};

	check_beside(d);
	if (json_object_size(d->aliases))
		json_object_set(d->words, "aliases", d->aliases);
	if (json_object_size(d->words)) {
		jv_write(&text, d->words, true);
		d->out->words = arena_strdup(d->a, text.data);
		buf_free(&text);
	}
}

enum err_code
schema_doc_read(const json_t *doc, const struct schema *old, struct arena *a,
    struct schema_doc *out, struct schema_faults *faults, struct err *e)
{
	struct document d = {
	    .v = doc, .old = old, .a = a, .out = out, .faults = faults};
	size_t i;

	*out = (struct schema_doc){.n = 0};
	*faults = (struct schema_faults){.arena = a};
	d.words = json_object();
	d.aliases = json_object();
	refuse_unknown(&d);
	for (i = 0; i < COUNT(words); i++) {
		const json_t *v = json_object_get(doc, words[i].name);

		if (v && jv_type(v) != JV_NULL)
			words[i].read(&d, v);
	}
	finish(&d);
	json_decref(d.words);
	json_decref(d.aliases);
	if (faults->n)
		return err_set(e, ERR_BAD_REQUEST, "the schema is not valid");
	return ERR_OK;
}

void
schema_doc_release(struct schema_doc *doc)
{
	unsigned i;

	for (i = 0; i < doc->n; i++) {
		if (doc->fields[i].regex)
			regex_free(doc->fields[i].regex);
	}
	doc->n = 0;
}
