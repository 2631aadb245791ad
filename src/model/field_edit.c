/* What changes of fields must keep to, beside one another and with what is
 * stored. */
#include "model/field_edit.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "model/regex.h"
#include "model/search.h"

static bool
same(struct arena *a, const char *x, const char *y)
{
	return utf8_equal_fold(a, x, strlen(x), y, strlen(y));
}

/* Beside a field whose values are stored, whether it stays or goes. */
static enum err_code
fits_stored(const struct field *f, const struct field *old, struct err *e)
{
	if (!strcmp(f->name, old->name))
		return err_set(e, ERR_CONFLICT,
		    "there is a field named \"%s\" already", old->name);
	if (f->role && old->role && !strcmp(f->role, old->role))
		return err_set(e, ERR_CONFLICT,
		    "role %s is that of field \"%s\" already", f->role,
		    old->name);
	return ERR_OK;
}

enum err_code
field_fits(const struct field *f, const struct field *old, struct arena *a,
    struct err *e)
{
	enum err_code err = fits_stored(f, old, e);

	if (err)
		return err;
	if (same(a, f->display_name, old->display_name) ||
	    same(a, f->display_name, old->name) ||
	    same(a, f->name, old->display_name))
		return err_set(e, ERR_CONFLICT,
		    "field_name and display_name must differ from those of "
		    "field \"%s\" in more than case",
		    old->name);
	return ERR_OK;
}

static void
take_customers(struct db_rows *r, void *arg)
{
	struct field_edits *c = arg;

	c->end = (uint64_t)db_get_int(r, 0);
	c->customers = (uint64_t)db_get_int(r, 1);
}

static void
take_id(struct db_rows *r, void *arg)
{
	uint32_t id = (uint32_t)db_get_int(r, 0);

	*(uint32_t *)arg = id < FIELD_FIRST_ID ? FIELD_FIRST_ID : id;
}

void
field_edits_end(struct field_edits *c)
{
	unsigned i;

	for (i = 0; i < c->n; i++) {
		if (c->list[i].kind != EDIT_DELETE && c->list[i].f.regex)
			regex_free(c->list[i].f.regex);
	}
	c->n = 0;
	schema_release(&c->schema);
}

/* The next free id: fields that were stored before ids were counted have
 * theirs, too. */
static void
find_next_id(struct field_edits *c)
{
	const struct schema *s = &c->schema;
	unsigned i;

	for (i = 0; i < s->n; i++) {
		if (s->fields[i].id >= c->next_id)
			c->next_id = s->fields[i].id + 1;
	}
	for (i = 0; i < s->nleaving; i++) {
		if (s->leaving[i].id >= c->next_id)
			c->next_id = s->leaving[i].id + 1;
	}
}

enum err_code
field_edits_begin(struct field_edits *c, struct err *e)
{
	struct db *db = c->site->db;
	struct schema locked;
	struct keyring *ring;
	enum err_code err;

	field_edits_end(c);
	c->converting = c->changed = false;
	c->culprit = NULL;
	/* The account's row before the workspace's, as rotations have it. */
	err = site_keyring(c->site, c->ctx, &ring, e);
	if (!err)
		err = schema_lock(db, c->ctx, &locked, e);
	if (!err)
		err = schema_load(db, c->ctx, c->arena, &c->schema, e);
	if (!err)
		err = db_one(db, c->ctx, SQL_SCHEMA_CUSTOMERS, DB_NOARGS,
		    take_customers, c, e);
	if (!err)
		err = db_one(db, c->ctx, SQL_FIELD_NEXT_ID, DB_NOARGS, take_id,
		    &c->next_id, e);
	c->words = c->schema.words;
	find_next_id(c);
	return err;
}

struct field_edit *
field_edits_add(
    struct field_edits *c, enum edit_kind kind, const struct field *old)
{
	struct field_edit *wider;

	if (c->n == c->room) {
		c->room = c->room ? c->room * 2 : 8;
		wider = arena_calloc(c->arena, c->room, sizeof(*wider));
		if (c->n)
			memcpy(wider, c->list, c->n * sizeof(*wider));
		c->list = wider;
	}
	c->list[c->n] = (struct field_edit){.kind = kind, .old = old};
	if (old)
		c->list[c->n].f = *old;
	return &c->list[c->n++];
}

static enum err_code
conflict(struct field_edits *c, const struct field_edit *edit)
{
	c->culprit = edit;
	return ERR_CONFLICT;
}

