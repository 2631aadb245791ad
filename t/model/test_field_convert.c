/* Values from one definition of their field to another. No database. */
#include "setup.h"

/* The value under `now`, or the code of what is wrong with it. */
static const char *
converted(const char *was, const char *now, const char *json)
{
	struct field old = field_of(was), f = field_of(now);
	struct cell_error ce = {.code = ROW_TYPE};
	struct buf out = {0};
	const char *text;

	if (!field_convert(&old, &f, json, strlen(json), &out, &ce) ||
	    !field_check_stored(&f, arena, out.data, out.len, &ce))
		text = row_code_name(ce.code);
	else
		text = arena_strndup(arena, out.data, out.len);
	buf_free(&out);
	field_done(&f);
	return text;
}

#define STRING "{\"field_type\":\"string\"}"
#define SHORT "{\"field_type\":\"string\",\"max_length\":3}"
#define DIGITS "{\"field_type\":\"string\",\"regex\":\"^[0-9]+$\"}"
#define NUMBER "{\"field_type\":\"number\"}"
#define INTEGER "{\"field_type\":\"integer\"}"
#define BOOLEAN "{\"field_type\":\"boolean\"}"
#define ARRAY "{\"field_type\":\"array\"}"
#define ENUM "{\"field_type\":\"enum\",\"options\":[\"a\",\"b\"]}"
#define EURO "{\"field_type\":\"currency\",\"field_format\":\"EUR\"}"
#define DATE "{\"field_type\":\"date\",\"field_format\":\"dd/MM/yyyy\"}"
#define US_DATE "{\"field_type\":\"date\",\"field_format\":\"MM/dd/yyyy\"}"

static const struct {
	const char *was, *now, *json, *wanted;
} cases[] = {
    {STRING, STRING, "\"a\\\"b\"", "\"a\\\"b\""},
    {STRING, SHORT, "\"abc\"", "\"abc\""},
    {STRING, SHORT, "\"abcd\"", "length"},
    {STRING, DIGITS, "\"12\"", "\"12\""},
    {STRING, DIGITS, "\"1x\"", "regex"},
    {INTEGER, NUMBER, "41", "41"},
    {NUMBER, INTEGER, "41", "41"},
    {NUMBER, INTEGER, "41.0", "type"},
    {NUMBER, EURO, "41.05", "41.05"},
    {NUMBER, EURO, "41.055", "format"},
    {EURO, NUMBER, "1500.00", "1500.00"},
    {EURO, STRING, "1500.00", "\"1500.00\""},
    {NUMBER, SHORT, "1500.00", "length"},
    {BOOLEAN, STRING, "true", "\"true\""},
    {STRING, BOOLEAN, "\"Yes\"", "true"},
    {STRING, BOOLEAN, "\"maybe\"", "type"},
    {INTEGER, BOOLEAN, "1", "true"},
    {DATE, STRING, "\"1980-03-02\"", "\"02/03/1980\""},
    {DATE, US_DATE, "\"1980-03-02\"", "\"1980-03-02\""},
    {STRING, DATE, "\"02/03/1980\"", "\"1980-03-02\""},
    {STRING, DATE, "\"1980-03-02\"", "\"1980-03-02\""},
    {STRING, DATE, "\"1980-3-2\"", "format"},
    {ENUM, STRING, "\"a\"", "\"a\""},
    {STRING, ENUM, "\"b\"", "\"b\""},
    {STRING, ENUM, "\"c\"", "enum"},
    {STRING, ENUM, "\" b\"", "format"},
    {ARRAY, STRING, "[\"a\",1]", "\"[\\\"a\\\",1]\""},
    {STRING, ARRAY, "\"[\\\"a\\\",1]\"", "[\"a\",1]"},
    {STRING, ARRAY, "\"a\"", "type"},
    {STRING, NUMBER, "\"\"", "type"},
    {STRING, NUMBER, "\" 7.50 \"", "7.50"},
};

static void
test_values(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_str(converted(cases[i].was, cases[i].now, cases[i].json),
		    cases[i].wanted, "%s, %s to %s", cases[i].json,
		    cases[i].was + 15, cases[i].now + 15);
}

static void
test_alters(void)
{
	struct field string = field_of(STRING), number = field_of(NUMBER);
	struct field whole = field_of(INTEGER), pii = string, unique = string;
	struct field role = string;

	string.id = number.id = whole.id = pii.id = unique.id = role.id = 20;
	pii.pii = unique.unique = role.unique = true;
	role.role = "username";
	ok(!field_alters_layout(&whole, &number), "integer to number: no");
	ok(field_alters_layout(&number, &string), "number to string: profiles");
	ok(field_alters_layout(&string, &pii), "to pii: profiles");
	ok(field_alters_layout(&pii, &string), "from pii: profiles");
	ok(!field_alters_layout(&string, &unique), "to unique: none,");
	ok(field_alters_index(&string, &unique), "but digests are made");
	ok(!field_alters_index(&unique, &string), "from unique: none is made");
	ok(field_alters_index(&unique, &role), "a role: under another id");
	is_int((int)field_index_id(&string), 0, "no digests: no id");
	is_int((int)field_index_id(&unique), 20, "its own");
	is_int((int)field_index_id(&role), 2, "its role's");
	whole.unique = number.unique = unique.unique = true;
	ok(!field_alters_index(&whole, &number), "the same fold: they stay");
	ok(field_alters_index(&number, &unique), "another fold: made anew");
}

int
main(void)
{
	setup();
	test_values();
	test_alters();
	arena_free(&arena);
	return done_testing();
}
