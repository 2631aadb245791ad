/* The fields of a chunk: as they are now, and held so; rows that were judged by
 * others are judged again. */
#include <string.h>

#include "model/types/types.h"
#include "work/chunk.h"

/* Dates are stored as yyyy-MM-dd, whatever their pattern. */
static struct field
stored_view(const struct field *f)
{
	struct field view = *f;
	struct err e;

	view.format = "yyyy-MM-dd";
	if (f->type == FIELD_DATE && field_type_of(f)->define(&view, NULL, &e))
		view = *f;
	return view;
}

/* Reads a value that was right under another definition: as it is stored, or
 * else as a CSV cell would give it. `v` loses its JSON if it is blank now. */
static bool
read_value(const struct field *f, struct arena *a, struct value *v,
    struct buf *out, struct cell_error *ce)
{
	struct field view = stored_view(f);
	const char *text = v->json;
	size_t n = v->n, start = out->len;
	json_t *json = NULL;
	struct err e;
	bool right;

	if (*text == '"')
		text = string_text(a, v->json, v->n, &n);
	if (field_text_is_blank(f, text, n)) {
		v->json = NULL;
		return true;
	}
	right = !json_read_mem(v->json, v->n, &json, &e) &&
	        field_from_json(&view, a, json, out, ce);
	json_decref(json);
	if (!right)
		right = field_from_text(f, a, text, n, out, ce);
	v->n = (uint32_t)(out->len - start);
	return right;
}

/* One row: its values move into the arena. */
static void
judge_record(struct chunk *c, struct record *r, struct verdict *out)
{
	struct cell_error ce = {.code = ROW_REQUIRED};
	struct buf text = {0};
	unsigned i;

	*out = (struct verdict){.wrong = false};
	for (i = 0; i < c->schema.n && !out->wrong; i++) {
		const struct field *f = &c->schema.fields[i];
		struct value v = r->values[i];
		bool null = value_is_null(&v);

		buf_reset(&text);
		if (v.json && !null && !read_value(f, c->row, &v, &text, &ce))
			out->wrong = true;
		else if (f->required &&
		         (null || (!v.json && c->job.kind == JOB_KIND_UPLOAD)))
			out->wrong = true;
		else if (v.json && !null)
			v.json = arena_strndup(c->row, text.data, text.len);
		if (!out->wrong)
			r->values[i] = v;
		else if (out->wrong)
			*out = (struct verdict){true, i, ce.code};
	}
	buf_free(&text);
}

static enum err_code
judge_all(struct chunk *c, struct err *e)
{
	const uint8_t *p = (uint8_t *)c->packed.data, *end = p + c->packed.len;
	struct buf judged = {0};
	struct record r;
	unsigned n;

	c->verdicts = arena_calloc(c->try, c->job.rows, sizeof(*c->verdicts));
	for (n = 0; p < end; n++) {
		arena_reset(c->row);
		if (n == c->job.rows ||
		    !record_unpack(&p, end, &c->schema, c->row, &r)) {
			buf_free(&judged);
			return err_fault(e, ERR_INTERNAL, "a chunk is damaged");
		}
		if (!r.erased)
			judge_record(c, &r, &c->verdicts[n]);
		record_pack(&judged, &c->schema, &r);
	}
	buf_free(&c->packed);
	c->packed = judged;
	c->judged_by = c->schema.version;
	return ERR_OK;
}

enum err_code
chunk_fields(struct chunk *c, struct err *e)
{
	struct db *db = c->site->db;
	enum err_code err = ERR_SUPERSEDED;

	if (c->schema.version)
		err = schema_hold(db, &c->ctx, &c->schema, e);
	if (err == ERR_SUPERSEDED)
		err = schema_reload(db, &c->ctx, c->arena, &c->schema, e);
	if (!err && c->judged_by != c->schema.version)
		err = judge_all(c, e);
	return err;
}
