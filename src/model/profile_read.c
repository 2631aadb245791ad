/* Reading stored profiles: finished JSON, members sorted by name. */
#include "model/profile.h"

#include <string.h>

#include "model/types/types.h"

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
	} while (q && q[-1] == '\\' && is_escaped(p, q));
	return q ? q + 1 : NULL;
}

/* Past a value that is a string. */
static const char *
skip_text(const char *p, const char *end)
{
	p = skip_string(p, end);
	return p && p < end && (*p == ',' || *p == '}') ? p : NULL;
}

/* Past a value: at the comma or the brace that follows it. */
static const char *
skip_value(const char *p, const char *end)
{
	static const bool marks[256] = {['"'] = true,
	    [','] = true,
	    ['{'] = true,
	    ['}'] = true,
	    ['['] = true,
	    [']'] = true};
	unsigned depth = 0;

	while (p && p < end) {
		if (!marks[(unsigned char)*p]) {
			p++;
			continue;
		}
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

/* Takes the value that begins at `json`. */
static bool
take_value(const char **p, const char *json, const char *end,
    struct profile_member *out)
{
	out->json = json;
	*p = json < end && *json == '"' ? skip_text(json, end)
	                                : skip_value(json, end);
	if (!*p)
		return false;
	out->n = (size_t)(*p - json);
	return true;
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
	return take_value(p, colon + 1, end, out);
}

void
profile_walk_begin(struct profile_walk *w, const struct schema *s,
    uint32_t layout, const char *text, size_t n)
{
	*w = (struct profile_walk){.schema = s,
	    .layout = layout,
	    .p = n > 1 && text[1] == '}' ? text + 1 : text,
	    .end = text + n};
}

static bool
is_renamed(const struct profile_walk *w)
{
	return w->schema->renaming && w->layout < w->schema->layout;
}

/* Takes the member at w->p if it has the name of field w->next. */
static bool
take_expected(struct profile_walk *w, struct profile_member *out)
{
	const struct field *f;
	const char *at;
	size_t k;

	if (!w->p || w->end - w->p < 5 || *w->p == '}' || w->p[1] != '"' ||
	    w->next >= w->schema->n || is_renamed(w))
		return false;
	f = &w->schema->fields[w->next];
	at = w->p + 2;
	if (*f->name != *at)
		return false;
	k = f->nname ? f->nname : strlen(f->name);
	if ((size_t)(w->end - at) < k + 2 || at[k] != '"' || at[k + 1] != ':' ||
	    memcmp(f->name, at, k) != 0)
		return false;
	out->name = at;
	out->nname = k;
	return take_value(&w->p, at + k + 2, w->end, out);
}

/* Finds the field of a member, from w->next on; moves that to it. */
static bool
find_field(struct profile_walk *w, const struct profile_member *m)
{
	const struct schema *s = w->schema;
	const struct field *f;
	int order = 1;

	if (is_renamed(w)) {
		f = schema_find_stored(s, w->layout, m->name, m->nname);
		w->next = f ? (unsigned)(f - s->fields) : w->next;
		return f != NULL;
	}
	for (; w->next < s->n; w->next++) {
		f = &s->fields[w->next];
		if (m->nname &&
		    (unsigned char)*f->name < (unsigned char)*m->name)
			continue;
		order = text_compare(m->name, m->nname, f->name);
		if (order <= 0)
			break;
	}
	return !order;
}

bool
profile_walk_next(
    struct profile_walk *w, struct profile_member *out, unsigned *field_out)
{
	bool found = take_expected(w, out);

	while (!found && w->p && profile_next(&w->p, w->end, out))
		found = find_field(w, out);
	*field_out = w->next;
	w->next += found;
	return found;
}

enum err_code
profile_walk_end(const struct profile_walk *w, struct err *e)
{
	if (w->p && w->p == w->end - 1 && *w->p == '}')
		return ERR_OK;
	return err_fault(e, ERR_CRYPTO, "stored profile is damaged");
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
	struct profile_walk w;
	struct buf plain = {0};
	struct profile_member m;
	struct value v;
	unsigned i;
	enum err_code err = ERR_OK;

	*out = (struct record){
	    .values = arena_calloc(a, s->n, sizeof(*out->values))};
	profile_walk_begin(&w, s, o->layout, text, n);
	while (!err && profile_walk_next(&w, &m, &i)) {
		if (wanted && !wanted[i])
			continue;
		err = profile_value(o, s, &s->fields[i], &m, &plain, &v, e);
		if (!err && v.json != m.json)
			v.json = arena_strndup(a, v.json, v.n);
		if (!err)
			out->values[i] = v;
	}
	buf_free(&plain);
	return err ? err : profile_walk_end(&w, e);
}

enum err_code
profile_open(const struct profile_owner *o, const struct schema *s,
    const char *text, size_t n, struct arena *a, struct record *out,
    struct err *e)
{
	return profile_open_some(o, s, text, n, NULL, a, out, e);
}
