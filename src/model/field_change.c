#include "model/field_change.h"

#include <string.h>

#include "base/clock.h"
#include "model/field_edit.h"
#include "model/schema_words.h"

/* A change in hand; the transaction may go through it several times. */
struct changing {
	struct field_edits edits;
	const json_t *body; /* of PATCH and DELETE */
	struct field *f;    /* of PUT */
	struct field_change *out;
};

/* Begins, and finds the field that the body names. */
static enum err_code
find_field(struct changing *c, const struct field **out, struct err *e)
{
	const json_t *name = json_object_get(c->body, "field_name");
	enum err_code err = field_edits_begin(&c->edits, e);

	if (err)
		return err;
	if (jv_type(name) == JV_NONE || jv_type(name) == JV_NULL)
		return err_set(e, ERR_MISSING_FIELDS,
		    "missing required fields: field_name");
	if (jv_type(name) != JV_STRING)
		return err_set(
		    e, ERR_BAD_REQUEST, "field_name must be a string");
	*out = schema_find(&c->edits.schema, json_string_value(name),
	    json_string_length(name));
	if (!*out || (*out)->builtin)
		return err_set(e, ERR_NOT_FOUND, "there is no such field");
	return ERR_OK;
}

static enum err_code
change(struct db *db, void *arg, struct err *e)
{
	struct changing *c = arg;
	const struct field *old;
	struct field_edit *edit;
	enum err_code err = find_field(c, &old, e);

	(void)db;
	if (err)
		return err;
	edit = field_edits_add(&c->edits, EDIT_CHANGE, old);
	err = field_redefine(c->body, old, c->edits.arena, &edit->f, e);
	return err ? err : field_edits_apply(&c->edits, e);
}

static enum err_code
remove_field(struct db *db, void *arg, struct err *e)
{
	struct changing *c = arg;
	const struct field *old;
	enum err_code err = find_field(c, &old, e);

	(void)db;
	if (err)
		return err;
	field_edits_add(&c->edits, EDIT_DELETE, old);
	return field_edits_apply(&c->edits, e);
}

static enum err_code
create(struct db *db, void *arg, struct err *e)
{
	struct changing *c = arg;
	struct field_edit *edit;
	enum err_code err = field_edits_begin(&c->edits, e);

	(void)db;
	if (err)
		return err;
	if (schema_find_alias(&c->edits.schema, c->f->name))
		return err_set(e, ERR_CONFLICT,
		    "the workspace's schema has \"%s\" as a name of a system "
		    "attribute",
		    c->f->name);
	edit = field_edits_add(&c->edits, EDIT_CREATE, NULL);
	edit->f = *c->f;
	err = field_edits_apply(&c->edits, e);
	c->f->id = c->edits.list[0].f.id;
	return err;
}

static enum err_code
was_created(struct db *db, void *arg, struct err *e)
{
	struct changing *c = arg;

	return db_one(db, c->edits.ctx, SQL_FIELD_WAS_CREATED,
	    DB_ARGS(db_int(c->f->id), db_str(c->f->name), db_int(c->edits.now)),
	    NULL, NULL, e);
}

/* *out tells what came of the one edit. */
static enum err_code
run(struct changing *c, db_body *body, db_body *done, struct err *e)
{
	struct field_edits *edits = &c->edits;
	enum err_code err;

	*c->out = (struct field_change){.converting = false};
	err = db_transaction(edits->site->db, body, done, c, e);
	c->out->converting = edits->converting;
	c->out->job = edits->job;
	if (edits->n) {
		c->out->field = edits->list[0].f;
		if (edits->list[0].offences)
			c->out->offences = *edits->list[0].offences;
	}
	field_edits_end(edits);
	return err;
}

enum err_code
field_add(struct site *s, const struct db_context *ctx, struct field *f,
    struct arena *a, struct field_change *out, struct err *e)
{
	struct changing c = {
	    .edits = {.site = s, .ctx = ctx, .arena = a}, .f = f, .out = out};

	return run(&c, create, was_created, e);
}

enum err_code
field_create(
    struct db *db, const struct db_context *ctx, struct field *f, struct err *e)
{
	struct arena *a = arena_new(16384);
	struct field_change *out = arena_alloc(a, sizeof(*out));
	enum err_code err = field_add(site_of(db), ctx, f, a, out, e);

	arena_free(&a);
	return err;
}

enum err_code
field_change(struct site *s, const struct db_context *ctx, const json_t *body,
    struct arena *a, struct field_change *out, struct err *e)
{
	struct changing c = {.edits = {.site = s, .ctx = ctx, .arena = a},
	    .body = body,
	    .out = out};

	return run(&c, change, NULL, e);
}

static enum err_code
refuse_members(const json_t *body, struct err *e)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)body, name, v)
	{
		if (strcmp(name, "workspace_id") && strcmp(name, "field_name"))
			return err_set(e, ERR_BAD_REQUEST,
			    "unknown member \"%s\": a field is deleted by its "
			    "field_name",
			    name);
	}
	return ERR_OK;
}

enum err_code
field_delete(struct site *s, const struct db_context *ctx, const json_t *body,
    struct arena *a, struct field_change *out, struct err *e)
{
	struct changing c = {.edits = {.site = s, .ctx = ctx, .arena = a},
	    .body = body,
	    .out = out};
	enum err_code err = refuse_members(body, e);

	return err ? err : run(&c, remove_field, NULL, e);
}

enum err_code
field_change_finish(struct db *db, const struct db_context *ctx,
    const struct uuid *job, struct err *e)
{
	uint64_t affected = 0;
	int64_t now = clock_now_ms();
	struct schema locked;
	enum err_code err = schema_lock(db, ctx, &locked, e);

	if (!err)
		err = db_exec(db, ctx, SQL_SCHEMA_CONVERTED,
		    DB_ARGS(db_uuid(job)), &affected, NULL, e);
	if (!err && !affected)
		return err_fault(
		    e, ERR_INTERNAL, "a conversion that is not the current");
	if (!err)
		err = db_exec(
		    db, ctx, SQL_FIELD_SETTLE, DB_NOARGS, NULL, NULL, e);
	if (!err)
		err = db_exec(
		    db, ctx, SQL_FIELD_REMOVE_LEFT, DB_NOARGS, NULL, NULL, e);
	if (err)
		return err;
	return db_exec(db, ctx, SQL_FIELD_WAKE_CHUNKS,
	    DB_ARGS(db_int(now), db_int(now)), NULL, NULL, e);
}
