/* Properties of schema documents, as fields. */
#include <string.h>

#include "model/regex.h"
#include "model/schema_reader.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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
		/* What follows from a fault that was told is none. */
		if (r->faults->n == r->before)
			schema_fault(r->faults, r->pointer, "", "%s", text);
		return false;
	}
	where = origins[i].word;
	if (!strcmp(where, "maxLength") && r->type == ARRAY)
		schema_fault(r->faults, pointer_add(r->a, r->pointer, "items"),
		    where, "%s", text + n + 1);
	else if (!strcmp(where, "title") && !json_object_get(r->v, "title"))
		schema_fault(
		    r->faults, r->pointer, "", "its name %s", text + n + 1);
	else
		schema_fault(r->faults, r->pointer, where, "%s%s",
		    *where ? "" : "its name ", text + n + 1);
	return !json_object_del(r->def, origins[i].member) && *where &&
	       strcmp(where, "type") != 0;
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

#define DEFAULT_MAX 65536 /* bytes: it is read with the fields each time */

/* A default is a value that the field could have. */
static void
read_default(struct reader *r, const struct field *f)
{
	const json_t *v = json_object_get(r->v, "default");
	struct buf out = {0};
	struct cell_error ce;

	if (!v || jv_type(v) == JV_NULL)
		return;
	if (field_from_json(f, r->a, v, &out, &ce) && out.len <= DEFAULT_MAX)
		json_object_set(r->words, "default", (json_t *)v);
	else if (out.len > DEFAULT_MAX)
		schema_fault(r->faults, r->pointer, "default",
		    "takes over %d bytes", DEFAULT_MAX);
	else
		schema_fault(r->faults, r->pointer, "default", "%s", ce.text);
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

bool
property_read(const char *name, const json_t *v, const struct field *old,
    struct arena *a, struct schema_faults *faults, struct field *out)
{
	struct reader r = {.name = name,
	    .pointer = property_pointer(a, name),
	    .v = v,
	    .old = old,
	    .a = a,
	    .faults = faults,
	    .before = faults->n};

	*out = (struct field){0};
	if (jv_type(v) != JV_OBJECT) {
		schema_fault(faults, r.pointer, "", "must be an object");
		return false;
	}
	r.def = json_object();
	r.words = json_object();
	json_object_set_new(r.def, "field_name", json_string(name));
	property_read_words(&r);
	if (json_object_get(r.def, "field_type")) {
		keep_unique(&r);
		define(&r, out);
	}
	if (faults->n == r.before) {
		read_default(&r, out);
		out->words = words_text(r.words, a);
	}
	json_decref(r.def);
	json_decref(r.words);
	return faults->n == r.before;
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
