/* Every type: cells in, stored JSON out, and back (cases/types.h). */
#include "t/model/setup.h"

#include <ctype.h>

#include "base/utf8.h"

static struct field field;

/* Definitions and JSON of the cases have ' for ". */
static const char *
quoted(const char *s)
{
	char *copy = arena_strdup(arena, s), *p;

	for (p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	return copy;
}

/* For test names: no bytes but printable ones. */
static const char *
shown(const char *s)
{
	char *copy = arena_strdup(arena, s), *p;

	for (p = copy; *p; p++) {
		if (!isprint((unsigned char)*p) || *p == '#')
			*p = '?';
	}
	return copy;
}

static void
use_field(const char *definition)
{
	field_done(&field);
	field = field_of(quoted(definition));
}

/* What was stored comes back as a cell that stores the same again. */
static void
check_back(const char *cell, const char *stored)
{
	struct buf text = {0}, again = {0};
	struct cell_error ce;

	field_type_of(&field)->to_text(
	    &field, arena, stored, strlen(stored), &text);
	ok(text.len && field_from_text(
	                   &field, arena, text.data, text.len, &again, &ce),
	    "%s: the way back: %s", field_type_name(&field), shown(cell));
	is_str(again.data, stored, "and the same is stored");
	buf_free(&text);
	buf_free(&again);
}

static void
take_text(const char *cell, const char *stored)
{
	struct buf out = {0};
	struct cell_error ce = {0};

	ok(field_from_text(&field, arena, cell, strlen(cell), &out, &ce),
	    "%s: cell %s: %s", field_type_name(&field), shown(cell), ce.text);
	if (is_str(out.data, stored, "%s: stored", shown(cell)))
		check_back(cell, stored);
	buf_free(&out);
}

static void
take_json(const char *json, const char *stored)
{
	json_t *v = parse(quoted(json));
	struct buf out = {0};
	struct cell_error ce = {0};

	ok(field_from_json(&field, arena, v, &out, &ce), "%s: JSON %s: %s",
	    field_type_name(&field), shown(json), ce.text);
	is_str(out.data, stored, "%s: stored", shown(json));
	buf_free(&out);
	json_decref(v);
}

static void
check_refusal(const char *value, bool taken, const struct buf *out,
    const struct cell_error *ce, enum row_code code)
{
	ok(!taken, "%s: refuses %s", field_type_name(&field), shown(value));
	is_str(row_code_name(ce->code), row_code_name(code), "code");
	is_str(out->data, "before", "nothing stays in the buffer");
	ok(ce->text[0] && utf8_valid(ce->text, strlen(ce->text)), "text: %s",
	    shown(ce->text));
}

static void
refuse_text(const char *cell, enum row_code code)
{
	struct buf out = {0};
	struct cell_error ce = {0};
	bool taken;

	buf_adds(&out, "before");
	taken = field_from_text(&field, arena, cell, strlen(cell), &out, &ce);
	check_refusal(cell, taken, &out, &ce, code);
	buf_free(&out);
}

static void
refuse_json(const char *json, enum row_code code)
{
	json_t *v = parse(quoted(json));
	struct buf out = {0};
	struct cell_error ce = {0};
	bool taken;

	buf_adds(&out, "before");
	taken = field_from_json(&field, arena, v, &out, &ce);
	check_refusal(json, taken, &out, &ce, code);
	buf_free(&out);
	json_decref(v);
}

static void
compare(const char *x, const char *y, bool same)
{
	const struct field_type *type = field_type_of(&field);
	size_t nx, ny;
	const char *fx = type->fold(&field, arena, x, strlen(x), &nx);
	const char *fy = type->fold(&field, arena, y, strlen(y), &ny);

	ok((nx == ny && !memcmp(fx, fy, nx)) == same, "%s: %s and %s %s",
	    field_type_name(&field), shown(x), shown(y),
	    same ? "are the same" : "differ");
}

static void
run_cases(void)
{
#define FIELD(definition) use_field(definition);
#define TEXT(cell, stored) take_text(cell, stored);
#define JSON(json, stored) take_json(json, stored);
#define BAD_TEXT(cell, code) refuse_text(cell, ROW_##code);
#define BAD_JSON(json, code) refuse_json(json, ROW_##code);
#define SAME(x, y) compare(x, y, true);
#define DIFFER(x, y) compare(x, y, false);
#include "cases/types.h"
	field_done(&field);
}

/* A planted value that every type but string refuses; none repeats it. */
static void
test_silence(void)
{
	static const char *const definitions[] = {
	    "{'field_type':'string','regex':'^[0-9]+$'}",
	    "{'field_type':'string','max_length':3}",
	    "{'field_type':'number'}",
	    "{'field_type':'integer'}",
	    "{'field_type':'boolean'}",
	    "{'field_type':'date','field_format':'MMM dd, yyyy'}",
	    "{'field_type':'currency','field_format':'EUR'}",
	    "{'field_type':'enum','options':['a','b']}",
	    "{'field_type':'array'}",
	};
	static const char planted[] = "Planted@Secret";
	size_t i;

	for (i = 0; i < sizeof(definitions) / sizeof(definitions[0]); i++) {
		struct field f = field_of(quoted(definitions[i]));
		struct buf out = {0};
		struct cell_error ce = {0};

		ok(!field_from_text(
		       &f, arena, planted, strlen(planted), &out, &ce) &&
		        !strstr(ce.text, "Planted"),
		    "S33: %s: the error keeps the value to itself: %s",
		    field_type_name(&f), ce.text);
		buf_free(&out);
		field_done(&f);
	}
}

static void
test_nul(void)
{
	struct field f = field_of("{\"field_type\":\"string\"}");
	struct buf out = {0};
	struct cell_error ce = {0};

	ok(!field_from_text(&f, arena, "a\0b", 3, &out, &ce),
	    "S27: a NUL in a cell is refused");
	is_int(ce.code, ROW_ENCODING, "with code encoding");
	buf_free(&out);
}

static void
test_blank(void)
{
	struct field s = field_of("{\"field_type\":\"string\"}");
	struct field n = field_of("{\"field_type\":\"number\"}");

	ok(field_text_is_blank(&s, "", 0), "an empty cell is blank");
	ok(!field_text_is_blank(&s, "  ", 2), "spaces are a string");
	s.unique = true;
	ok(field_text_is_blank(&s, " \xc2\xa0", 3),
	    "but not one that must be unique");
	s.unique = false;
	ok(field_text_is_blank(&n, "", 0), "an empty number is blank");
	ok(field_text_is_blank(&n, " \t\r\n", 4), "spaces are no number");
	ok(field_text_is_blank(&n, "\xc2\xa0\xe3\x80\x80", 5),
	    "nor is Unicode white space");
	ok(!field_text_is_blank(&n, " 1 ", 3), "a number is not blank");
	ok(!field_text_is_blank(&n, "\xc2", 1), "nor are broken bytes");
	ok(!field_text_is_blank(&n, "\x01", 1), "nor is a control character");
}

/* Arrays have a bound of their own. */
static void
test_elements(void)
{
	struct field f = field_of("{\"field_type\":\"array\"}");
	struct buf in = {0}, out = {0};
	struct cell_error ce = {0};
	int i;

	buf_addc(&in, '[');
	for (i = 0; i < 1000; i++)
		buf_adds(&in, i ? ",1" : "1");
	buf_addc(&in, ']');
	ok(field_from_text(&f, arena, in.data, in.len, &out, &ce),
	    "1,000 elements are taken");
	in.len--;
	buf_adds(&in, ",1]");
	ok(!field_from_text(&f, arena, in.data, in.len, &out, &ce),
	    "1,001 are not");
	is_int(ce.code, ROW_LENGTH, "code length");
	buf_free(&in);
	buf_free(&out);
}

int
main(void)
{
	setup();
	field = field_of("{\"field_type\":\"string\"}");
	run_cases();
	test_silence();
	test_nul();
	test_blank();
	test_elements();
	arena_free(&arena);
	return done_testing();
}
