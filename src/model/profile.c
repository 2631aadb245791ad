#include <string.h>

#include "model/customer.h"
#include "model/profile.h"

struct merge {
	const struct schema *schema;
	const struct record *record;
	struct profile_owner owner; /* as it is stored */
	struct buf *out;
	struct buf plain; /* a value that was opened */
	bool *changed;    /* by field, or NULL */
	struct err *e;
};

static void
add_name(struct buf *out, const char *name, size_t n)
{
	if (out->len && out->data[out->len - 1] != '{')
		buf_addc(out, ',');
	buf_add_json(out, name, n);
	buf_addc(out, ':');
}

static void
add_sealed(const struct merge *m, const char *name, const char *json, size_t n)
{
	buf_addc(m->out, '"');
	value_seal(m->owner.ring, m->owner.workspace, m->owner.customer, name,
	    json, n, m->out);
	buf_addc(m->out, '"');
}

/* A value that the record gives; null gives none. */
static void
add_given(const struct merge *m, unsigned i)
{
	const struct field *f = &m->schema->fields[i];
	const struct value *v = &m->record->values[i];

	if (value_is_null(v))
		return;
	add_name(m->out, f->name, strlen(f->name));
	if (f->pii)
		add_sealed(m, f->name, v->json, v->n);
	else
		buf_add(m->out, v->json, v->n);
}

void
profile_build(struct buf *out, const struct schema *s, const struct record *r,
    struct keyring *k, const char *workspace, const char *customer)
{
	struct merge m = {.schema = s,
	    .record = r,
	    .owner = {.ring = k, .workspace = workspace, .customer = customer},
	    .out = out};
	unsigned i;

	buf_addc(out, '{');
	for (i = 0; i < s->n; i++)
		if (r->values[i].json)
			add_given(&m, i);
	buf_addc(out, '}');
}

static void
keep_raw(const struct merge *m, const struct profile_member *v)
{
	add_name(m->out, v->name, v->nname);
	buf_add(m->out, v->json, v->n);
}

/* Keeps a value that is sealed, under the current key and a fresh IV, or one
 * that is stored otherwise from here on. */
static enum err_code
keep_changed(
    struct merge *m, const struct field *f, const struct profile_member *v)
{
	struct value plain;
	enum err_code err;

	err =
	    profile_value(&m->owner, m->schema, f, v, &m->plain, &plain, m->e);
	if (err)
		return err;
	add_name(m->out, f->name, strlen(f->name));
	if (f->pii)
		add_sealed(m, f->name, plain.json, plain.n);
	else
		buf_add(m->out, plain.json, plain.n);
	return ERR_OK;
}

static enum err_code
keep(struct merge *m, const struct profile_member *v)
{
	const struct field *f = schema_find(m->schema, v->name, v->nname), *was;
	uint32_t layout = m->owner.layout;

	if (!f) {
		if (layout >= m->schema->layout ||
		    !schema_is_leaving(m->schema, v->name, v->nname))
			keep_raw(m, v);
		return ERR_OK;
	}
	was = field_as_stored(f, m->schema, layout);
	if (f->pii || field_alters_layout(was, f))
		return keep_changed(m, f, v);
	keep_raw(m, v);
	return ERR_OK;
}

static void
note_change(struct merge *m, unsigned i)
{
	if (m->changed)
		m->changed[i] = true;
}

/* Whether the record gives field i another value than `v`, the stored one. One
 * that cannot be opened is another. */
static bool
differs(struct merge *m, unsigned i, const struct profile_member *v)
{
	const struct field *f = &m->schema->fields[i];
	const struct value *given = &m->record->values[i];
	struct value plain;
	struct err e;

	if (value_is_null(given) ||
	    profile_value(&m->owner, m->schema, f, v, &m->plain, &plain, &e))
		return true;
	return plain.n != given->n || memcmp(plain.json, given->json, plain.n);
}

static void
replace(struct merge *m, unsigned i, const struct profile_member *v)
{
	if (m->changed && differs(m, i, v))
		note_change(m, i);
	add_given(m, i);
}