/* The job that runs already is the answer's. */
static enum err_code
refuse_busy(struct field_edits *c, const struct field_edit *edit, struct err *e)
{
	enum err_code err;

	err =
	    job_find(c->site->db, c->ctx, &c->schema.job, c->arena, &c->job, e);
	c->converting = !err;
	err_set(e, ERR_CONFLICT,
	    "another change of the workspace's fields is being carried out");
	return conflict(c, edit);
}

/* What is done with each field of the schema. */
static enum edit_kind *
fates_of(const struct field_edits *c)
{
	enum edit_kind *list =
	    arena_calloc(c->arena, c->schema.n, sizeof(*list));
	unsigned i;

	for (i = 0; i < c->schema.n; i++)
		list[i] = EDIT_NONE;
	for (i = 0; i < c->n; i++) {
		if (c->list[i].kind != EDIT_CREATE)
			list[c->list[i].old - c->schema.fields] =
			    c->list[i].kind;
	}
	return list;
}

/* Beside the fields that are there already, and that stay: those of a document
 * have been compared. A field that goes from customers keeps its name and its
 * role until none has it; no upload can mean it, whatever its display_name. */
static enum err_code
check_beside_old(struct field_edits *c, const struct field_edit *edit,
    const enum edit_kind *fates, struct arena *a, struct err *e)
{
	const struct schema *s = &c->schema;
	enum err_code err = ERR_OK;
	unsigned i;

	for (i = 0; i < s->n && !err; i++) {
		bool stays = fates[i] == EDIT_NONE && !c->whole;
		bool goes = fates[i] == EDIT_DELETE && c->customers;

		if (s->fields[i].builtin || s->fields[i].id == edit->f.id)
			continue;
		if (stays)
			err = field_fits(&edit->f, &s->fields[i], a, e);
		else if (goes)
			err = fits_stored(&edit->f, &s->fields[i], e);
	}
	for (i = 0; i < s->nleaving && !err; i++)
		err = fits_stored(&edit->f, &s->leaving[i], e);
	return err;
}

static enum err_code
check_places(struct field_edits *c, struct err *e)
{
	const enum edit_kind *fates = fates_of(c);
	struct arena *a = arena_new(16384);
	enum err_code err = ERR_OK;
	unsigned i;

	for (i = 0; i < c->n && !err; i++) {
		const struct field_edit *edit = &c->list[i];

		if (edit->kind == EDIT_DELETE)
			continue;
		arena_reset(a);
		err = check_beside_old(c, edit, fates, a, e);
		if (err)
			c->culprit = edit;
	}
	arena_free(&a);
	return err;
}

static enum err_code
check_count(const struct field_edits *c, struct err *e)
{
	unsigned i, n = c->schema.nleaving;

	for (i = 0; i < c->schema.n; i++)
		n += !c->schema.fields[i].builtin;
	for (i = 0; i < c->n; i++) {
		n += c->list[i].kind == EDIT_CREATE;
		n -= c->list[i].kind == EDIT_DELETE && !c->customers;
	}
	if (n <= FIELDS_MAX)
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "a workspace can have at most %d fields", FIELDS_MAX);
}

static bool
gains_role(const struct field_edit *edit)
{
	const char *role = edit->f.role;

	if (edit->kind == EDIT_DELETE || !role)
		return false;
	return edit->kind == EDIT_CREATE || !edit->old->role ||
	       strcmp(edit->old->role, role) != 0;
}

/* Whether customers have values of the system attribute of f's role, which is
 * no field's. */
static enum err_code
has_builtin_values(
    struct field_edits *c, const struct field *f, bool *out, struct err *e)
{
	const struct field_role *role = field_role_find(f->role);
	char text[80];
	enum err_code err;

