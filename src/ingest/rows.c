#include "ingest/rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define NAME_SHOWN 200 /* bytes of a name that is quoted back */

struct column {
	const struct field *field; /* NULL: passed over */
	bool is_id;                /* or customer_id of an update */
};

void
rows_init(struct rows *r, const struct schema *schema, struct arena *a,
    struct row_errors *errs, size_t value_bytes, size_t row_bytes)
{
	*r = (struct rows){.schema = schema,
	    .errs = errs,
	    .arena = a,
	    .scratch = arena_new(8192),
	    .value_bytes = value_bytes,
	    .row_bytes = row_bytes};
	r->state = arena_calloc(a, schema->n, sizeof(*r->state));
	r->starts = arena_calloc(a, schema->n, sizeof(*r->starts));
	r->used = arena_calloc(a, schema->n, sizeof(*r->used));
	r->record.values = arena_calloc(a, schema->n, sizeof(struct value));
}

void
rows_free(struct rows *r)
{
	arena_free(&r->scratch);
	buf_free(&r->text);
}

static void
add_error(struct rows *r, const char *field, const struct cell_error *ce)
{
	row_errors_add(
	    r->errs, r->arena, r->record.row, r->record.line, field, ce);
	r->right = false;
}

static void
add_plain(
    struct rows *r, const char *field, enum row_code code, const char *text)
{
	struct cell_error ce = {.code = code};

	snprintf(ce.text, sizeof(ce.text), "%s", text);
	add_error(r, field, &ce);
}

/* A name that the client gave, cut to what is quoted back; n bytes of UTF-8. */
static const char *
shown(struct rows *r, const char *s, size_t n)
{
	if (n > NAME_SHOWN)
		n = utf8_cut(s, NAME_SHOWN);
	return arena_strndup(r->scratch, s, n);
}

static size_t
index_of(const struct rows *r, const struct field *f)
{
	return (size_t)(f - r->schema->fields);
}

static bool
is_passed_over(const struct csv_cell *c)
{
	static const char *const NAMES[] = {
	    "error_row", "error_field", "error_code"};
	size_t i;

	for (i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		if (c->n == strlen(NAMES[i]) && !memcmp(c->s, NAMES[i], c->n))
			return true;
	}
	return false;
}

static bool
is_customer_id(const struct csv_cell *c)
{
	size_t n = c->n;
	const char *s = utf8_trim(c->s, &n);

	return n == strlen(RECORD_CUSTOMER_ID) &&
	       !strncasecmp(s, RECORD_CUSTOMER_ID, n);
}

static void
map_customer_id(struct rows *r, unsigned i)
{
	if (r->used_id)
		add_plain(r, RECORD_CUSTOMER_ID, ROW_DUPLICATE,
		    "an earlier column is customer_id too");
	r->used_id = true;
	r->columns[i].is_id = true;
}

static void
map_column(struct rows *r, unsigned i, const struct csv_cell *c)
{
	struct cell_error ce = {.code = ROW_ENCODING};
	const struct field *f;

	if (!utf8_valid(c->s, c->n)) {
		snprintf(ce.text, sizeof(ce.text),
		    "the name of column %u is not UTF-8", i + 1);
		add_error(r, "", &ce);
		return;
	}
	if (r->update && is_customer_id(c)) {
		map_customer_id(r, i);
		return;
	}
	f = schema_find_column(r->schema, r->scratch, c->s, c->n);
	if (!f && is_passed_over(c))
		return;
	if (!f) {
		ce.code = ROW_UNKNOWN;
		snprintf(ce.text, sizeof(ce.text),
		    "column %u: the workspace has no such field", i + 1);
		add_error(r, shown(r, c->s, c->n), &ce);
		return;
	}
	if (r->used[index_of(r, f)]) {
		ce.code = ROW_DUPLICATE;
		snprintf(ce.text, sizeof(ce.text),
		    "column %u: an earlier column is the same field", i + 1);
		add_error(r, f->name, &ce);
	}
	r->used[index_of(r, f)] = true;
	r->columns[i].field = f;
}

