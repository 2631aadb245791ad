/* Schema documents: read, written, and what is wrong in which place. No
 * database. */
#include "setup.h"

#include "model/schema_doc.h"
#include "model/schema_words.h"

static const struct schema none = {.layout = 1};

/* The document as it would come back; "" and faults if it is not taken. */
static const char *
round_trip(
    const char *text, const struct schema *old, struct schema_faults *faults)
{
	json_t *v = parse(text);
	struct schema_doc doc;
	struct schema s = {.layout = 1};
	struct buf out = {0};
	const char *copy = "";
	struct err e;

	if (!schema_doc_read(v, old, arena, &doc, faults, &e)) {
		s.fields = doc.fields;
		s.n = doc.n;
		s.words = doc.words;
		if (schema_read_words(&s, arena, &e))
			abort();
		schema_doc_write(&out, &s);
		copy = arena_strdup(arena, out.data);
	}
	schema_doc_release(&doc);
	json_decref(v);
	buf_free(&out);
	return copy;
}

#define HEAD                                                        \
	"{\"$schema\":\"http://json-schema.org/draft-07/schema#\"," \
	"\"type\":\"object\",\"properties\":{\"p\":"
#define TAIL "},\"required\":[]}"

static const char *const properties[] = {
    "{\"type\":\"string\"}",
    "{\"title\":\"P!\",\"type\":\"string\",\"pattern\":\"^a\","
    "\"maxLength\":7,\"default\":\"ab\",\"x-pii\":true,"
    "\"x-scv-searchable\":\"other\",\"x-coffer-unique\":true}",
    "{\"title\":\"p\",\"description\":\"d\",\"type\":\"boolean\","
    "\"default\":false}",
    "{\"type\":\"string\",\"format\":\"date\",\"default\":\"2024-02-29\"}",
    "{\"type\":\"string\",\"x-coffer-format\":\"dd MMM yyyy\"}",
    "{\"type\":\"number\",\"x-coffer-format\":\"JPY\"}",
    "{\"type\":\"number\",\"default\":1500.00}",
    "{\"type\":\"array\",\"items\":{\"type\":\"integer\"},"
    "\"default\":[1,2]}",
    "{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"number\"],"
    "\"maxLength\":3}}",
    "{\"type\":\"string\",\"enum\":[\"b\",\"a\"]}",
    "{\"x-scv-source\":\"customer.$verifiedEmail\"}",
    "{\"type\":\"boolean\",\"x-scv-source\":\"customer.$consented\","
    "\"x-pii\":true}",
    "{\"x-scv-source\":\"customer.$createdDatetime\","
    "\"format\":\"date-time\"}",
};

static bool
same_json(const char *x, const char *y)
{
	json_t *a = parse(x), *b = parse(y);
	struct buf s = {0}, t = {0};
	bool same;

	jv_write(&s, a, true);
	jv_write(&t, b, true);
	same = !strcmp(s.data, t.data);
	buf_free(&s);
	buf_free(&t);
	json_decref(a);
	json_decref(b);
	return same;
}

static void
test_round_trips(void)
{
	struct schema_faults faults;
	const char *text, *back;
	size_t i;

	for (i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		text = arena_printf(arena, HEAD "%s" TAIL, properties[i]);
		back = round_trip(text, &none, &faults);
		ok(*back && same_json(text, back), "%s", properties[i]);
		if (!*back && faults.first)
			printf("# %s %s\n", faults.first->pointer,
			    faults.first->reason);
	}
}

/* The pointers of all faults of a property, with spaces between. */
static const char *
faults_of(const char *text)
{
	struct schema_faults faults;
	const struct schema_fault *f;
	struct buf out = {0};
	const char *copy;

	round_trip(text, &none, &faults);
	buf_adds(&out, "");
	for (f = faults.first; f; f = f->next)
		buf_addf(
		    &out, "%s%s", f == faults.first ? "" : " ", f->pointer);
	copy = arena_strdup(arena, out.data ? out.data : "");
	buf_free(&out);
	return copy;
}

