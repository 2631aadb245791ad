#include "model/field_change.h"

#include <string.h>

#include "base/clock.h"
#include "model/audit.h"
#include "model/regex.h"
#include "model/search.h"
#include "vault/rand.h"

#define CONVERT_STEP SEARCH_BLOCK /* seqs in a chunk */

/* A change in hand; the transaction may go through it several times. */
struct changing {
	struct site *site;
	const struct db_context *ctx;
	const json_t *body;
	struct arena *arena;
	struct field_change *out;

	struct schema schema;
	const struct field *old;
	uint64_t end, customers; /* seqs are below `end` */
};

static void
take_customers(struct db_rows *r, void *arg)
{
	struct changing *c = arg;

	c->end = (uint64_t)db_get_int(r, 0);
	c->customers = (uint64_t)db_get_int(r, 1);
}

static enum err_code
find_field(struct changing *c, struct err *e)
{
	const json_t *name = json_object_get(c->body, "field_name");

	if (jv_type(name) == JV_NONE || jv_type(name) == JV_NULL)
		return err_set(e, ERR_MISSING_FIELDS,
		    "missing required fields: field_name");
	if (jv_type(name) != JV_STRING)
		return err_set(
		    e, ERR_BAD_REQUEST, "field_name must be a string");
	c->old = schema_find(
	    &c->schema, json_string_value(name), json_string_length(name));
	if (!c->old || c->old->builtin)
		return err_set(e, ERR_NOT_FOUND, "there is no such field");
	return ERR_OK;
}

/* Gives the regex of the new definition back. */
static void
forget(struct changing *c)
{
	if (c->out->field.regex)
		regex_free(c->out->field.regex);
	c->out->field = (struct field){0};
}

/* Locks the fields, and reads them and how many customers there are. */
static enum err_code
begin(struct changing *c, struct err *e)
{
	struct db *db = c->site->db;
	struct schema locked;
	enum err_code err;

	forget(c);
	schema_release(&c->schema);
	c->out->converting = false;
	c->out->offences.total = c->out->offences.n = 0;
	err = schema_lock(db, c->ctx, &locked, e);
	if (!err)
		err = schema_load(db, c->ctx, c->arena, &c->schema, e);
	if (!err)
		err = find_field(c, e);
	if (!err)
		err = db_one(db, c->ctx, SQL_SCHEMA_CUSTOMERS, DB_NOARGS,
		    take_customers, c, e);
	return err;
}

/* The job that runs already is the answer's. */
static enum err_code
refuse_busy(struct changing *c, struct err *e)
{
	enum err_code err;

	err = job_find(
	    c->site->db, c->ctx, &c->schema.job, c->arena, &c->out->job, e);
	c->out->converting = !err;
	return err_set(e, ERR_CONFLICT,
	    "another change of the workspace's fields is being carried out");
}

/* Digests under a new index key are made for fields that are unique now. The
 * account's row, which a rotation locks first, keeps one from starting. */
static enum err_code
refuse_reindex(struct changing *c, struct err *e)
{
	struct keyring *k;
	enum err_code err = site_keyring(c->site, c->ctx, &k, e);

	if (err)
		return err;
	err = db_one(c->site->db, c->ctx, SQL_FIELD_REINDEX_RUNS, DB_NOARGS,
	    NULL, NULL, e);
	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	return err ? err
	           : err_set(e, ERR_CONFLICT,
	                 "the account's index key is being rotated: try again "
	                 "when that is done");
}

/* The old definition, as `was` keeps it. */
static void
write_was(const struct field *f, struct buf *out)
{
	struct field plain = *f;

	plain.was = NULL;
	field_write(out, &plain);
}

