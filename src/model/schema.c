#include "model/field.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "model/regex.h"
#include "model/schema_words.h"
#include "model/types/types.h"

/* Columns of FIELD_LIST, in its order. */
enum {
	COL_ID,
	COL_NAME,
	COL_DISPLAY,
	COL_TYPE,
	COL_FORMAT,
	COL_PII,
	COL_REQUIRED,
	COL_UNIQUE,
	COL_SEARCHABLE,
	COL_LENGTH,
	COL_OPTIONS,
	COL_REGEX,
	COL_ROLE,
	COL_WAS,
	COL_LEAVING,
	COL_WORDS
};

static const char *
copy(struct db_rows *r, unsigned col, struct arena *a)
{
	size_t n;
	const char *s = db_get_bytes(r, col, &n);

	return db_is_null(r, col) ? NULL : arena_strndup(a, s, n);
}

/* The options, from a JSON array of strings. */
static enum err_code
read_options(struct db_rows *r, struct arena *a, struct field *f, struct err *e)
{
	size_t i, n;
	const char *s = db_get_bytes(r, COL_OPTIONS, &n);
	json_t *list = NULL;
	enum err_code err;

	if (db_is_null(r, COL_OPTIONS))
		return ERR_OK;
	if ((err = json_read_mem(s, n, &list, e)))
		return err;
	f->noptions = (unsigned)json_array_size(list);
	f->options = arena_calloc(a, f->noptions, sizeof(*f->options));
	for (i = 0; i < f->noptions; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		f->options[i] = arena_strdup(a, text ? text : "");
	}
	json_decref(list);
	return ERR_OK;
}

/* A definition that is a system attribute's. */
static bool
was_builtin(const json_t *v, struct field *out)
{
	const char *name = json_string_value(json_object_get(v, "field_name"));
	unsigned i;

	for (i = 0; i < FIELD_ROLES; i++) {
		field_builtin(i, out);
		if (name && !strcmp(name, out->name))
			return true;
	}
	return false;
}

/* The definition that stored values follow until they are converted. */
static enum err_code
read_was(struct db_rows *r, struct arena *a, struct field *f, struct err *e)
{
	struct field *was;
	const char *s;
	json_t *v = NULL;
	enum err_code err;
	size_t n;

	s = db_get_bytes(r, COL_WAS, &n);
	if (db_is_null(r, COL_WAS))
		return ERR_OK;
	was = arena_alloc(a, sizeof(*was));
	err = json_read_mem(s, n, &v, e);
	if (!err && !was_builtin(v, was))
		err = field_from_definition(v, a, was, e);
	json_decref(v);
	was->id = f->id;
	f->was = was;
	if (!err && field_alters_index(was, f)) {
		f->indexing = true;
		f->unique = false;
	}
	return err;
}

static enum err_code
read_field(struct db_rows *r, struct arena *a, struct field *f, struct err *e)
{
	const struct field_type *type;
	enum err_code err;

	f->id = (uint32_t)db_get_int(r, COL_ID);
	f->name = copy(r, COL_NAME, a);
	f->display_name = copy(r, COL_DISPLAY, a);
	f->type = field_type_find(copy(r, COL_TYPE, a));
	f->format = copy(r, COL_FORMAT, a);
	f->pii = db_get_int(r, COL_PII);
	f->required = db_get_int(r, COL_REQUIRED);
	f->unique = db_get_int(r, COL_UNIQUE);
	f->searchable = db_get_int(r, COL_SEARCHABLE);
	f->max_length = (uint32_t)db_get_int(r, COL_LENGTH);
	f->regex_text = copy(r, COL_REGEX, a);
	f->role = copy(r, COL_ROLE, a);
	f->words = copy(r, COL_WORDS, a);
	if (f->type == FIELD_TYPES)
		return err_set(e, ERR_BAD_REQUEST, "its type is unknown");
	type = field_type_of(f);
	if ((err = read_options(r, a, f, e)))
		return err;
	if (f->regex_text)
		f->regex = arena_alloc(a, sizeof(*f->regex));
	err = type->define ? type->define(f, a, e) : ERR_OK;
	return err ? err : read_was(r, a, f, e);
}

/* Room for one more field; the array doubles, in the arena. */
static struct field *
next_field(struct field **list, unsigned n, unsigned *room, struct arena *a)
{
	struct field *wider;

	if (n == *room) {
		*room = *room ? *room * 2 : 16;
		wider = arena_calloc(a, *room, sizeof(*wider));
		if (n)
			memcpy(wider, *list, n * sizeof(*wider));
		*list = wider;
	}
	return &(*list)[n];
}

/* A stored definition that cannot be read is a fault of ours. */
static enum err_code
read_fields(struct db_rows *r, struct arena *a, struct schema *s, struct err *e)
{
	struct regex_budget *budget = arena_alloc(a, sizeof(*budget));
	unsigned room = 0, room_left = 0;
	struct field *f;
	struct err why;

	while (db_next(r)) {
		bool leaving = db_get_int(r, COL_LEAVING);

		f = leaving
		        ? next_field(&s->leaving, s->nleaving, &room_left, a)
		        : next_field(&s->fields, s->n, &room, a);
		if (read_field(r, a, f, &why))
			return err_fault(e, ERR_INTERNAL,
			    "stored field %u cannot be read: %s",
			    (unsigned)f->id, err_text(&why));
		f->budget = budget;
		s->renaming |= f->was && strcmp(f->was->name, f->name);
		if (leaving)
			s->nleaving++;
		else
			s->n++;
	}
	return ERR_OK;
}

static bool
has_role(const struct schema *s, const char *role)
{
	unsigned i;

	for (i = 0; i < s->n; i++) {
		if (s->fields[i].role && !strcmp(s->fields[i].role, role))
			return true;
	}
	return false;
}

