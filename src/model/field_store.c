/* Changes of fields that have been checked, written down. */
#include <string.h>

#include "base/clock.h"
#include "model/audit.h"
#include "model/field_edit.h"
#include "model/schema_words.h"
#include "model/search.h"
#include "vault/rand.h"

#define CONVERT_STEP SEARCH_BLOCK /* seqs in a chunk */

/* The old definition, as `was` keeps it. */
static void
write_was(const struct field *f, struct buf *out)
{
	struct field plain = *f;

	plain.was = NULL;
	field_write(out, &plain);
}

static enum err_code
told(enum err_code err, struct err *e)
{
	if (err != ERR_DUPLICATE)
		return err;
	return err_set(
	    e, ERR_CONFLICT, "there is a field of that name or role already");
}

/* Values at the end of FIELD_INSERT's that a change leaves alone. */
#define MADE_ALONE 2

/* Writes the row of a field that is made or changed: both statements begin with
 * what a change may change, and go on with the id. One that is made is never
 * `indexing`. */
static enum err_code
write_row(struct field_edits *c, const struct field_edit *edit, struct err *e)
{
	const struct field *f = &edit->f;
	bool made = edit->kind == EDIT_CREATE;
	struct buf options = {0}, was = {0};
	size_t n;
	enum err_code err;

	field_write_options(&options, f);
	if (edit->converts)
		write_was(edit->old, &was);
	const struct db_val row[] = {db_str(f->display_name),
	    db_str(field_type_name(f)), db_str(f->format), db_int(f->pii),
	    db_int(f->required), db_int(f->unique || f->indexing),
	    db_int(f->searchable), db_int(f->max_length),
	    f->noptions ? db_bytes(options.data, options.len) : db_null(),
	    db_str(f->regex_text), db_str(f->role), db_str(f->words),
	    db_str(was.data), db_int(f->id), db_str(f->name), db_int(c->now)};
	n = sizeof(row) / sizeof(row[0]) - (made ? 0 : MADE_ALONE);
	err = db_exec(c->site->db, c->ctx,
	    made ? SQL_FIELD_INSERT : SQL_FIELD_UPDATE,
	    (struct db_args){row, n}, NULL, NULL, e);
	buf_free(&options);
	buf_free(&was);
	return told(err, e);
}

static enum err_code
store_one(struct field_edits *c, const struct field_edit *edit, struct err *e)
{
	switch (edit->kind) {
	case EDIT_CREATE:
	case EDIT_CHANGE:
		return write_row(c, edit, e);
	default:
		return db_exec(c->site->db, c->ctx,
		    edit->converts ? SQL_FIELD_LEAVE : SQL_FIELD_DELETE,
		    DB_ARGS(db_int(edit->old->id)), NULL, NULL, e);
	}
}

/* Roles are given up before others take them. */
static enum err_code
store_fields(struct field_edits *c, struct err *e)
{
	enum err_code err = ERR_OK;
	int kind, roles;
	unsigned i;

	for (kind = EDIT_DELETE; kind <= EDIT_CREATE; kind++) {
		for (roles = 0; roles < 2; roles++) {
			for (i = 0; i < c->n && !err; i++) {
				const struct field_edit *edit = &c->list[i];

				if ((int)edit->kind != kind ||
				    (edit->f.role != NULL) != roles)
					continue;
				if ((err = store_one(c, edit, e)))
					c->culprit = edit;
			}
		}
	}
	return err;
}

/* Starts the job, if what is stored has to follow. */
static enum err_code
start_job(struct field_edits *c, struct err *e)
{
	struct job *job = &c->job;
	const char *name = NULL;
	uint64_t affected = 0;
	bool layout = false;
	unsigned i, n = 0;
	enum err_code err;

	for (i = 0; i < c->n; i++) {
		const struct field_edit *edit = &c->list[i];

		if (!edit->converts)
			continue;
		name = edit->f.name;
		n++;
		layout |= edit->kind == EDIT_DELETE ||
		          field_alters_layout(edit->old, &edit->f);
	}
	if (!n)
		return ERR_OK;
	*job = (struct job){.kind = JOB_KIND_CONVERT,
	    .step = CONVERT_STEP,
	    .rows = (uint32_t)c->customers};
	rand_uuid(&job->uuid);
	job->detail =
	    n == 1 ? arena_printf(c->arena, "{\"field_name\":\"%s\"}", name)
	           : arena_printf(c->arena, "{\"fields\":%u}", n);
	err = job_enqueue_range(c->site, c->ctx, job, c->end, e);
	if (!err)
		err = db_exec(c->site->db, c->ctx, SQL_SCHEMA_CONVERT,
		    DB_ARGS(db_int(layout), db_uuid(&job->uuid)), &affected,
		    NULL, e);
	if (!err && !affected)
		return err_fault(e, ERR_INTERNAL, "two conversions at once");
	c->converting = !err;
	return err;
}