static const struct {
	const char *property, *wanted;
} wrong[] = {
    {"5", "/properties/p"},
    {"{}", "/properties/p/type"},
    {"{\"type\":[\"string\",\"null\"]}", "/properties/p/type"},
    {"{\"type\":\"string\",\"allOf\":[],\"a/b~c\":1}",
        "/properties/p/allOf /properties/p/a~1b~0c"},
    {"{\"type\":\"string\",\"maxLength\":0,\"pattern\":\"(\","
     "\"x-pii\":1}",
        "/properties/p/x-pii /properties/p/maxLength /properties/p/pattern"},
    {"{\"type\":\"integer\",\"default\":1.5}", "/properties/p/default"},
    {"{\"type\":\"integer\",\"default\":null}", "/properties/p/default"},
    {"{\"type\":\"string\",\"enum\":[\"a\"],\"format\":\"date\"}",
        "/properties/p/format"},
    {"{\"type\":\"boolean\",\"x-coffer-unique\":true}",
        "/properties/p/x-coffer-unique"},
    {"{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":[]}}",
        "/properties/p/items/enum"},
    {"{\"x-scv-source\":\"$username\"}", "/properties/p/x-scv-source"},
    {"{\"x-scv-source\":\"customer.$username\",\"enum\":[\"a\"]}",
        "/properties/p/enum"},
    {"{\"x-scv-source\":\"customer.$segments\",\"default\":[]}",
        "/properties/p/default"},
    {"{\"type\":\"string\",\"title\":\"$x\"}", "/properties/p/title"},
};

static void
test_faults(void)
{
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		is_str(faults_of(arena_printf(
		           arena, HEAD "%s" TAIL, wrong[i].property)),
		    wrong[i].wanted, "%s", wrong[i].property);
	is_str(faults_of("{}"), "/properties", "no properties");
	is_str(faults_of("{\"properties\":[],\"x\":1}"), "/x /properties",
	    "properties that are no object");
}

/* What a document does not say of a field that is there. */
static void
test_unique_stays(void)
{
	struct field was = {.id = 20,
	    .name = "p",
	    .display_name = "p",
	    .type = FIELD_STRING,
	    .format = "",
	    .unique = true};
	struct schema old = {.fields = &was, .n = 1, .layout = 1};
	struct schema_faults faults;

	ok(strstr(round_trip(HEAD "{\"type\":\"string\"}" TAIL, &old, &faults),
	       "x-coffer-unique"),
	    "unique stays");
	ok(!strstr(
	       round_trip(HEAD "{\"type\":\"boolean\"}" TAIL, &old, &faults),
	       "x-coffer-unique"),
	    "but not of a type that cannot be");
	ok(!strstr(round_trip(HEAD "{\"type\":\"string\","
	                           "\"x-coffer-unique\":false}" TAIL,
	               &old, &faults),
	       "x-coffer-unique"),
	    "or if the document says so");
}

static void
test_words(void)
{
	static const char words[] =
	    "{\"aliases\":{\"z\":{\"x-scv-source\":\"customer.$segments\"},"
	    "\"a\":{\"title\":\"A\","
	    "\"x-scv-source\":\"customer.$customerid\"}},"
	    "\"permissions\":{\"z\":[\"read\"],\"f\":[\"write\",\"read\"],"
	    "\"g\":[]}}";
	const char *gone[] = {"f", "nobody"}, *without;
	struct schema s = {.words = words, .layout = 1};
	struct err e;

	is_int(schema_read_words(&s, arena, &e), ERR_OK, "words are read");
	ok(s.naliases == 2 && !strcmp(s.aliases[0].name, "a") &&
	        s.aliases[0].source == ATTRIBUTE_CUSTOMERID &&
	        !strcmp(s.aliases[1].title, "z"),
	    "aliases, by name");
	ok(s.npermissions == 3 && !strcmp(s.permissions[0].name, "f") &&
	        s.permissions[0].access == (ACCESS_READ | ACCESS_WRITE) &&
	        !s.permissions[1].access &&
	        s.permissions[2].access == ACCESS_READ,
	    "permissions, by name");
	ok(schema_find_alias(&s, "z") && !schema_find_alias(&s, "f"),
	    "an alias is found");
	is_int(schema_words_without(words, gone, 2, arena, &without, &e),
	    ERR_OK, "permissions are taken out");
	ok(!strstr(without, "\"f\"") && strstr(without, "\"g\""),
	    "those and no others");
	is_int(schema_words_without(words, gone + 1, 1, arena, &without, &e),
	    ERR_OK, "of nobody");
	ok(without == words, "nothing is");
	s = (struct schema){.words = "{", .layout = 1};
	is_int(schema_read_words(&s, arena, &e), ERR_INTERNAL, "damaged");
}

int
main(void)
{
	setup();
	test_round_trips();
	test_faults();
	test_unique_stays();
	test_words();
	arena_free(&arena);
	return done_testing();
}