static enum err_code
update_row(struct changing *c, bool convert, struct err *e)
{
	const struct field *f = &c->out->field;
	struct buf options = {0}, was = {0};
	enum err_code err;

	field_write_options(&options, f);
	write_was(c->old, &was);
	err = db_exec(c->site->db, c->ctx, SQL_FIELD_UPDATE,
	    DB_ARGS(db_str(f->display_name), db_str(field_type_name(f)),
	        db_str(f->format), db_int(f->pii), db_int(f->required),
	        db_int(f->unique || f->indexing), db_int(f->searchable),
	        db_int(f->max_length),
	        f->noptions ? db_bytes(options.data, options.len) : db_null(),
	        db_str(f->regex_text), db_str(f->role),
	        convert ? db_bytes(was.data, was.len) : db_null(),
	        db_int(f->id)),
	    NULL, NULL, e);
	buf_free(&options);
	buf_free(&was);
	return err == ERR_DUPLICATE
	           ? err_set(e, ERR_CONFLICT, "the role is another field's")
	           : err;
}

static enum err_code
count_change(struct changing *c, struct err *e)
{
	return db_exec(c->site->db, c->ctx, SQL_SCHEMA_CHANGED,
	    DB_ARGS(db_int(c->old->id)), NULL, NULL, e);
}

/* Starts the job. `layout`: profiles are stored otherwise from here on. */
static enum err_code
start_job(struct changing *c, bool layout, struct err *e)
{
	struct job *job = &c->out->job;
	uint64_t affected = 0;
	enum err_code err;

	*job = (struct job){.kind = JOB_KIND_CONVERT,
	    .step = CONVERT_STEP,
	    .rows = (uint32_t)c->customers};
	rand_uuid(&job->uuid);
	job->detail =
	    arena_printf(c->arena, "{\"field_name\":\"%s\"}", c->old->name);
	err = job_enqueue_range(c->site, c->ctx, job, c->end, e);
	if (!err)
		err = db_exec(c->site->db, c->ctx, SQL_SCHEMA_CONVERT,
		    DB_ARGS(db_int(layout), db_uuid(&job->uuid)), &affected,
		    NULL, e);
	if (!err && !affected)
		return err_fault(e, ERR_INTERNAL, "two conversions at once");
	c->out->converting = !err;
	return err;
}

/* The names of the members in which two definitions differ, as JSON. */
static void
write_changes(const struct field *old, const struct field *f, struct buf *out)
{
	const struct field *both[] = {old, f};
	json_t *def[2] = {NULL, NULL}, *v;
	struct buf text = {0};
	const char *name, *comma = "";
	struct err ignored;
	int i;

	for (i = 0; i < 2; i++) {
		buf_reset(&text);
		field_write(&text, both[i]);
		if (json_read_mem(text.data, text.len, &def[i], &ignored))
			def[i] = json_object();
	}
	buf_addc(out, '[');
	json_object_foreach(def[1], name, v)
	{
		if (json_equal(json_object_get(def[0], name), v))
			continue;
		buf_addf(out, "%s\"%s\"", comma, name);
		comma = ",";
	}
	buf_addc(out, ']');
	buf_free(&text);
	json_decref(def[0]);
	json_decref(def[1]);
}

static enum err_code
audit(struct changing *c, enum audit_action action, struct err *e)
{
	struct audit_event event = {.action = action};
	struct buf detail = {0};
	char id[UUID_TEXT];
	enum err_code err;

	buf_addf(&detail, "{\"field\":\"%s\"", c->old->name);
	if (action == AUDIT_FIELD_CHANGE) {
		buf_adds(&detail, ",\"changed\":");
		write_changes(c->old, &c->out->field, &detail);
	}
	if (c->out->converting) {
		uuid_format(&c->out->job.uuid, id);
		buf_addf(&detail, ",\"job\":\"%s\"", id);
	}
	buf_addc(&detail, '}');
	event.detail = detail.data;
	err = audit_change(c->site, c->ctx, &event, 1, e);
	buf_free(&detail);
	return err;
}

/* The field beside all the others. */
static enum err_code
check_place(struct changing *c, struct err *e)
{
	const struct schema *s = &c->schema;
	const struct field *f = &c->out->field;
	enum err_code err = ERR_OK;
	unsigned i;

	for (i = 0; i < s->n && !err; i++) {
		if (s->fields[i].id != f->id && !s->fields[i].builtin)
			err = field_fits(f, &s->fields[i], c->arena, e);
	}
	for (i = 0; i < s->nleaving && !err; i++)
		err = field_fits(f, &s->leaving[i], c->arena, e);
	return err;
}