/* A value that there was none of. */
static void
add_new(struct merge *m, unsigned i)
{
	if (!value_is_null(&m->record->values[i]))
		note_change(m, i);
	add_given(m, i);
}

static int
compare_names(const struct profile_member *v, const struct field *f)
{
	size_t n = strlen(f->name);
	int c = memcmp(v->name, f->name, v->nname < n ? v->nname : n);

	return c ? c : (v->nname > n) - (v->nname < n);
}

/* Adds given values of fields whose names come before `v` (all that are left,
 * if v is NULL), moving *i on. True if the field after them is v's own and
 * given. */
static bool
add_before(struct merge *m, unsigned *i, const struct profile_member *v)
{
	int order;

	for (; *i < m->schema->n; ++*i) {
		order = v ? compare_names(v, &m->schema->fields[*i]) : 1;
		if (order < 0)
			return false;
		if (order == 0)
			return m->record->values[*i].json != NULL;
		if (m->record->values[*i].json)
			add_new(m, *i);
	}
	return false;
}

static enum err_code
merge_members(struct merge *m, const char *p, const char *end)
{
	struct profile_member v;
	unsigned i = 0;
	enum err_code err = ERR_OK;

	buf_addc(m->out, '{');
	while (!err && profile_next(&p, end, &v)) {
		if (add_before(m, &i, &v))
			replace(m, i++, &v);
		else
			err = keep(m, &v);
	}
	if (err)
		return err;
	if (!p || p != end - 1 || *p != '}')
		return err_fault(m->e, ERR_CRYPTO, "stored profile is damaged");
	add_before(m, &i, NULL);
	buf_addc(m->out, '}');
	return ERR_OK;
}

/* Puts the value that the record gives field i in the place of *stored. */
static void
give(struct merge *m, unsigned i, struct value *stored)
{
	const struct value *given = &m->record->values[i];

	if (!given->json)
		return;
	if (!stored->json ? !value_is_null(given)
	                  : stored->n != given->n ||
	                        memcmp(stored->json, given->json, given->n))
		note_change(m, i);
	*stored = *given;
}

/* A profile whose members have other names in the schema's layout, and so
 * stand in another order there: all of it is opened and built anew. */
static enum err_code
rebuild(struct merge *m, const char *old, size_t n)
{
	const struct profile_owner *o = &m->owner;
	struct arena *a = arena_new(16384);
	struct record all;
	unsigned i;
	enum err_code err = profile_open(o, m->schema, old, n, a, &all, m->e);

	for (i = 0; i < m->schema->n && !err; i++)
		give(m, i, &all.values[i]);
	if (!err)
		profile_build(m->out, m->schema, &all, o->ring, o->workspace,
		    o->customer);
	arena_free(&a);
	return err;
}

enum err_code
profile_change(struct buf *out, const struct schema *s, const char *old,
    size_t n, uint32_t old_version, uint32_t old_layout, const struct record *r,
    struct keyring *k, const char *workspace, const char *customer,
    bool *changed, struct err *e)
{
	struct merge m = {.schema = s,
	    .record = r,
	    .owner = {.ring = k,
	        .workspace = workspace,
	        .customer = customer,
	        .key_version = old_version,
	        .layout = old_layout},
	    .changed = changed,
	    .out = out,
	    .e = e};
	enum err_code err;

	if (n < 2 || old[0] != '{')
		return err_fault(e, ERR_CRYPTO, "stored profile is damaged");
	if (s->renaming && old_layout < s->layout)
		return rebuild(&m, old, n);
	err = merge_members(&m, old[1] == '}' ? old + 1 : old, old + n);
	buf_free(&m.plain);
	return err;
}

enum err_code
profile_merge(struct buf *out, const struct schema *s, const char *old,
    size_t n, uint32_t old_version, uint32_t old_layout, const struct record *r,
    struct keyring *k, const char *workspace, const char *customer,
    struct err *e)
{
	return profile_change(out, s, old, n, old_version, old_layout, r, k,
	    workspace, customer, NULL, e);
}
