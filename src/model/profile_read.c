/* Reading stored profiles: finished JSON, members sorted by name. */
#include "model/profile.h"

#include <string.h>

static const char *
skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : NULL;
}

/* Past a value: at the comma or the brace that follows it. */
static const char *
skip_value(const char *p, const char *end)
{
	unsigned depth = 0;

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

bool
profile_looks_sealed(const struct profile_member *v)
{
	size_t i;

	if (v->n < 2 + (AEAD_OVERHEAD + 2) / 3 * 4 || v->json[0] != '"' ||
	    (v->n - 2) % 4)
		return false;
	for (i = 1; i < v->n - 1; i++) {
		char c = v->json[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		        (c >= '0' && c <= '9') || c == '+' || c == '/' ||
		        c == '='))
			return false;
	}
	return true;
}

/* Opens a PII value into the arena. */
static enum err_code
open_value(const struct profile_owner *o, const struct field *f,
    const struct profile_member *m, struct arena *a, struct value *out,
    struct err *e)
{
	struct buf plain = {0};
	enum err_code err;

	err = value_open(o->ring, o->key_version, o->workspace, o->customer,
	    f->name, m->json + 1, m->n - 2, &plain, e);
	if (!err)
		*out = (struct value){arena_strndup(a, plain.data, plain.len),
		    (uint32_t)plain.len};
	buf_free(&plain);
	return err;
}

enum err_code
profile_open(const struct profile_owner *o, const struct schema *s,
    const char *text, size_t n, struct arena *a, struct record *out,
    struct err *e)
{
	const char *p = n > 1 && text[1] == '}' ? text + 1 : text;
	const char *end = text + n;
	struct profile_member m;
	const struct field *f;
	enum err_code err = ERR_OK;

	*out = (struct record){
	    .values = arena_calloc(a, s->n, sizeof(*out->values))};
	while (!err && profile_next(&p, end, &m)) {
		f = schema_find(s, m.name, m.nname);
		if (!f)
			continue;
		if (f->pii && profile_looks_sealed(&m))
			err = open_value(
			    o, f, &m, a, &out->values[f - s->fields], e);
		else
			out->values[f - s->fields] =
			    (struct value){m.json, (uint32_t)m.n};
	}
	if (!err && (!p || p != end - 1 || *p != '}'))
		return err_fault(e, ERR_CRYPTO, "stored profile is damaged");
	return err;
}