static enum err_code
scan(struct changing *c, struct err *e)
{
	const struct field *f = &c->out->field, *old = c->old;
	struct scan what = {.schema = &c->schema,
	    .old = old,
	    .f = f,
	    .values = field_may_break(old, f),
	    .required = f->required && !old->required,
	    .unique = field_alters_index(old, f) &&
	              (!field_index_id(old) || field_alters_values(old, f)),
	    .customers = c->customers};
	enum err_code err;

	if (!c->customers || (!what.values && !what.required && !what.unique))
		return ERR_OK;
	err =
	    field_scan(c->site, c->ctx, &what, c->arena, &c->out->offences, e);
	if (!err && c->out->offences.total)
		return err_set(
		    e, ERR_INVALID, "stored values do not fit this change");
	return err;
}

/* Whether profiles or digests have to follow. */
static bool
must_convert(const struct changing *c)
{
	const struct field *f = &c->out->field;

	return c->customers && (field_alters_layout(c->old, f) ||
	                           field_alters_index(c->old, f) ||
	                           field_alters_search(c->old, f) ||
	                           field_index_id(c->old) != field_index_id(f));
}

static enum err_code
check_free(struct changing *c, struct err *e)
{
	const struct field *f = &c->out->field;

	if (c->schema.converting &&
	    (must_convert(c) || (c->old->was && field_disturbs(c->old, f))))
		return refuse_busy(c, e);
	if (c->customers && field_alters_index(c->old, f))
		return refuse_reindex(c, e);
	return ERR_OK;
}

static enum err_code
change(struct db *db, void *arg, struct err *e)
{
	struct changing *c = arg;
	struct field *f = &c->out->field;
	enum err_code err = begin(c, e);
	bool convert;

	(void)db;
	if (!err)
		err = field_redefine(c->body, c->old, c->arena, f, e);
	if (!err)
		err = check_place(c, e);
	if (!err)
		err = check_free(c, e);
	if (!err)
		err = scan(c, e);
	if (err)
		return err;
	convert = must_convert(c);
	if (convert)
		err = start_job(c, field_alters_layout(c->old, f), e);
	if (!err)
		err = update_row(c, convert, e);
	if (!err)
		err = count_change(c, e);
	return err ? err : audit(c, AUDIT_FIELD_CHANGE, e);
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

static enum err_code delete (struct db *db, void *arg, struct err *e) {
	struct changing *c = arg; enum err_code err = begin(c, e);

	if (err) return err;
	c->out->field = *c->old;
	if (c->schema.converting &&
	    (c->customers || c->old->was)) return refuse_busy(c, e);
	if (c->customers) err = start_job(c, true, e);
	if (!err) err = db_exec(db, c->ctx,
	    c->customers ? SQL_FIELD_LEAVE : SQL_FIELD_DELETE,
	    DB_ARGS(db_int(c->old->id)), NULL, NULL, e);
	if (!err) err = count_change(c, e);
	return err ? err : audit(c, AUDIT_FIELD_DELETE, e);
}

static enum err_code
run(struct changing *c, db_body *body, struct err *e)
{
	enum err_code err;

	*c->out = (struct field_change){.converting = false};
	err = db_transaction(c->site->db, body, NULL, c, e);
	schema_release(&c->schema);
	if (c->out->field.regex)
		regex_free(c->out->field.regex);
	return err;
}

enum err_code
field_change(struct site *s, const struct db_context *ctx, const json_t *body,
    struct arena *a, struct field_change *out, struct err *e)
{
	struct changing c = {
	    .site = s, .ctx = ctx, .body = body, .arena = a, .out = out};

	return run(&c, change, e);
}

enum err_code
field_delete(struct site *s, const struct db_context *ctx, const json_t *body,
    struct arena *a, struct field_change *out, struct err *e)
{
	struct changing c = {
	    .site = s, .ctx = ctx, .body = body, .arena = a, .out = out};
	enum err_code err = refuse_members(body, e);

	return err ? err : run(&c, delete, e);
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
