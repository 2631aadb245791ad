/* A schema document put: the changes of fields that make of a workspace's
 * fields what it says. */
#include <string.h>

#include "model/field_edit.h"
#include "model/schema_property.h"

struct putting {
	struct field_edits edits;
	const json_t *doc;
	struct schema_doc read;
	struct schema_put *out;
};

static bool
same_text(const char *x, const char *y)
{
	return x == y || (x && y && !strcmp(x, y));
}

static bool
is_same(const struct field *x, const struct field *y)
{
	struct buf a = {0}, b = {0};
	bool same;

	field_write(&a, x);
	field_write(&b, y);
	same = !strcmp(a.data, b.data) && same_text(x->words, y->words);
	buf_free(&a);
	buf_free(&b);
	return same;
}

/* The fields that the document has, against those that there are. The regex of
 * a field that changes is the edit's to give back. */
static void
compare(struct putting *p)
{
	const struct schema *s = &p->edits.schema;
	struct field_edit *edit;
	unsigned i, j = 0;
	int order;

	for (i = 0; i < s->n || j < p->read.n;) {
		struct field *f = &p->read.fields[j];

		if (i < s->n && s->fields[i].builtin) {
			i++;
			continue;
		}
		order = i == s->n        ? 1
		        : j == p->read.n ? -1
		                         : strcmp(s->fields[i].name, f->name);
		if (order < 0) {
			field_edits_add(
			    &p->edits, EDIT_DELETE, &s->fields[i++]);
			continue;
		}
		if (order > 0 || !is_same(&s->fields[i], f)) {
			edit = order > 0 ? field_edits_add(
			                       &p->edits, EDIT_CREATE, NULL)
			                 : field_edits_add(&p->edits,
			                       EDIT_CHANGE, &s->fields[i]);
			edit->f = *f;
			f->regex = NULL;
			if (edit->old)
				edit->f.id = edit->old->id;
		}
		i += order == 0;
		j++;
	}
}

static void
tell_offences(struct putting *p)
{
	unsigned i;

	for (i = 0; i < p->edits.n; i++) {
		const struct field_edit *edit = &p->edits.list[i];

		if (!edit->offences)
			continue;
		schema_fault(&p->out->faults,
		    property_pointer(p->edits.arena, edit->f.name), "",
		    "does not fit what is stored: %llu values, the first of "
		    "them: %s (%s)",
		    (unsigned long long)edit->offences->total,
		    edit->offences->list[0].text,
		    row_code_name(edit->offences->list[0].code));
	}
}

static enum err_code
put(struct db *db, void *arg, struct err *e)
{
	struct putting *p = arg;
	struct field_edits *edits = &p->edits;
	enum err_code err;

	(void)db;
	schema_doc_release(&p->read);
	p->out->faults = (struct schema_faults){.arena = edits->arena};
	err = field_edits_begin(edits, e);
	if (!err)
		err = schema_doc_read(p->doc, &edits->schema, edits->arena,
		    &p->read, &p->out->faults, e);
	if (err)
		return err;
	edits->words = p->read.words;
	compare(p);
	err = field_edits_apply(edits, e);
	if (err == ERR_INVALID)
		tell_offences(p);
	if (edits->culprit)
		schema_fault(&p->out->faults,
		    property_pointer(edits->arena, edits->culprit->f.name), "",
		    "%s", err_text(e));
	return err;
}

enum err_code
schema_put(struct site *s, const struct db_context *ctx, const json_t *doc,
    struct arena *a, struct schema_put *out, struct err *e)
{
	struct putting p = {
	    .edits = {.site = s, .ctx = ctx, .arena = a, .whole = true},
	    .doc = doc,
	    .out = out};
	enum err_code err;

	*out = (struct schema_put){.faults = {.arena = a}};
	err = db_transaction(s->db, put, NULL, &p, e);
	out->changed = p.edits.changed;
	out->converting = p.edits.converting;
	out->job = p.edits.job;
	field_edits_end(&p.edits);
	schema_doc_release(&p.read);
	return err;
}