static void
begin_row(struct rows *r, uint32_t row, uint32_t line)
{
	arena_reset(r->scratch);
	buf_reset(&r->text);
	memset(r->state, 0, r->schema->n * sizeof(*r->state));
	r->record.row = row;
	r->record.line = line;
	r->record.has_customer = false;
	r->record.matched = 0;
	r->id_state = CELL_NONE;
	r->right = true;
}

bool
rows_header(struct rows *r, const struct csv_row *header)
{
	unsigned i;

	begin_row(r, 0, header->line);
	r->ncolumns = header->n;
	r->columns = arena_calloc(r->arena, header->n, sizeof(*r->columns));
	for (i = 0; i < header->n; i++)
		map_column(r, i, &header->cells[i]);
	for (i = 0; i < r->schema->n && !r->update; i++) {
		const struct field *f = &r->schema->fields[i];

		if (f->required && !r->used[i])
			add_plain(r, f->name, ROW_REQUIRED,
			    "the column of a required field is missing");
	}
	return r->right;
}

/* Notes what came of reading a value of field i, which was appended to the text
 * from `start` on. */
static void
take_value(
    struct rows *r, size_t i, size_t start, bool right, struct cell_error *ce)
{
	const struct field *f = &r->schema->fields[i];
	size_t n = r->text.len - start;

	if (right && n > r->value_bytes) {
		ce->code = ROW_LENGTH;
		snprintf(ce->text, sizeof(ce->text),
		    "the value takes over %zu bytes", r->value_bytes);
		r->text.len = start;
		right = false;
	}
	if (!right) {
		r->state[i] = CELL_WRONG;
		add_error(r, f->name, ce);
		return;
	}
	r->state[i] = CELL_GIVEN;
	r->starts[i] = start;
	r->record.values[i].n = (uint32_t)n;
}

/* Takes in the UUID of the row's customer. */
static void
take_id(struct rows *r, const char *s, size_t n)
{
	r->id_state = CELL_GIVEN;
	if (uuid_parse(s, n, &r->record.customer))
		return;
	r->id_state = CELL_WRONG;
	add_plain(r, RECORD_CUSTOMER_ID, ROW_FORMAT,
	    "must be the UUID of a customer");
}

/* The field that names the customer of a row without customer_id. */
static const struct field *
naming_field(const struct rows *r)
{
	unsigned i;

	if (r->match)
		return r->match;
	for (i = 0; i < r->schema->n; i++) {
		const struct field *f = &r->schema->fields[i];

		if (f->unique && r->state[i] != CELL_NONE &&
		    !value_is_null(&r->record.values[i]))
			return f;
	}
	return NULL;
}

static void
identify(struct rows *r)
{
	static const struct uuid none;
	const struct field *f = NULL;

	r->record.has_customer = r->id_state == CELL_GIVEN;
	if (r->id_state != CELL_NONE)
		return;
	r->record.customer = none;
	f = naming_field(r);
	if (!f || (r->state[index_of(r, f)] == CELL_NONE) ||
	    value_is_null(&r->record.values[index_of(r, f)])) {
		add_plain(r, f ? f->name : RECORD_CUSTOMER_ID, ROW_REQUIRED,
		    "the row does not name its customer");
		return;
	}
	if (r->state[index_of(r, f)] == CELL_WRONG)
		return;
	r->record.has_customer = true;
	r->record.matched = f->id;
}

/* Puts the record together: the text does not move any more. */
static bool
end_row(struct rows *r)
{
	unsigned i;

	for (i = 0; i < r->schema->n; i++) {
		const struct field *f = &r->schema->fields[i];
		struct value *v = &r->record.values[i];

		v->json = NULL;
		if (r->state[i] == CELL_GIVEN)
			v->json = r->text.data + r->starts[i];
		else if (r->state[i] == CELL_NONE && f->required && !r->update)
			add_plain(
			    r, f->name, ROW_REQUIRED, "a value is required");
	}
	if (r->update)
		identify(r);
	if (r->text.len > r->row_bytes)
		add_plain(r, "", ROW_LENGTH, "the row is too long");
	return r->right;
}

static void
take_id_cell(struct rows *r, const struct csv_cell *c)
{
	size_t n = c->n;
	const char *s = utf8_valid(c->s, n) ? utf8_trim(c->s, &n) : c->s;

	if (n)
		take_id(r, s, n);
}

