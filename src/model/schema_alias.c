/* Properties that are a tenant's own names for what nobody writes. */
#include <string.h>

#include "model/schema_property.h"
#include "model/schema_words.h"

/* What the values of an attribute are, in draft-07's words. */
static const struct {
	const char *type, *format;
} kinds[SYSTEM_ATTRIBUTES] = {
    [ATTRIBUTE_CUSTOMERID] = {"string", "uuid"},
    [ATTRIBUTE_CREATED_DATETIME] = {"string", "date-time"},
    [ATTRIBUTE_UPDATED_DATETIME] = {"string", "date-time"},
    [ATTRIBUTE_SEGMENTS] = {"array", NULL},
    [ATTRIBUTE_EVENT_LOG] = {"array", NULL},
};

/* "" if all is well. */
static const char *
wrong_word(const char *name, const json_t *v, enum system_attribute source)
{
	const char *text = json_string_value(v);

	if (!strcmp(name, "x-scv-source") || !strcmp(name, "title"))
		return "";
	if (!strcmp(name, "description"))
		return schema_text_wrong(v);
	if (!strcmp(name, "type"))
		return text && !strcmp(text, kinds[source].type)
		           ? ""
		           : "is not that of the system attribute";
	if (!strcmp(name, "format") && kinds[source].format)
		return text && !strcmp(text, kinds[source].format)
		           ? ""
		           : "is not that of the system attribute";
	return "is a word that an attribute that nobody writes does not have";
}

/* Name and title keep to the rules of fields. */
static void
check_names(const char *name, const json_t *v, const char *pointer,
    struct arena *a, struct schema_faults *faults)
{
	json_t *def = json_object(), *title = json_object_get(v, "title");
	struct field f;
	struct err e;

	json_object_set_new(def, "field_type", json_string("string"));
	json_object_set_new(def, "field_name", json_string(name));
	if (field_from_definition(def, a, &f, &e))
		schema_fault(faults, pointer, "", "%s", err_text(&e));
	json_object_set_new(def, "field_name", json_string("x"));
	if (title)
		json_object_set(def, "display_name", title);
	if (title && (jv_type(title) == JV_NULL ||
	                 field_from_definition(def, a, &f, &e)))
		schema_fault(faults, pointer, "title", "%s",
		    jv_type(title) == JV_NULL ? "must not be null"
		                              : err_text(&e));
	json_decref(def);
}

bool
property_read_alias(const char *name, const json_t *v, struct arena *a,
    struct schema_faults *faults)
{
	const char *source =
	    json_string_value(json_object_get(v, "x-scv-source"));
	const char *pointer = property_pointer(a, name), *member, *wrong;
	unsigned before = faults->n;
	json_t *m;

	json_object_foreach((json_t *)v, member, m)
	{
		wrong = wrong_word(member, m,
		    system_attribute_find(source + strlen(SOURCE_PREFIX)));
		if (*wrong)
			schema_fault(faults, pointer, member, "%s", wrong);
	}
	check_names(name, v, pointer, a, faults);
	return faults->n == before;
}