static bool
words_changed(const struct field_edits *c)
{
	const char *old = c->schema.words, *now = c->words;

	return old != now && (!old || !now || strcmp(old, now) != 0);
}

/* Fields that go take their permissions with them. */
static enum err_code
store_words(struct field_edits *c, struct err *e)
{
	const char **gone = arena_calloc(c->arena, c->n, sizeof(*gone));
	enum err_code err = ERR_OK;
	unsigned i, n = 0;

	for (i = 0; i < c->n; i++) {
		if (c->list[i].kind == EDIT_DELETE)
			gone[n++] = c->list[i].old->name;
	}
	if (!c->whole)
		err = schema_words_without(
		    c->words, gone, n, c->arena, &c->words, e);
	if (err || !words_changed(c))
		return err;
	return db_exec(c->site->db, c->ctx, SQL_SCHEMA_WORDS_PUT,
	    DB_ARGS(db_str(c->words)), NULL, NULL, e);
}

static json_t *
definition(const struct field *f)
{
	struct buf text = {0};
	json_t *def = NULL;
	struct err ignored;

	field_write(&text, f);
	if (json_read_mem(text.data, text.len, &def, &ignored))
		def = json_object();
	buf_free(&text);
	return def;
}

/* The names of the members in which two definitions differ, as JSON. */
static void
write_changes(const struct field *old, const struct field *f, struct buf *out)
{
	json_t *was = definition(old), *now = definition(f), *v;
	const char *name, *comma = "";

	buf_addc(out, '[');
	json_object_foreach(now, name, v)
	{
		if (json_equal(json_object_get(was, name), v))
			continue;
		buf_addf(out, "%s\"%s\"", comma, name);
		comma = ",";
	}
	if (old->words != f->words &&
	    (!old->words || !f->words || strcmp(old->words, f->words) != 0))
		buf_addf(out, "%s\"schema\"", comma);
	buf_addc(out, ']');
	json_decref(was);
	json_decref(now);
}

static void
end_entry(const struct field_edits *c, bool converts, struct buf *detail)
{
	char id[UUID_TEXT];

	if (converts) {
		uuid_format(&c->job.uuid, id);
		buf_addf(detail, ",\"job\":\"%s\"", id);
	}
	buf_addc(detail, '}');
}

static struct audit_event
entry(const struct field_edits *c, const struct field_edit *edit)
{
	static const enum audit_action actions[] = {
	    [EDIT_DELETE] = AUDIT_FIELD_DELETE,
	    [EDIT_CHANGE] = AUDIT_FIELD_CHANGE,
	    [EDIT_CREATE] = AUDIT_FIELD_CREATE};
	struct audit_event event = {.action = actions[edit->kind]};
	struct buf detail = {0};

	buf_addf(&detail, "{\"field\":\"%s\"", edit->f.name);
	if (edit->kind == EDIT_CHANGE) {
		buf_adds(&detail, ",\"changed\":");
		write_changes(edit->old, &edit->f, &detail);
	}
	end_entry(c, edit->converts, &detail);
	event.detail = arena_strdup(c->arena, detail.data);
	buf_free(&detail);
	return event;
}

static enum err_code
audit(struct field_edits *c, struct err *e)
{
	struct audit_event *list =
	    arena_calloc(c->arena, c->n + 1, sizeof(*list));
	struct buf detail = {0};
	unsigned i;

	for (i = 0; i < c->n; i++)
		list[i] = entry(c, &c->list[i]);
	if (c->whole) {
		buf_addf(&detail, "{\"fields\":%u", c->n);
		end_entry(c, c->converting, &detail);
		list[i++] = (struct audit_event){.action = AUDIT_SCHEMA_CHANGE,
		    .detail = arena_strdup(c->arena, detail.data)};
		buf_free(&detail);
	}
	return audit_change(c->site, c->ctx, list, i, e);
}

enum err_code
field_edits_store(struct field_edits *c, struct err *e)
{
	enum err_code err;

	c->now = clock_now_ms();
	c->changed = c->n || words_changed(c);
	if (!c->changed)
		return ERR_OK;
	err = start_job(c, e);
	if (!err)
		err = store_fields(c, e);
	if (!err)
		err = store_words(c, e);
	if (!err)
		err = db_exec(c->site->db, c->ctx, SQL_SCHEMA_CHANGED,
		    DB_ARGS(db_int(c->next_id - 1)), NULL, NULL, e);
	return err ? err : audit(c, e);
}
