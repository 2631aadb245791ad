/* Definitions of fields (cases/definitions.h) and what they stand beside. */
#include "t/model/setup.h"

static const char *
quoted(const char *s)
{
	char *copy = arena_strdup(arena, s), *p;

	for (p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	return copy;
}

/* A good definition is answered so, and the answer is a good definition. */
static void
take(const char *definition, const char *answer)
{
	json_t *v = parse(quoted(definition));
	struct buf out = {0}, again = {0};
	struct field f;
	struct err e = {0};

	is_int(field_from_definition(v, arena, &f, &e), ERR_OK, "%s: %s",
	    definition, e.text);
	field_write(&out, &f);
	is_str(out.data, quoted(answer), "answered");
	json_decref(v);
	v = parse(out.data);
	is_int(field_from_definition(v, arena, &f, &e), ERR_OK,
	    "the answer defines it: %s", e.text);
	field_write(&again, &f);
	is_str(again.data, out.data, "again");
	json_decref(v);
	buf_free(&out);
	buf_free(&again);
}

static void
refuse(const char *definition, enum err_code code, const char *word)
{
	json_t *v = parse(quoted(definition));
	struct field f;
	struct err e = {0};

	is_str(err_name(field_from_definition(v, arena, &f, &e)),
	    err_name(code), "%.60s", definition);
	ok(strstr(e.text, word) != NULL, "says %s: %s", word, e.text);
	json_decref(v);
}

static void
test_large_options(void)
{
	json_t *v = parse("{\"field_name\":\"a\",\"field_type\":\"enum\"}");
	json_t *list = json_array();
	struct field f;
	struct err e = {0};
	int i;

	for (i = 0; i < 1000; i++)
		json_array_append_new(
		    list, json_string(arena_printf(arena, "option %d", i)));
	json_object_set_new(v, "options", list);
	is_int(
	    field_from_definition(v, arena, &f, &e), ERR_OK, "1,000 options");
	json_array_append_new(list, json_string("one more"));
	is_int(field_from_definition(v, arena, &f, &e), ERR_BAD_REQUEST,
	    "1,001 options");
	json_array_clear(list);
	for (i = 0; i < 70; i++)
		json_array_append_new(
		    list, json_string(arena_printf(arena, "%01000d", i)));
	is_int(field_from_definition(v, arena, &f, &e), ERR_BAD_REQUEST,
	    "options of 70,000 bytes: %s", e.text);
	json_decref(v);
}

static void
fits(const char *name, const char *display, const char *role, bool want)
{
	struct field old = {.name = "email",
	    .display_name = "E-Mail \xc3\x84",
	    .role = "verified_email"};
	struct field f = {.name = name, .display_name = display, .role = role};
	struct err e = {0};
	enum err_code err = field_fits(&f, &old, arena, &e);

	is_int(err, want ? ERR_OK : ERR_CONFLICT, "%s, \"%s\": %s", name,
	    display, err ? e.text : "fits");
}

static void
test_fits(void)
{
	fits("mail", "Mail", NULL, true);
	fits("mail", "Mail", "username", true);
	fits("Email", "Other", NULL, true);
	fits("email", "Other", NULL, false);
	fits("mail", "EMAIL", NULL, false);
	fits("mail", "e-mail \xc3\xa4", NULL, false);
	fits("mail", "e-mail a\xcc\x88", NULL, false);
	fits("mail", "Mail", "verified_email", false);
}

int
main(void)
{
	setup();
#define GOOD(definition, answer) take(definition, answer);
#define BAD(definition, code, word) refuse(definition, ERR_##code, word);
#include "cases/definitions.h"
	test_large_options();
	test_fits();
	arena_free(&arena);
	return done_testing();
}