static int
compare_names(const void *a, const void *b)
{
	const struct field *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static bool
same_role(const struct field *f, const struct field *builtin)
{
	return f->role && !strcmp(f->role, builtin->role);
}

/* Whether the index of a system attribute still has digests of a field that is
 * losing its role: as in any index that is being made, none comes in until
 * they are gone. */
static bool
is_being_left(const struct schema *s, const struct field *builtin)
{
	unsigned i;

	for (i = 0; i < s->nleaving; i++) {
		if (same_role(&s->leaving[i], builtin))
			return true;
	}
	for (i = 0; i < s->n; i++) {
		if (s->fields[i].was && same_role(s->fields[i].was, builtin))
			return true;
	}
	return false;
}

/* Puts the built-in fields that are nobody's role before the others: '$'
 * comes before all that names of fields begin with. */
static void
add_builtin(struct schema *s, struct arena *a)
{
	struct field *all = arena_calloc(a, s->n + FIELD_ROLES, sizeof(*all));
	unsigned i, n = 0;

	for (i = 0; i < FIELD_ROLES; i++) {
		field_builtin(i, &all[n]);
		if (has_role(s, all[n].role))
			continue;
		all[n].indexing = all[n].unique && is_being_left(s, &all[n]);
		all[n].unique &= !all[n].indexing;
		n++;
	}
	qsort(all, n, sizeof(*all), compare_names);
	if (s->n)
		memcpy(&all[n], s->fields, s->n * sizeof(*all));
	s->fields = all;
	s->n += n;
	for (i = 0; i < s->n; i++)
		all[i].nname = strlen(all[i].name);
}

void
schema_take_state(struct db_rows *r, unsigned col, struct schema *out)
{
	*out = (struct schema){.layout = 1};
	db_get_uuid(r, col, &out->workspace);
	out->version = (uint32_t)db_get_int(r, col + 1);
	out->layout = (uint32_t)db_get_int(r, col + 2);
	out->converting = !db_is_null(r, col + 3);
	if (out->converting)
		db_get_uuid(r, col + 3, &out->job);
}

static void
take_state(struct db_rows *r, void *arg)
{
	schema_take_state(r, 0, arg);
}

static enum err_code
read_state(struct db *db, const struct db_context *ctx, enum stmt st,
    struct schema *out, struct err *e)
{
	enum err_code err;

	*out = (struct schema){.layout = 1};
	err = db_one(db, ctx, st, DB_NOARGS, take_state, out, e);
	return err == ERR_NOT_FOUND ? err_set(e, ERR_NO_WORKSPACE, NULL) : err;
}

enum err_code
schema_state(struct db *db, const struct db_context *ctx, struct schema *out,
    struct err *e)
{
	return read_state(db, ctx, SQL_SCHEMA_STATE, out, e);
}

enum err_code
schema_lock(struct db *db, const struct db_context *ctx, struct schema *out,
    struct err *e)
{
	assert(db_in_transaction(db));
	return read_state(db, ctx, SQL_SCHEMA_LOCK, out, e);
}

enum err_code
schema_hold(struct db *db, const struct db_context *ctx, const struct schema *s,
    struct err *e)
{
	struct schema now;
	enum err_code err;

	assert(db_in_transaction(db));
	err = read_state(db, ctx, SQL_SCHEMA_HOLD, &now, e);
	if (!err && now.version != s->version)
		return err_fault(e, ERR_SUPERSEDED, "fields have changed");
	return err;
}

struct whole_state {
	struct schema *schema;
	struct arena *arena;
};

static void
take_whole_state(struct db_rows *r, void *arg)
{
	struct whole_state *w = arg;

	schema_take_state(r, 0, w->schema);
	w->schema->words = copy(r, 4, w->arena);
}

/* The state with the workspace's words; held within a transaction. */
static enum err_code
read_whole_state(struct db *db, const struct db_context *ctx, struct arena *a,
    struct schema *out, struct err *e)
{
	struct whole_state w = {out, a};
	enum err_code err;

	*out = (struct schema){.layout = 1};
	err = db_one(db, ctx,
	    db_in_transaction(db) ? SQL_SCHEMA_LOAD_HOLD : SQL_SCHEMA_LOAD,
	    DB_NOARGS, take_whole_state, &w, e);
	return err == ERR_NOT_FOUND ? err_set(e, ERR_NO_WORKSPACE, NULL) : err;
}

enum err_code
schema_load(struct db *db, const struct db_context *ctx, struct arena *a,
    struct schema *out, struct err *e)
{
	struct db_rows *r = NULL;
	struct err ignored;
	enum err_code err, end;

	err = read_whole_state(db, ctx, a, out, e);
	if (!err)
		err = db_query(db, ctx, SQL_FIELD_LIST, DB_NOARGS, &r, e);
	if (err)
		return err;
	err = read_fields(r, a, out, e);
	end = db_done(&r, err ? &ignored : e);
	err = err ? err : end;
	if (!err)
		add_builtin(out, a);
	if (!err)
		err = schema_read_words(out, a, e);
	if (err)
		*out = (struct schema){.layout = 1};
	return err;
}

void
schema_release(struct schema *s)
{
	unsigned i;

	for (i = 0; i < s->n; i++) {
		if (s->fields[i].regex)
			regex_free(s->fields[i].regex);
	}
	*s = (struct schema){.layout = 1};
}

enum err_code
schema_reload(struct db *db, const struct db_context *ctx, struct arena *a,
    struct schema *s, struct err *e)
{
	schema_release(s);
	return schema_load(db, ctx, a, s, e);
}
