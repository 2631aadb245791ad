/* Definitions of fields, as PUT /v1/cpf takes and gives them. */
#include "model/field.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "model/regex.h"

/* A definition while it is read. */
struct definition {
	const json_t *body;
	struct arena *a;
	struct field *f;
	struct err *e;
};

static const char *const members[] = {"workspace_id", "field_name",
    "display_name", "field_type", "field_format", "pii", "required", "unique",
    "searchable", "max_length", "options", "regex", "role"};

/* Columns that mean something else in an upload or its errors. */
static const char *const reserved[] = {"customer_id", "workspace_id", "row",
    "error_row", "error_field", "error_code"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum err_code
refuse_unknown(struct definition *d)
{
	const char *name;
	json_t *v;
	size_t i;

	json_object_foreach((json_t *)d->body, name, v)
	{
		for (i = 0; i < COUNT(members); i++) {
			if (!strcmp(name, members[i]))
				break;
		}
		if (i == COUNT(members))
			return err_set(d->e, ERR_BAD_REQUEST,
			    "unknown member \"%s\" of a field", name);
	}
	return ERR_OK;
}

/* The member; NULL if it is missing or null. */
static const json_t *
given(const struct definition *d, const char *name)
{
	const json_t *v = json_object_get(d->body, name);

	return jv_type(v) == JV_NULL ? NULL : v;
}

static enum err_code
refuse_missing(struct definition *d)
{
	bool name = given(d, "field_name"), type = given(d, "field_type");

	if (name && type)
		return ERR_OK;
	return err_set(d->e, ERR_MISSING_FIELDS,
	    "missing required fields: %s%s%s", name ? "" : "field_name",
	    name || type ? "" : ", ", type ? "" : "field_type");
}

static bool
has_controls(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	for (; *s; s++) {
		if (*s < 0x20 || *s == 0x7f ||
		    (*s == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f))
			return true;
	}
	return false;
}

/* A string of 1 to `most` characters, into *out; left alone if not given. */
static enum err_code
take_text(struct definition *d, const char *name, size_t most, const char **out)
{
	const json_t *v = given(d, name);
	const char *s;
	size_t n;

	if (!v)
		return ERR_OK;
	if (jv_type(v) != JV_STRING)
		return err_set(
		    d->e, ERR_BAD_REQUEST, "%s must be a string", name);
	s = json_string_value(v);
	n = json_string_length(v);
	if (!n || utf8_length(s, n) > most)
		return err_set(d->e, ERR_BAD_REQUEST,
		    "%s must have 1 to %zu characters", name, most);
	*out = arena_strndup(d->a, s, n);
	return ERR_OK;
}

static enum err_code
take_bool(struct definition *d, const char *name, bool *out)
{
	const json_t *v = given(d, name);

	if (!v)
		return ERR_OK;
	if (jv_type(v) != JV_BOOL)
		return err_set(
		    d->e, ERR_BAD_REQUEST, "%s must be true or false", name);
	*out = json_is_true(v);
	return ERR_OK;
}

static enum err_code
refuse_reserved(struct definition *d, const char *member, const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(reserved); i++) {
		if (!strcasecmp(reserved[i], name))
			return err_set(d->e, ERR_BAD_REQUEST,
			    "%s \"%s\" is reserved", member, reserved[i]);
	}
	return ERR_OK;
}

static enum err_code
take_name(struct definition *d)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789_";
	const char *name = NULL;
	enum err_code err;

	if ((err = take_text(d, "field_name", FIELD_NAME_MAX, &name)))
		return err;
	if (name[strspn(name, letters)] || strchr("0123456789_", name[0]))
		return err_set(d->e, ERR_BAD_REQUEST,
		    "field_name must begin with a letter and hold nothing but "
		    "letters (A to Z, a to z), digits and _");
	d->f->name = name;
	d->f->nname = strlen(name);
	return refuse_reserved(d, "field_name", name);
}

static enum err_code
take_display_name(struct definition *d)
{
	const char *name = d->f->name, *trimmed;
	enum err_code err;
	size_t n;

	if ((err = take_text(d, "display_name", FIELD_DISPLAY_MAX, &name)))
		return err;
	n = strlen(name);
	trimmed = utf8_trim(name, &n);
	if (!n || has_controls(name))
		return err_set(d->e, ERR_BAD_REQUEST,
		    "display_name must not be blank or hold control "
		    "characters");
	if (*trimmed == '$')
		return err_set(d->e, ERR_BAD_REQUEST,
		    "display_name must not begin with $");
	d->f->display_name = arena_strndup(d->a, trimmed, n);
	return refuse_reserved(d, "display_name", d->f->display_name);
}

