/*
 * A field's definition and a value of it. Input: the JSON of PUT /v1/cpf, NUL,
 * the text of a cell. A definition is answered so that it can be given again;
 * a stored value is JSON, and its text is stored as the same.
 */
#include "t/fuzz/fuzz.h"

#include "base/utf8.h"
#include "model/field.h"

static struct arena *arena;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_json_setup();
	arena = arena_new(65536);
	return 0;
}

static void
field_done(struct field *f)
{
	struct schema s = {.fields = f, .n = 1, .layout = 1};

	schema_release(&s);
}

static void
see_field(const struct field *f)
{
	unsigned allows = field_type_of(f)->allows, i;

	assert(f->name[0] && strlen(f->name) <= FIELD_NAME_MAX);
	assert(utf8_length(f->display_name, strlen(f->display_name)) <=
	       FIELD_DISPLAY_MAX);
	assert(f->max_length >= 1 && f->max_length <= FIELD_LENGTH_MAX);
	assert(!f->unique || (allows & ALLOW_UNIQUE));
	assert(!field_role_find(f->role) || !field_role_find(f->role)->key ||
	       (f->pii && f->unique));
	assert(f->noptions <= FIELD_OPTIONS_MAX);
	for (i = 1; i < f->noptions; i++)
		assert(strcmp(f->sorted[i - 1], f->sorted[i]) < 0);
}

/* What is answered defines the same field. */
static void
see_definition(const struct field *f)
{
	struct buf once = {0}, twice = {0};
	struct field again;
	struct err e;
	json_t *v;

	field_write(&once, f);
	assert(!json_read_mem(once.data, once.len, &v, &e));
	assert(!field_from_definition(v, arena, &again, &e));
	field_write(&twice, &again);
	assert(!strcmp(once.data, twice.data));
	field_done(&again);
	json_decref(v);
	buf_free(&once);
	buf_free(&twice);
}

/* Two texts of one value are the same when values are compared. */
static void
see_fold(const struct field *f, const struct buf *x, const struct buf *y)
{
	size_t nx, ny;
	const char *fx, *fy;

	if (!(field_type_of(f)->allows & ALLOW_UNIQUE))
		return;
	fx = field_type_of(f)->fold(f, arena, x->data, x->len, &nx);
	fy = field_type_of(f)->fold(f, arena, y->data, y->len, &ny);
	assert(nx == ny && !memcmp(fx, fy, nx) && utf8_valid(fx, nx));
}

static void
see_stored(const struct field *f, const struct buf *stored)
{
	struct buf text = {0}, again = {0}, third = {0};
	struct cell_error ce;
	struct err e;
	json_t *v;

	assert(!json_read_mem(stored->data, stored->len, &v, &e));
	/* A date is stored in one form and given in the field's own. */
	if (f->type != FIELD_DATE) {
		assert(field_from_json(f, arena, v, &third, &ce));
		assert(!strcmp(stored->data, third.data));
	}
	field_type_of(f)->to_text(f, arena, stored->data, stored->len, &text);
	if (!field_text_is_blank(f, text.data ? text.data : "", text.len)) {
		assert(field_from_text(
		    f, arena, text.data, text.len, &again, &ce));
		see_fold(f, stored, &again);
		if (f->type != FIELD_ARRAY)
			assert(!strcmp(stored->data, again.data));
	}
	json_decref(v);
	buf_free(&text);
	buf_free(&again);
	buf_free(&third);
}

static void
see_value(const struct field *f, const char *s, size_t n)
{
	struct cell_error ce = {0};
	struct buf out = {0};

	if (field_text_is_blank(f, s, n))
		return;
	if (field_from_text(f, arena, s, n, &out, &ce)) {
		assert(utf8_valid(s, n));
		see_stored(f, &out);
	} else {
		assert(!out.len && ce.text[0]);
		assert(utf8_valid(ce.text, strlen(ce.text)));
	}
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *body = fuzz_text(&data, &n, '\0');
	json_t *v = NULL;
	struct field f;
	struct err e = {0};

	if (!json_read_mem(body, strlen(body), &v, &e) &&
	    jv_type(v) == JV_OBJECT) {
		if (!field_from_definition(v, arena, &f, &e)) {
			see_field(&f);
			see_definition(&f);
			see_value(&f, (const char *)data, n);
			field_done(&f);
		} else {
			assert(e.code == ERR_BAD_REQUEST ||
			       e.code == ERR_MISSING_FIELDS);
			assert(utf8_valid(err_text(&e), strlen(err_text(&e))));
		}
	}
	json_decref(v);
	arena_reset(arena);
	free(body);
	return 0;
}
