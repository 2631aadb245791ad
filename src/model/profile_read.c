/* Reading stored profiles: finished JSON, members sorted by name. */
#include "model/profile.h"

#include <string.h>

/* Whether the quote at `q` of the string that begins at `p` is escaped: by an
 * odd number of backslashes. */
static bool
is_escaped(const char *p, const char *q)
{
	const char *b = q;

	while (b - 1 > p && b[-1] == '\\')
		b--;
	return (q - b) % 2;
}

static const char *
skip_string(const char *p, const char *end)
{
	const char *q = p;

	do {
		q++;
		q = q < end ? memchr(q, '"', (size_t)(end - q)) : NULL;
	} while (q && is_escaped(p, q));
	return q ? q + 1 : NULL;
}

/* Past a value: at the comma or the brace that follows it. */
static const char *
skip_value(const char *p, const char *end)
{
	unsigned depth = 0;

	if (p < end && *p == '"') {
		p = skip_string(p, end);
		return p && p < end && (*p == ',' || *p == '}') ? p : NULL;
	}
	while (p && p < end) {
		if (!depth && (*p == ',' || *p == '}'))
			return p;
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		depth += *p == '{' || *p == '[';
		depth -= *p == '}' || *p == ']';
		p++;
	}
	return NULL;
}

bool
profile_next(const char **p, const char *end, struct profile_member *out)
{
	const char *name = *p + 1, *colon;

	if (name >= end || **p == '}' || *name != '"')
		return false;
	colon = skip_string(name, end);
	if (!colon || colon >= end || *colon != ':')
		return false;
	out->name = name + 1;
	out->nname = (size_t)(colon - name - 2);
	out->json = colon + 1;
	*p = skip_value(out->json, end);
	if (!*p)
		return false;
	out->n = (size_t)(*p - out->json);
	return true;
}

/* Opens a sealed value. */
static enum err_code
open_sealed(const struct profile_owner *o, const struct field *was,
    const struct profile_member *m, struct buf *out, struct err *e)
{
	if (m->n < 2 || m->json[0] != '"')
		return err_fault(
		    e, ERR_CRYPTO, "a value that should be sealed is not");
	return value_open(o->ring, o->key_version, o->workspace, o->customer,
	    was->name, m->json + 1, m->n - 2, out, e);
}

/* Puts the value, which may point into `plain`, into the form of f. */
static enum err_code
convert(const struct field *was, const struct field *f, struct value *v,
    struct buf *plain, struct err *e)
{
	struct buf converted = {0};
	struct cell_error ce;

	if (!field_convert(was, f, v->json, v->n, &converted, &ce)) {
		buf_free(&converted);
		return err_fault(e, ERR_INTERNAL,
		    "a stored value of field %u cannot be converted",
		    (unsigned)f->id);
	}
	buf_free(plain);
	*plain = converted;
	*v = (struct value){plain->data, (uint32_t)plain->len};
	return ERR_OK;
}

enum err_code
profile_value(const struct profile_owner *o, const struct schema *s,
    const struct field *f, const struct profile_member *m, struct buf *plain,
    struct value *out, struct err *e)
{
	const struct field *was = field_as_stored(f, s, o->layout);
	enum err_code err = ERR_OK;

	*out = (struct value){m->json, (uint32_t)m->n};
	if (was->pii) {
		buf_reset(plain);
		err = open_sealed(o, was, m, plain, e);
		*out = (struct value){plain->data, (uint32_t)plain->len};
	}
	if (!err && field_alters_values(was, f))
		err = convert(was, f, out, plain, e);
	return err;
}

enum err_code
profile_open_some(const struct profile_owner *o, const struct schema *s,
    const char *text, size_t n, const bool *wanted, struct arena *a,
    struct record *out, struct err *e)
{
	const char *p = n > 1 && text[1] == '}' ? text + 1 : text;
	const char *end = text + n;
	struct buf plain = {0};
	struct profile_member m;
	struct value v;
	const struct field *f;
	enum err_code err = ERR_OK;

	*out = (struct record){
	    .values = arena_calloc(a, s->n, sizeof(*out->values))};
	while (!err && profile_next(&p, end, &m)) {
		f = schema_find_stored(s, o->layout, m.name, m.nname);
		if (!f || (wanted && !wanted[f - s->fields]))
			continue;
		err = profile_value(o, s, f, &m, &plain, &v, e);
		if (!err && v.json != m.json)
			v.json = arena_strndup(a, v.json, v.n);
		if (!err)
			out->values[f - s->fields] = v;
	}
	buf_free(&plain);
	if (!err && (!p || p != end - 1 || *p != '}'))
		return err_fault(e, ERR_CRYPTO, "stored profile is damaged");
	return err;
}

enum err_code
profile_open(const struct profile_owner *o, const struct schema *s,
    const char *text, size_t n, struct arena *a, struct record *out,
    struct err *e)
{
	return profile_open_some(o, s, text, n, NULL, a, out, e);
}
