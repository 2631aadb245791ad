#include "model/field.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "model/types/types.h"
#include "vault/keyring.h"

static const struct {
	const char *name;
	const struct field_type *type;
} types[] = {
#define X(name, text, module) {text, &field_type_##module},
#include "tbl/field_types.h"
#undef X
};

enum { ROLE_PLAIN, ROLE_KEY };

static const struct field_role roles[] = {
#define X(name, text, id, attribute, type, key) \
	{text, attribute, id, FIELD_##type, ROLE_##key},
#include "tbl/field_roles.h"
#undef X
};

const char *
row_code_name(enum row_code code)
{
	static const char *const names[] = {
#define X(name, text) text,
#include "tbl/row_errors.h"
#undef X
	};

	assert(code < ROW_CODES);
	return names[code];
}

const struct field_type *
field_type_of(const struct field *f)
{
	assert(f->type < FIELD_TYPES);
	return types[f->type].type;
}

const char *
field_type_name(const struct field *f)
{
	assert(f->type < FIELD_TYPES);
	return types[f->type].name;
}

enum field_type_id
field_type_find(const char *name)
{
	unsigned i;

	for (i = 0; i < FIELD_TYPES && strcmp(types[i].name, name); i++)
		;
	return (enum field_type_id)i;
}

/* White space and controls of ASCII; bytes from 0x80 on may be space too. */
static bool
may_be_space(char c)
{
	return (unsigned char)c <= ' ' || (unsigned char)c >= 0x7f;
}

bool
field_text_is_blank(const struct field *f, const char *s, size_t n)
{
	if (!n)
		return true;
	if (!field_type_of(f)->trims && !f->required && !f->unique)
		return false;
	if (!may_be_space(s[0]) || !may_be_space(s[n - 1]) || !utf8_valid(s, n))
		return false;
	utf8_trim(s, &n);
	return n == 0;
}

/* Takes back what was appended since `len`. */
static bool
take_back(struct buf *out, size_t len)
{
	if (out->data && out->len > len) {
		out->len = len;
		out->data[len] = '\0';
	}
	return false;
}

bool
field_from_text(const struct field *f, struct arena *a, const char *s, size_t n,
    struct buf *out, struct cell_error *ce)
{
	const struct field_type *type = field_type_of(f);
	size_t len = out->len;

	if (!utf8_valid(s, n))
		return cell_wrong(ce, ROW_ENCODING,
		    "must be text in UTF-8 without NUL characters");
	if (type->trims && n && (may_be_space(s[0]) || may_be_space(s[n - 1])))
		s = utf8_trim(s, &n);
	return type->from_text(f, a, s, n, out, ce) || take_back(out, len);
}

bool
field_from_json(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce)
{
	size_t len = out->len;

	assert(v && jv_type(v) != JV_NULL);
	return field_type_of(f)->from_json(f, a, v, out, ce) ||
	       take_back(out, len);
}

bool
field_from_answer(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce)
{
	return field_from_json(f, a, v, out, ce) ||
	       (f->type == FIELD_DATE && date_from_answer(v, out));
}

const struct field_role *
field_role_find(const char *name)
{
	size_t i;

	for (i = 0; name && i < FIELD_ROLES; i++) {
		if (!strcmp(roles[i].name, name))
			return &roles[i];
	}
	return NULL;
}

void
field_builtin(enum field_role_id role, struct field *out)
{
	const struct field_role *r = &roles[role];

	*out = (struct field){.id = r->id,
	    .name = r->attribute,
	    .display_name = r->attribute,
	    .type = r->type,
	    .format = "",
	    .pii = r->key,
	    .unique = r->key,
	    .max_length = FIELD_LENGTH_DEFAULT,
	    .role = r->name,
	    .builtin = true};
}

uint32_t
field_unique_id(const struct field *f)
{
	const struct field_role *role = field_role_find(f->role);

	return role && role->key ? role->id : f->id;
}

/* The form in which unique values compare; lives in the arena. */
static const char *
fold(const struct field *f, struct arena *a, const char *json, size_t n,
    size_t *len_out)
{
	const struct field_type *type = field_type_of(f);

	assert(type->fold);
	return type->fold(f, a, json, n, len_out);
}

void
field_digest(const struct field *f, struct arena *a, struct keyring *k,
    const struct uuid *workspace, const char *json, size_t n, uint8_t out[16])
{
	size_t len;
	const char *folded = fold(f, a, json, n, &len);

	blind_index(k, workspace, field_unique_id(f), folded, len, out);
}

void
field_digest_at(const struct field *f, struct arena *a, struct keyring *k,
    uint32_t version, const struct uuid *workspace, const char *json, size_t n,
    uint8_t out[16])
{
	size_t len;
	const char *folded = fold(f, a, json, n, &len);

	blind_index_at(
	    k, version, workspace, field_unique_id(f), folded, len, out);
}

unsigned
field_digests(const struct field *f, struct arena *a, struct keyring *k,
    const struct uuid *workspace, const char *json, size_t n,
    struct index_digest out[INDEX_VERSIONS_MAX])
{
	uint32_t versions[INDEX_VERSIONS_MAX];
	unsigned i, count = keyring_index_versions(k, versions);
	size_t len;
	const char *folded = fold(f, a, json, n, &len);

	for (i = 0; i < count; i++) {
		out[i].version = versions[i];
		blind_index_at(k, versions[i], workspace, field_unique_id(f),
		    folded, len, out[i].digest);
	}
	return count;
}