static enum err_code
take_type(struct definition *d)
{
	const char *name = NULL;
	enum err_code err;

	if ((err = take_text(d, "field_type", FIELD_NAME_MAX, &name)))
		return err;
	d->f->type = field_type_find(name);
	if (d->f->type != FIELD_TYPES)
		return ERR_OK;
	return err_set(d->e, ERR_BAD_REQUEST,
#define X(name, text, module) " " text
	    "field_type must be one of:"
#include "tbl/field_types.h"
#undef X
	);
}

/* Members that only some types have: refused where the type has no such
 * thing, and missing where it cannot be without. */
static enum err_code
check_allowed(struct definition *d)
{
	static const struct {
		unsigned flag;
		const char *member;
		bool must;
	} rules[] = {
	    {ALLOW_FORMAT | ALLOW_ITEMS, "field_format", false},
	    {ALLOW_FORMAT, "field_format", true},
	    {ALLOW_OPTIONS, "options", false},
	    {ALLOW_OPTIONS, "options", true},
	    {ALLOW_LENGTH, "max_length", false},
	    {ALLOW_REGEX, "regex", false},
	    {ALLOW_ROLE, "role", false},
	};
	unsigned allows = field_type_of(d->f)->allows;
	size_t i;

	for (i = 0; i < COUNT(rules); i++) {
		bool allowed = allows & rules[i].flag;
		bool is_given = given(d, rules[i].member);

		if (is_given && !allowed && !rules[i].must)
			return err_set(d->e, ERR_BAD_REQUEST,
			    "a field of type %s has no %s",
			    field_type_name(d->f), rules[i].member);
		if (!is_given && allowed && rules[i].must)
			return err_set(d->e, ERR_MISSING_FIELDS,
			    "missing required fields: %s (of a field of type "
			    "%s)",
			    rules[i].member, field_type_name(d->f));
	}
	return ERR_OK;
}

/* Whether the field stands for an attribute that is always PII and unique. */
static bool
gives_key_role(const struct definition *d)
{
	const struct field_role *role =
	    field_role_find(json_string_value(given(d, "role")));

	return role && role->key;
}

static enum err_code
take_switches(struct definition *d)
{
	unsigned allows = field_type_of(d->f)->allows;
	struct field *f = d->f;
	enum err_code err;

	f->pii = f->unique = gives_key_role(d);
	if ((err = take_bool(d, "pii", &f->pii)) ||
	    (err = take_bool(d, "required", &f->required)) ||
	    (err = take_bool(d, "unique", &f->unique)) ||
	    (err = take_bool(d, "searchable", &f->searchable)))
		return err;
	if (f->unique && !(allows & ALLOW_UNIQUE))
		return err_set(d->e, ERR_BAD_REQUEST,
		    "a field of type %s cannot be unique", field_type_name(f));
	if (f->searchable && !(allows & ALLOW_SEARCH))
		return err_set(d->e, ERR_BAD_REQUEST,
		    "a field of type %s cannot be searchable",
		    field_type_name(f));
	return ERR_OK;
}

static enum err_code
take_role(struct definition *d)
{
	const struct field_role *role;
	const char *name = NULL;
	enum err_code err;

	if ((err = take_text(d, "role", FIELD_NAME_MAX, &name)) || !name)
		return err;
	if (!(role = field_role_find(name)))
		return err_set(d->e, ERR_BAD_REQUEST,
#define X(name, text, id, attribute, type, key) " " text
		    "role must be one of:"
#include "tbl/field_roles.h"
#undef X
		);
	if (role->type != d->f->type)
		return err_set(d->e, ERR_BAD_REQUEST,
		    "a field of role %s cannot be of type %s", name,
		    field_type_name(d->f));
	if (role->key && (!d->f->pii || !d->f->unique))
		return err_set(d->e, ERR_BAD_REQUEST,
		    "a field of role %s is always pii and unique", name);
	d->f->role = role->name;
	return ERR_OK;
}

static enum err_code
take_length(struct definition *d)
{
	const json_t *v = given(d, "max_length");
	int64_t n = FIELD_LENGTH_DEFAULT;

	if (v && (!jv_int(v, &n) || n < 1 || n > FIELD_LENGTH_MAX))
		return err_set(d->e, ERR_BAD_REQUEST,
		    "max_length must be a whole number from 1 to %d",
		    FIELD_LENGTH_MAX);
	d->f->max_length = (uint32_t)n;
	return ERR_OK;
}

