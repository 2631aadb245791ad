/* New fields: what they may stand beside, and how they are stored. */
#include "model/field.h"

#include <string.h>

#include "base/clock.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "model/audit.h"

static bool
same(struct arena *a, const char *x, const char *y)
{
	return utf8_equal_fold(a, x, strlen(x), y, strlen(y));
}

enum err_code
field_fits(const struct field *f, const struct field *old, struct arena *a,
    struct err *e)
{
	if (!strcmp(f->name, old->name))
		return err_set(e, ERR_CONFLICT,
		    "there is a field named \"%s\" already", old->name);
	if (f->role && old->role && !strcmp(f->role, old->role))
		return err_set(e, ERR_CONFLICT,
		    "role %s is that of field \"%s\" already", f->role,
		    old->name);
	if (same(a, f->display_name, old->display_name) ||
	    same(a, f->display_name, old->name) ||
	    same(a, f->name, old->display_name))
		return err_set(e, ERR_CONFLICT,
		    "field_name and display_name must differ from those of "
		    "field \"%s\" in more than case",
		    old->name);
	return ERR_OK;
}

/* What field_create hands to its transaction. */
struct creation {
	const struct db_context *ctx;
	struct field *f;
	struct arena *a;
	int64_t created_at;
};

/* The new field against each of the stored ones; finds its id. */
static enum err_code
compare_stored(struct db_rows *r, struct creation *c, struct err *e)
{
	struct field old = {0};
	unsigned count = 0;
	enum err_code err;
	size_t n;

	while (db_next(r)) {
		old.id = (uint32_t)db_get_int(r, 0);
		old.name = db_get_bytes(r, 1, &n);
		old.display_name = db_get_bytes(r, 2, &n);
		old.role = db_get_bytes(r, 3, &n);
		if ((err = field_fits(c->f, &old, c->a, e)))
			return err;
		if (old.id >= c->f->id)
			c->f->id = old.id + 1;
		count++;
	}
	if (count >= FIELDS_MAX)
		return err_set(e, ERR_BAD_REQUEST,
		    "a workspace can have at most %d fields", FIELDS_MAX);
	return ERR_OK;
}

static void
take_id(struct db_rows *r, void *arg)
{
	uint32_t id = (uint32_t)db_get_int(r, 0);

	*(uint32_t *)arg = id < FIELD_FIRST_ID ? FIELD_FIRST_ID : id;
}

static enum err_code
find_place(struct db *db, struct creation *c, struct err *e)
{
	struct db_rows *r = NULL;
	struct schema state;
	struct err ignored;
	enum err_code err, end;

	err = schema_lock(db, c->ctx, &state, e);
	if (!err && state.converting && c->f->role)
		return err_set(e, ERR_CONFLICT,
		    "a change of the workspace's fields is being carried out: "
		    "a role can be given when it is done");
	if (!err)
		err = db_one(db, c->ctx, SQL_FIELD_NEXT_ID, DB_NOARGS, take_id,
		    &c->f->id, e);
	if (!err)
		err = db_query(
		    db, c->ctx, SQL_FIELD_LIST_BRIEF, DB_NOARGS, &r, e);
	if (err)
		return err;
	err = compare_stored(r, c, e);
	end = db_done(&r, err ? &ignored : e);
	return err ? err : end;
}

static enum err_code
insert(struct db *db, struct creation *c, struct err *e)
{
	const struct field *f = c->f;
	struct buf options = {0};
	enum err_code err;

	field_write_options(&options, f);
	err = db_exec(db, c->ctx, SQL_FIELD_INSERT,
	    DB_ARGS(db_int(f->id), db_str(f->name), db_str(f->display_name),
	        db_str(field_type_name(f)), db_str(f->format), db_int(f->pii),
	        db_int(f->required), db_int(f->unique), db_int(f->searchable),
	        db_int(f->max_length),
	        f->noptions ? db_bytes(options.data, options.len) : db_null(),
	        db_str(f->regex_text), db_str(f->role), db_int(c->created_at)),
	    NULL, NULL, e);
	buf_free(&options);
	if (!err)
		err = db_exec(db, c->ctx, SQL_SCHEMA_CHANGED,
		    DB_ARGS(db_int(f->id)), NULL, NULL, e);
	return err;
}

static enum err_code
audit_creation(struct db *db, const struct creation *c, struct err *e)
{
	struct buf detail = {0};
	enum err_code err;

	buf_adds(&detail, "{\"field\":");
	buf_add_json(&detail, c->f->name, strlen(c->f->name));
	buf_addc(&detail, '}');
	err = audit_change(site_of(db), c->ctx,
	    &(struct audit_event){AUDIT_FIELD_CREATE, NULL, detail.data}, 1, e);
	buf_free(&detail);
	return err;
}

static enum err_code
create(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;
	enum err_code err = find_place(db, c, e);

	if (!err)
		err = insert(db, c, e);
	if (!err)
		err = audit_creation(db, c, e);
	if (err == ERR_DUPLICATE)
		return err_set(e, ERR_CONFLICT,
		    "there is a field of that name or role already");
	return err;
}

static enum err_code
was_created(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;

	return db_one(db, c->ctx, SQL_FIELD_WAS_CREATED,
	    DB_ARGS(
	        db_int(c->f->id), db_str(c->f->name), db_int(c->created_at)),
	    NULL, NULL, e);
}

enum err_code
field_create(
    struct db *db, const struct db_context *ctx, struct field *f, struct err *e)
{
	struct creation c = {.ctx = ctx, .f = f, .created_at = clock_now_ms()};
	enum err_code err;

	c.a = arena_new(4096);
	if (db_in_transaction(db))
		err = create(db, &c, e);
	else
		err = db_transaction(db, create, was_created, &c, e);
	arena_free(&c.a);
	return err;
}
