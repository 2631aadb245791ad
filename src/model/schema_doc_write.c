/* Fields as a JSON Schema document. */
#include <string.h>

#include "model/schema_property.h"

static void
begin_word(struct buf *out, const char *word)
{
	if (out->data[out->len - 1] != '{')
		buf_addc(out, ',');
	buf_add_json(out, word, strlen(word));
	buf_addc(out, ':');
}

static void
add_text(struct buf *out, const char *word, const char *text)
{
	begin_word(out, word);
	buf_add_json(out, text, strlen(text));
}

/* A word that is kept as it came. */
static void
add_kept(
    struct buf *out, const char *word, const json_t *words, const char *member)
{
	const json_t *v = json_object_get(words, member);

	if (!v)
		return;
	begin_word(out, word);
	jv_write(out, v, false);
}

static void
add_length(struct buf *out, const struct field *f)
{
	if (f->max_length == FIELD_LENGTH_DEFAULT ||
	    !(field_type_of(f)->allows & ALLOW_LENGTH))
		return;
	begin_word(out, "maxLength");
	buf_add_u64(out, f->max_length);
}

static void
add_items(struct buf *out, const struct field *f)
{
	begin_word(out, "items");
	buf_addc(out, '{');
	begin_word(out, "type");
	if (*f->format)
		buf_add_json(out, f->format, strlen(f->format));
	else
		buf_adds(out, "[\"string\",\"number\"]");
	add_length(out, f);
	buf_addc(out, '}');
}

static void
add_type(struct buf *out, const struct field *f)
{
	static const char *const names[FIELD_TYPES] = {
	    [FIELD_STRING] = "string",
	    [FIELD_NUMBER] = "number",
	    [FIELD_INTEGER] = "integer",
	    [FIELD_BOOLEAN] = "boolean",
	    [FIELD_DATE] = "string",
	    [FIELD_CURRENCY] = "number",
	    [FIELD_ENUM] = "string",
	    [FIELD_ARRAY] = "array",
	};

	add_text(out, "type", names[f->type]);
}

/* What the values of a type keep to. */
static void
add_rules(struct buf *out, const struct field *f)
{
	if (f->type == FIELD_ARRAY)
		add_items(out, f);
	else
		add_length(out, f);
	if (f->noptions) {
		begin_word(out, "enum");
		field_write_options(out, f);
	}
	if (f->regex_text)
		add_text(out, "pattern", f->regex_text);
	if (f->type == FIELD_DATE && !strcmp(f->format, "yyyy-MM-dd"))
		add_text(out, "format", "date");
	else if (f->type == FIELD_DATE || f->type == FIELD_CURRENCY)
		add_text(out, "x-coffer-format", f->format);
}

static void
add_switches(
    struct buf *out, const struct field *f, bool key, const json_t *words)
{
	if (f->pii && !key) {
		begin_word(out, "x-pii");
		buf_adds(out, "true");
	}
	if (f->searchable && json_object_get(words, "searchable"))
		add_kept(out, "x-scv-searchable", words, "searchable");
	else if (f->searchable)
		add_text(out, "x-scv-searchable", f->name);
	if ((f->unique || f->indexing) && !key) {
		begin_word(out, "x-coffer-unique");
		buf_adds(out, "true");
	}
}

static void
write_property(struct buf *out, const struct field *f)
{
	const struct field_role *role = field_role_find(f->role);
	json_t *words = NULL;
	struct err ignored;

	if (f->words &&
	    json_read_mem(f->words, strlen(f->words), &words, &ignored))
		words = NULL;
	buf_addc(out, '{');
	if (strcmp(f->display_name, f->name) != 0 ||
	    json_object_get(words, "titled"))
		add_text(out, "title", f->display_name);
	add_kept(out, "description", words, "description");
	if (!role || json_object_get(words, "typed"))
		add_type(out, f);
	add_rules(out, f);
	add_kept(out, "default", words, "default");
	if (role) {
		begin_word(out, "x-scv-source");
		buf_addf(out, "\"" SOURCE_PREFIX "%s\"", role->attribute);
	}
	add_switches(out, f, role && role->key, words);
	buf_addc(out, '}');
	json_decref(words);
}

static void
add_properties(struct buf *out, const struct schema *s, const json_t *words)
{
	const json_t *aliases = json_object_get(words, "aliases");
	const char *name;
	unsigned i;
	json_t *v;

	begin_word(out, "properties");
	buf_addc(out, '{');
	for (i = 0; i < s->n; i++) {
		if (s->fields[i].builtin)
			continue;
		begin_word(out, s->fields[i].name);
		write_property(out, &s->fields[i]);
	}
	json_object_foreach((json_t *)aliases, name, v)
	{
		begin_word(out, name);
		jv_write(out, v, false);
	}
	buf_addc(out, '}');
}

static void
add_required(struct buf *out, const struct schema *s)
{
	unsigned i;

	begin_word(out, "required");
	buf_addc(out, '[');
	for (i = 0; i < s->n; i++) {
		if (!s->fields[i].required)
			continue;
		if (out->data[out->len - 1] != '[')
			buf_addc(out, ',');
		buf_addf(out, "\"%s\"", s->fields[i].name);
	}
	buf_addc(out, ']');
}

static void
add_permissions(struct buf *out, const json_t *words)
{
	const json_t *list = json_object_get(words, "permissions");
	const char *name;
	json_t *v;

	if (!list)
		return;
	begin_word(out, "x-scv-permissions");
	buf_adds(out, "{\"scv:customer\":{");
	json_object_foreach((json_t *)list, name, v)
	{
		if (out->data[out->len - 1] != '{')
			buf_addc(out, ',');
		buf_addf(out, "\"scv:property:%s\":", name);
		jv_write(out, v, false);
	}
	buf_adds(out, "}}");
}

void
schema_doc_write(struct buf *out, const struct schema *s)
{
	json_t *words = NULL;
	struct err ignored;

	if (s->words &&
	    json_read_mem(s->words, strlen(s->words), &words, &ignored))
		words = NULL;
	buf_addc(out, '{');
	add_text(out, "$schema", "http://json-schema.org/draft-07/schema#");
	add_kept(out, "title", words, "title");
	add_kept(out, "description", words, "description");
	add_text(out, "type", "object");
	add_properties(out, s, words);
	add_required(out, s);
	add_kept(out, "additionalProperties", words, "additionalProperties");
	add_permissions(out, words);
	buf_addc(out, '}');
	json_decref(words);
}
