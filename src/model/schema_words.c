#include "model/schema_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static const char *const attributes[] = {
#define X(name, text) text,
#include "tbl/attributes.h"
#undef X
};

#define SOURCE "customer."

enum system_attribute
system_attribute_find(const char *name)
{
	unsigned i;

	for (i = 0; i < SYSTEM_ATTRIBUTES && strcmp(attributes[i], name); i++)
		;
	return (enum system_attribute)i;
}

static const char *
text_of(const json_t *object, const char *member, struct arena *a)
{
	const char *s = json_string_value(json_object_get(object, member));

	return s ? arena_strdup(a, s) : NULL;
}

static int
compare_aliases(const void *x, const void *y)
{
	return strcmp(
	    ((const struct alias *)x)->name, ((const struct alias *)y)->name);
}

static int
compare_permissions(const void *x, const void *y)
{
	return strcmp(((const struct permission *)x)->name,
	    ((const struct permission *)y)->name);
}

static enum err_code
read_aliases(
    struct schema *s, const json_t *from, struct arena *a, struct err *e)
{
	struct alias *list =
	    arena_calloc(a, json_object_size(from), sizeof(*list));
	const char *name, *source;
	json_t *v;

	json_object_foreach((json_t *)from, name, v)
	{
		struct alias *alias = &list[s->naliases++];

		source = json_string_value(json_object_get(v, "x-scv-source"));
		alias->name = arena_strdup(a, name);
		alias->title = text_of(v, "title", a);
		alias->source = SYSTEM_ATTRIBUTES;
		if (source && !strncmp(source, SOURCE, strlen(SOURCE)))
			alias->source =
			    system_attribute_find(source + strlen(SOURCE));
		if (alias->source == SYSTEM_ATTRIBUTES)
			return err_fault(
			    e, ERR_INTERNAL, "a stored alias without source");
		if (!alias->title)
			alias->title = alias->name;
	}
	if (s->naliases)
		qsort(list, s->naliases, sizeof(*list), compare_aliases);
	s->aliases = list;
	return ERR_OK;
}

static unsigned
read_access(const json_t *list)
{
	unsigned bits = 0;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));

		if (word && !strcmp(word, "read"))
			bits |= ACCESS_READ;
		else if (word && !strcmp(word, "write"))
			bits |= ACCESS_WRITE;
	}
	return bits;
}

static void
read_permissions(struct schema *s, const json_t *from, struct arena *a)
{
	struct permission *list =
	    arena_calloc(a, json_object_size(from), sizeof(*list));
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)from, name, v)
	{
		list[s->npermissions].name = arena_strdup(a, name);
		list[s->npermissions++].access = read_access(v);
	}
	if (s->npermissions)
		qsort(
		    list, s->npermissions, sizeof(*list), compare_permissions);
	s->permissions = list;
}

enum err_code
schema_read_words(struct schema *s, struct arena *a, struct err *e)
{
	json_t *v = NULL;
	struct err why;
	enum err_code err;

	if (!s->words)
		return ERR_OK;
	if (json_read_mem(s->words, strlen(s->words), &v, &why))
		return err_fault(e, ERR_INTERNAL,
		    "stored words of a schema cannot be read: %s",
		    err_text(&why));
	err = read_aliases(s, json_object_get(v, "aliases"), a, e);
	read_permissions(s, json_object_get(v, "permissions"), a);
	json_decref(v);
	return err;
}

const struct alias *
schema_find_alias(const struct schema *s, const char *name)
{
	struct alias key = {.name = name};

	if (!s->naliases)
		return NULL;
	return bsearch(
	    &key, s->aliases, s->naliases, sizeof(key), compare_aliases);
}

enum err_code
schema_words_without(const char *words, const char *const *names, unsigned n,
    struct arena *a, const char **out, struct err *e)
{
	struct buf text = {0};
	json_t *v = NULL, *list;
	bool found = false;
	enum err_code err;
	unsigned i;

	*out = words;
	if (!words || !n)
		return ERR_OK;
	err = json_read_mem(words, strlen(words), &v, e);
	list = json_object_get(v, "permissions");
	for (i = 0; i < n && list; i++)
		found |= !json_object_del(list, names[i]);
	if (!err && found) {
		jv_write(&text, v, true);
		*out = arena_strdup(a, text.data);
		buf_free(&text);
	}
	json_decref(v);
	return err;
}