	snprintf(text, sizeof(text), "\"%s\":", role->attribute);
	err = role->key ? db_one(c->site->db, c->ctx, SQL_FIELD_INDEX_ANY,
	                      DB_ARGS(db_int(role->id)), NULL, NULL, e)
	                : db_one(c->site->db, c->ctx, SQL_FIELD_PROFILE_ANY,
	                      DB_ARGS(db_str(text)), NULL, NULL, e);
	*out = !err;
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* A role is nobody else's. While customers are there it does not go from one
 * field to another at once: their values would meet in its index. */
static enum err_code
check_role(struct field_edits *c, struct field_edit *edit, struct err *e)
{
	const struct field *holder = NULL;
	bool stored = false;
	enum err_code err;
	unsigned i;

	if (!gains_role(edit) || !c->customers)
		return ERR_OK;
	if (c->schema.converting)
		return refuse_busy(c, edit, e);
	for (i = 0; i < c->schema.n; i++) {
		const struct field *f = &c->schema.fields[i];

		if (f->role && !strcmp(f->role, edit->f.role))
			holder = f;
	}
	if (!holder->builtin) {
		err_set(e, ERR_CONFLICT,
		    "role %s is that of field \"%s\": it has to be taken from "
		    "it first, by a change of its own",
		    edit->f.role, holder->name);
		return conflict(c, edit);
	}
	err = has_builtin_values(c, &edit->f, &stored, e);
	if (err || !stored)
		return err;
	if (edit->kind == EDIT_CREATE) {
		edit->old = holder;
		return ERR_OK;
	}
	err_set(e, ERR_CONFLICT,
	    "customers have values of the attribute %s already: only a new "
	    "field can take them over",
	    holder->name);
	return conflict(c, edit);
}

/* Whether profiles or digests have to follow. */
static bool
must_convert(const struct field_edits *c, const struct field_edit *edit)
{
	const struct field *old = edit->old, *f = &edit->f;

	if (!c->customers || !old)
		return false;
	return edit->kind == EDIT_DELETE || field_alters_layout(old, f) ||
	       field_alters_index(old, f) || field_alters_search(old, f) ||
	       field_index_id(old) != field_index_id(f);
}

/* Digests under a new index key are made for fields that are unique now. The
 * account's row, which a rotation locks first, keeps one from starting. */
static enum err_code
refuse_reindex(
    struct field_edits *c, const struct field_edit *edit, struct err *e)
{
	struct keyring *k;
	enum err_code err = site_keyring(c->site, c->ctx, &k, e);

	if (err)
		return err;
	err = db_one(c->site->db, c->ctx, SQL_FIELD_REINDEX_RUNS, DB_NOARGS,
	    NULL, NULL, e);
	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	err_set(e, ERR_CONFLICT,
	    "the account's index key is being rotated: try again when that is "
	    "done");
	return conflict(c, edit);
}

static enum err_code
check_free(struct field_edits *c, const struct field_edit *edit, struct err *e)
{
	bool disturbs = edit->kind == EDIT_DELETE;

	if (edit->kind == EDIT_CHANGE)
		disturbs = field_disturbs(edit->old, &edit->f);
	if (c->schema.converting &&
	    (edit->converts || (edit->old && edit->old->was && disturbs)))
		return refuse_busy(c, edit, e);
	if (edit->kind != EDIT_DELETE && edit->converts &&
	    field_alters_index(edit->old, &edit->f))
		return refuse_reindex(c, edit, e);
	return ERR_OK;
}

/* A new required field binds later uploads alone. */
static enum err_code
scan(struct field_edits *c, struct field_edit *edit, struct err *e)
{
	const struct field *f = &edit->f, *old = edit->old;
	struct scan what = {.schema = &c->schema,
	    .old = old,
	    .f = f,
	    .customers = c->customers};
	struct offences *found;
	enum err_code err;

	if (edit->kind == EDIT_DELETE || !old || !c->customers)
		return ERR_OK;
	what.values = field_may_break(old, f);
	what.required =
	    edit->kind == EDIT_CHANGE && f->required && !old->required;
	what.unique = field_alters_index(old, f) &&
	              (!field_index_id(old) || field_alters_values(old, f));
	if (!what.values && !what.required && !what.unique)
		return ERR_OK;
	found = arena_alloc(c->arena, sizeof(*found));
	err = field_scan(c->site, c->ctx, &what, c->arena, found, e);
	if (found->total)
		edit->offences = found;
	return err;
}

static enum err_code
scan_all(struct field_edits *c, struct err *e)
{
	bool any = false;
	enum err_code err = ERR_OK;
	unsigned i;

	for (i = 0; i < c->n && !err; i++) {
		err = scan(c, &c->list[i], e);
		any |= c->list[i].offences != NULL;
	}
	if (!err && any)
		return err_set(
		    e, ERR_INVALID, "stored values do not fit this change");
	return err;
}

static enum err_code
check(struct field_edits *c, struct err *e)
{
	enum err_code err = check_count(c, e);
	unsigned i;

	if (!err)
		err = check_places(c, e);
	for (i = 0; i < c->n && !err; i++) {
		struct field_edit *edit = &c->list[i];

		err = check_role(c, edit, e);
		edit->converts = !err && must_convert(c, edit);
		if (!err)
			err = check_free(c, edit, e);
	}
	return err ? err : scan_all(c, e);
}

enum err_code
field_edits_apply(struct field_edits *c, struct err *e)
{
	enum err_code err;
	unsigned i;

	for (i = 0; i < c->n; i++) {
		if (c->list[i].kind == EDIT_CREATE)
			c->list[i].f.id = c->next_id++;
	}
	err = check(c, e);
	return err ? err : field_edits_store(c, e);
}