/* The array as it is; the type checks how many and which. */
static enum err_code
take_options(struct definition *d)
{
	const json_t *v = given(d, "options"), *option;
	size_t i, n = json_array_size(v);

	if (!v)
		return ERR_OK;
	if (jv_type(v) != JV_ARRAY || !n || n > FIELD_OPTIONS_MAX)
		return err_set(d->e, ERR_BAD_REQUEST,
		    "options must be an array of 1 to %d strings",
		    FIELD_OPTIONS_MAX);
	d->f->options = arena_calloc(d->a, n, sizeof(*d->f->options));
	d->f->noptions = (unsigned)n;
	for (i = 0; i < n; i++) {
		option = json_array_get(v, i);
		if (jv_type(option) != JV_STRING)
			return err_set(
			    d->e, ERR_BAD_REQUEST, "options must be strings");
		d->f->options[i] =
		    arena_strdup(d->a, json_string_value(option));
	}
	return ERR_OK;
}

static enum err_code
take_format(struct definition *d)
{
	d->f->format = "";
	return take_text(d, "field_format", 32, &d->f->format);
}

static enum err_code
take_regex(struct definition *d)
{
	struct field *f = d->f;
	struct regex *r = NULL;
	enum err_code err;

	if ((err = take_text(d, "regex", FIELD_REGEX_MAX, &f->regex_text)) ||
	    !f->regex_text)
		return err;
	if ((err = regex_compile(f->regex_text, &r, d->e)))
		return err;
	regex_free(&r);
	f->regex = arena_alloc(d->a, sizeof(*f->regex));
	f->budget = arena_alloc(d->a, sizeof(*f->budget));
	return ERR_OK;
}

static enum err_code
define_type(struct definition *d)
{
	const struct field_type *type = field_type_of(d->f);

	return type->define ? type->define(d->f, d->a, d->e) : ERR_OK;
}

enum err_code
field_from_definition(
    const json_t *body, struct arena *a, struct field *out, struct err *e)
{
	static enum err_code (*const steps[])(struct definition *) = {
	    refuse_unknown, refuse_missing, take_name, take_display_name,
	    take_type, check_allowed, take_switches, take_role, take_length,
	    take_options, take_format, take_regex, define_type};
	struct definition d = {body, a, out, e};
	enum err_code err;
	size_t i;

	*out = (struct field){0};
	if (jv_type(body) != JV_OBJECT)
		return err_set(e, ERR_BAD_REQUEST,
		    "the definition of a field must be a JSON object");
	for (i = 0; i < COUNT(steps); i++) {
		if ((err = steps[i](&d)))
			return err;
	}
	return ERR_OK;
}

static void
write_member(struct buf *out, const char *name, const char *text)
{
	buf_add_member(out, name, text && *text ? text : NULL);
}

static void
write_switch(struct buf *out, const char *name, bool on)
{
	buf_addf(out, ",\"%s\":%s", name, on ? "true" : "false");
}

/* Also the form in which options are stored. */
void
field_write_options(struct buf *out, const struct field *f)
{
	unsigned i;

	buf_addc(out, '[');
	for (i = 0; i < f->noptions; i++) {
		buf_adds(out, i ? "," : "");
		buf_add_json(out, f->options[i], strlen(f->options[i]));
	}
	buf_addc(out, ']');
}

void
field_write(struct buf *out, const struct field *f)
{
	buf_adds(out, "{\"field_name\":");
	buf_add_json(out, f->name, strlen(f->name));
	write_member(out, "display_name", f->display_name);
	write_member(out, "field_type", field_type_name(f));
	write_member(out, "field_format", f->format);
	write_switch(out, "pii", f->pii);
	write_switch(out, "required", f->required);
	write_switch(out, "unique", f->unique || f->indexing);
	write_switch(out, "searchable", f->searchable);
	buf_adds(out, ",\"max_length\":");
	if (field_type_of(f)->allows & ALLOW_LENGTH)
		buf_add_u64(out, f->max_length);
	else
		buf_adds(out, "null");
	buf_adds(out, ",\"options\":");
	if (f->noptions)
		field_write_options(out, f);
	else
		buf_adds(out, "null");
	write_member(out, "regex", f->regex_text);
	write_member(out, "role", f->role);
	buf_addc(out, '}');
}