bool
rows_from_csv(struct rows *r, const struct csv_row *row)
{
	struct cell_error ce;
	unsigned i;

	begin_row(r, row->row, row->line);
	for (i = 0; i < r->ncolumns; i++) {
		const struct field *f = r->columns[i].field;
		const struct csv_cell *c = &row->cells[i];
		size_t start = r->text.len;
		bool right;

		if (r->columns[i].is_id)
			take_id_cell(r, c);
		if (!f || field_text_is_blank(f, c->s, c->n))
			continue;
		right =
		    field_from_text(f, r->scratch, c->s, c->n, &r->text, &ce);
		take_value(r, index_of(r, f), start, right, &ce);
	}
	return end_row(r);
}

static bool
is_given(const struct field *f, const json_t *v)
{
	enum jv_type type = jv_type(v);

	if (type == JV_STRING && (f->required || f->unique))
		return !field_text_is_blank(
		    f, json_string_value(v), json_string_length(v));
	return type != JV_NULL;
}

static void
read_id(struct rows *r, const json_t *v)
{
	if (jv_type(v) == JV_NULL)
		return;
	r->used_id = true;
	if (jv_type(v) == JV_STRING) {
		take_id(r, json_string_value(v), json_string_length(v));
		return;
	}
	r->id_state = CELL_WRONG;
	add_plain(r, RECORD_CUSTOMER_ID, ROW_TYPE, "must be a string");
}

/* null or a blank string, where a value may not be cleared. */
static void
refuse_null(struct rows *r, const struct field *f)
{
	r->state[index_of(r, f)] = CELL_WRONG;
	add_plain(r, f->name, ROW_REQUIRED, "a value is required");
}

static void
read_member(struct rows *r, const char *name, const json_t *v)
{
	const struct field *f = schema_find(r->schema, name, strlen(name));
	size_t start = r->text.len;
	struct cell_error ce;
	bool right;

	if (!f && r->update && !strcmp(name, RECORD_CUSTOMER_ID)) {
		read_id(r, v);
		return;
	}
	if (!f) {
		add_plain(r, shown(r, name, strlen(name)), ROW_UNKNOWN,
		    "the workspace has no such field");
		return;
	}
	r->used[index_of(r, f)] = true;
	if (r->update && f->required && !is_given(f, v)) {
		refuse_null(r, f);
		return;
	}
	if (r->nulls && !f->required && jv_type(v) == JV_NULL) {
		buf_adds(&r->text, "null");
		take_value(r, index_of(r, f), start, true, &ce);
		return;
	}
	if (!is_given(f, v))
		return;
	right = field_from_json(f, r->scratch, v, &r->text, &ce);
	take_value(r, index_of(r, f), start, right, &ce);
}

bool
rows_from_json(struct rows *r, const json_t *v, uint32_t row)
{
	const char *name;
	json_t *member;

	begin_row(r, row, row);
	if (jv_type(v) != JV_OBJECT) {
		memset(
		    r->record.values, 0, r->schema->n * sizeof(struct value));
		add_plain(r, "", ROW_TYPE, "a customer must be an object");
		return false;
	}
	/* Jansson's macro casts const away from what it only reads. */
	json_object_foreach((json_t *)v, name, member)
	    read_member(r, name, member);
	return end_row(r);
}

void
rows_names(const struct rows *r, struct buf *out)
{
	const char *comma = "", *name;
	unsigned i, n = r->columns ? r->ncolumns : r->schema->n;

	buf_addc(out, '[');
	if (!r->columns && r->used_id) {
		buf_adds(out, "\"" RECORD_CUSTOMER_ID "\"");
		comma = ",";
	}
	for (i = 0; i < n; i++) {
		const struct field *f =
		    r->columns ? r->columns[i].field : &r->schema->fields[i];

		name = f ? f->name : RECORD_CUSTOMER_ID;
		if ((!f && !r->columns[i].is_id) ||
		    (!r->columns && !r->used[i]))
			continue;
		buf_adds(out, comma);
		buf_add_json(out, name, strlen(name));
		comma = ",";
	}
	buf_addc(out, ']');
}
