#include "base/buf.h"
#include "base/json.h"
#include "base/json_guard.h"
#include "t/tap.h"

#include <stdlib.h>

/* A source that hands out `step` bytes at a time, and fails at the end if
 * `broken`. */
struct drip {
	const char *s;
	size_t n, step;
	bool broken;
};

static long
drip_read(void *arg, char *p, size_t n)
{
	struct drip *d = arg;

	if (!d->n && d->broken)
		return -1;
	if (n > d->step)
		n = d->step;
	if (n > d->n)
		n = d->n;
	memcpy(p, d->s, n);
	d->s += n;
	d->n -= n;
	return (long)n;
}

/* Reads the text and writes it again; the code, or ERR_OK and the text. */
static enum err_code
round_trip(const char *s, size_t n, size_t step, struct buf *out, struct err *e)
{
	struct drip d = {s, n, step, false};
	struct json_limits lim = {.max_bytes = n, .max_tree = 1 << 20};
	enum err_code code;
	json_t *v = NULL;

	code = json_read(drip_read, &d, &lim, &v, e);
	buf_reset(out);
	if (!code)
		jv_write(out, v, false);
	json_decref(v);
	return code;
}

static void
is_kept(const char *s, const char *want)
{
	struct buf b = {.max = 0};
	struct err e;
	size_t step;

	for (step = 1; step < 10; step += 4) {
		e.text[0] = '\0';
		ok(!round_trip(s, strlen(s), step, &b, &e), "read: %.60s %s", s,
		    e.text);
		is_str(b.data, want, "written: %.60s", want);
	}
	buf_free(&b);
}

static void
test_kept(void)
{
	char wide[3000];
	size_t i, n = 0;

	is_kept(" 1500.00 ", "1500.00");
	is_kept("{\"b\":[0.10,-0,1e5,1E+05,-1.50e-7],\"a\":{\"x\":12}}",
	    "{\"b\":[0.10,-0,1e5,1E+05,-1.50e-7],\"a\":{\"x\":12}}");
	is_kept("[ true , false,null,\"\", {} ,[]]",
	    "[true,false,null,\"\",{},[]]");
	is_kept("\"1500.00\"", "\"1500.00\"");
	is_kept("\"-1 \\\"2\\\\\" ", "\"-1 \\\"2\\\\\"");
	is_kept("[\"\\\\\",1,\"\\\"\",2]", "[\"\\\\\",1,\"\\\"\",2]");
	is_kept("\"\\u00e9\\ud83d\\ude00\"", "\"\xc3\xa9\xf0\x9f\x98\x80\"");
	is_kept("[9223372036854775807,-9223372036854775808]",
	    "[9223372036854775807,-9223372036854775808]");
	is_kept("123456789012345678901234567890.5",
	    "123456789012345678901234567890.5");
	wide[n++] = '[';
	for (i = 0; i < 700; i++)
		n += (size_t)sprintf(
		    wide + n, "%zu%s", i % 10, i < 699 ? "," : "]");
	is_kept(wide, wide);
}

static void
is_refused_n(const char *s, size_t n, enum err_code want, const char *text,
    const char *name)
{
	struct buf b = {.max = 0};
	struct err e = {.code = ERR_OK};
	enum err_code code = round_trip(s, n, 4096, &b, &e);
	enum err_code again = round_trip(s, n, 1, &b, &e);

	is_int(code, want, "%s", name);
	is_int(again, want, "%s: byte by byte", name);
	is_str(err_text(&e), text, "%s: the text", name);
	buf_free(&b);
}

static void
is_bad(const char *s, const char *where, const char *name)
{
	char text[ERR_TEXT_MAX];

	snprintf(text, sizeof(text), "JSON, line %s", where);
	is_refused_n(s, strlen(s), ERR_BAD_REQUEST, text, name);
}

static void
test_empty(void)
{
	is_refused_n(
	    "", 0, ERR_MISSING_FIELDS, "missing required fields", "empty");
	is_refused_n(" \n\t\r", 4, ERR_MISSING_FIELDS,
	    "missing required fields", "white space");
}

static void
test_malformed(void)
{
	is_bad("{\"a\":secret}", "1, column 11: malformed",
	    "a bare word is not quoted back");
	is_bad("{\"a\":1", "1, column 6: the text ends early", "truncated");
	is_bad("\"abc", "1, column 4: the text ends early", "open string");
	is_bad("[1,2] 3", "1, column 7: something follows the value",
	    "a second value");
	is_bad("1 2", "1, column 3: something follows the value",
	    "a second number");
	is_bad("[1 2]", "1, column 4: malformed", "no comma");
	is_bad("[1,]", "1, column 4: malformed", "a comma too many");
	is_bad("[1,2,3,\n4,5,,6]", "2, column 5: malformed",
	    "line and column are those of the text sent");
	is_bad("[\"\xc3\xa9\xe2\x82\xac\",1,,]", "1, column 9: malformed",
	    "columns count characters");
	is_bad("{1:2}", "1, column 2: a member name must be a string",
	    "a number names a member");
	is_bad("{\"a\":3,\n 22 :2}",
	    "2, column 2: a member name must be a string",
	    "a number names a second member");
	is_bad("{\"a\" 1}", "1, column 6: malformed", "no colon");
	is_bad("{'a':1}", "1, column 2: malformed", "single quotes");
	is_bad("// x\n1", "1, column 1: malformed", "a comment");
	is_bad("[1}", "1, column 3: malformed", "crossed brackets");
	is_bad("]", "1, column 1: malformed", "a closing bracket alone");
	is_bad("\xef\xbb\xbf{}", "1, column 1: malformed", "a BOM");
	is_bad("[\"a\nb\"]", "1, column 3: malformed", "a newline in a string");
	is_bad("\"\\x\"", "1, column 3: malformed", "an unknown escape");
	is_bad("nul", "1, column 3: malformed", "half a word");
	is_bad("true1", "1, column 5: something follows the value",
	    "a word and a number");
}

static void
test_s26_text(void)
{
	is_bad("{\"a\":1,\"b\":2,\"a\":3}",
	    "1, column 16: a member name is repeated", "S26: repeated key");
	is_bad("{\"x\":{\"a\":1,\"\\u0061\":2}}",
	    "1, column 20: a member name is repeated",
	    "S26: repeated key, nested and escaped");
	is_bad("\"a\\u0000b\"", "1, column 10: U+0000 is not allowed",
	    "S26: escaped NUL");
	is_bad("{\"a\\u0000b\":1}", "1, column 11: U+0000 is not allowed",
	    "S26: escaped NUL in a key");
	is_refused_n("\"a\0b\"", 5, ERR_BAD_REQUEST,
	    "JSON, line 1, column 3: U+0000 is not allowed", "S26: NUL");
	is_refused_n("1\0", 2, ERR_BAD_REQUEST,
	    "JSON, line 1, column 2: U+0000 is not allowed",
	    "S26: NUL after the value");
	is_refused_n("[true\0]", 7, ERR_BAD_REQUEST,
	    "JSON, line 1, column 6: U+0000 is not allowed",
	    "S26: NUL after a word");
	is_bad("\"\xe9\"", "1, column 1: not valid UTF-8", "S26: Latin-1");
	is_bad("\"\xc0\x80\"", "1, column 1: not valid UTF-8",
	    "S26: overlong NUL");
	is_bad("\"\xed\xa0\x80\"", "1, column 1: not valid UTF-8",
	    "S26: surrogate");
	is_bad("\"\xf4\x90\x80\x80\"", "1, column 1: not valid UTF-8",
	    "S26: past U+10FFFF");
	is_bad("\"\xe2\x82", "1, column 1: not valid UTF-8", "S26: cut UTF-8");
	is_bad("\"\\ud800\"", "1, column 8: malformed",
	    "S26: escaped lone surrogate");
}

static void
test_s26_numbers(void)
{
	static const char *const BAD[] = {"-", "01", "-01", "1.", "1.e5", "1e",
	    "1e+", "1-2", "1.2.3", "--1", "0123", "1E5.0"};
	static const char *const BIG[] = {"9223372036854775808",
	    "-9223372036854775809", "18446744073709551616",
	    "100000000000000000000000000000000000000000"};
	char s[700];
	size_t i;

	for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		snprintf(s, sizeof(s), "[\n1, %s]", BAD[i]);
		is_bad(s, "2, column 4: not a JSON number", BAD[i]);
	}
	for (i = 0; i < sizeof(BIG) / sizeof(BIG[0]); i++) {
		snprintf(s, sizeof(s), "S26: %s", BIG[i]);
		is_bad(
		    BIG[i], "1, column 1: an integer must fit in 64 bits", s);
	}
	snprintf(s, sizeof(s), "%0512d.5", 1);
	s[0] = '1';
	is_bad(s, "1, column 1: a number is too long", "S26: a long number");
	is_bad("+1", "1, column 1: malformed", "plus sign");
	is_bad(".5", "1, column 1: malformed", "no digit before the point");
	is_bad("NaN", "1, column 3: malformed", "NaN");
}

/* d arrays around a number. */
static char *
nested(size_t d)
{
	char *s = calloc(1, 2 * d + 2);

	memset(s, '[', d);
	s[d] = '1';
	memset(s + d + 1, ']', d);
	return s;
}

static void
test_s26_limits(void)
{
	struct json_limits lim = {.max_bytes = 9, .max_tree = 1 << 20};
	struct drip d = {"[1,2,3,4]", 9, 2, false};
	char *s = nested(JSON_DEPTH_MAX);
	json_t *v = NULL;
	struct err e;

	is_kept(s, s);
	free(s);
	s = nested(JSON_DEPTH_MAX + 1);
	is_bad(s, "1, column 33: nested over 32 levels deep", "S26: depth 33");
	free(s);
	s = nested(100000);
	is_bad(
	    s, "1, column 33: nested over 32 levels deep", "S26: depth 100000");
	free(s);
	is_kept("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]",
	    "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]");
	ok(!json_read(drip_read, &d, &lim, &v, &e), "S26: at the limit");
	json_decref(v);
	d = (struct drip){"[1,2,3,4] ", 10, 2, false};
	v = NULL;
	is_int(json_read(drip_read, &d, &lim, &v, &e), ERR_TOO_LARGE,
	    "S26: one byte over the limit");
	ok(!v, "S26: and nothing is given");
	is_str(e.text, "JSON text over 9 bytes", "S26: the text");
	d = (struct drip){"[1,2,3]", 7, 2, true};
	is_int(json_read(drip_read, &d, &lim, &v, &e), ERR_BAD_REQUEST,
	    "a source that fails after a whole value");
	ok(!v, "gives nothing");
}

/* With every budget from nothing to enough: refused cleanly, then read. */
static void
test_s26_tree(void)
{
	static const char TEXT[] = "{\"a\":[1,2,{\"b\":\"text\"},[null,true]],"
	                           "\"c\":\"0123456789012345678901234567890\","
	                           "\"d\":{},\"e\":[],\"f\":1.5,\"g\":\"\"}";
	struct json_limits lim = {.max_bytes = 1 << 20, .max_tree = 0};
	json_t *v = NULL;
	struct err e;
	size_t refused = 0;

	while (lim.max_tree < 20000) {
		struct drip d = {TEXT, strlen(TEXT), 4096, false};
		enum err_code code = json_read(drip_read, &d, &lim, &v, &e);

		if (code != ERR_TOO_LARGE) {
			is_int(code, ERR_OK, "S26: enough memory is enough");
			break;
		}
		refused++;
		lim.max_tree += 16;
	}
	ok(v && refused > 50, "S26: %zu budgets were too small", refused);
	json_decref(v);
	v = NULL;
	lim.max_tree = 1000;
	struct drip d = {TEXT, strlen(TEXT), 4096, false};
	is_int(json_read(drip_read, &d, &lim, &v, &e), ERR_TOO_LARGE,
	    "S26: too much memory");
	is_str(e.text, "JSON that takes over 1000 bytes of memory",
	    "S26: the text");
}

static void
test_values(void)
{
	static const char TEXT[] =
	    "{\"n\":1.50,\"i\":-7,\"s\":\"7\",\"z\":null,\"t\":true,\"a\":[],"
	    "\"o\":{},\"f\":7e0}";
	json_t *v = NULL, *made = json_integer(42);
	struct err e;
	int64_t n = 5;

	ok(!json_read_mem(TEXT, strlen(TEXT), &v, &e), "read from memory");
	is_int(jv_type(NULL), JV_NONE, "missing");
	is_int(jv_type(json_object_get(v, "n")), JV_NUMBER, "number");
	is_int(jv_type(json_object_get(v, "s")), JV_STRING, "string");
	is_int(jv_type(json_object_get(v, "z")), JV_NULL, "null");
	is_int(jv_type(json_object_get(v, "t")), JV_BOOL, "bool");
	is_int(jv_type(json_object_get(v, "a")), JV_ARRAY, "array");
	is_int(jv_type(json_object_get(v, "o")), JV_OBJECT, "object");
	is_str(jv_number(json_object_get(v, "n")), "1.50", "as sent");
	ok(!jv_int(json_object_get(v, "n"), &n), "1.50 is no integer");
	ok(!jv_int(json_object_get(v, "f"), &n), "7e0 is none");
	ok(!jv_int(json_object_get(v, "s"), &n), "\"7\" is none");
	ok(!jv_int(NULL, &n) && n == 5, "nothing is none");
	ok(jv_int(json_object_get(v, "i"), &n) && n == -7, "-7 is one");
	ok(jv_int(made, &n) && n == 42, "json_integer is one");
	json_decref(v);
	json_decref(made);
}

static void
test_write(void)
{
	static const char TEXT[] = "{\"b\":{\"z\":1.0,\"y\":[{\"q\":2,\"p\":1}]"
	                           "},\"a\\n\":\"\\u0001\"}";
	struct buf b = {.max = 0};
	json_t *v = NULL;
	struct err e;

	ok(!json_read_mem(TEXT, strlen(TEXT), &v, &e), "read");
	json_object_set_new(v, "c", json_integer(-3));
	jv_write(&b, v, true);
	is_str(b.data,
	    "{\"a\\n\":\"\\u0001\",\"b\":{\"y\":[{\"p\":1,\"q\":2}],"
	    "\"z\":1.0},\"c\":-3}",
	    "sorted, all the way down");
	buf_reset(&b);
	jv_write(&b, v, false);
	is_str(b.data,
	    "{\"b\":{\"z\":1.0,\"y\":[{\"q\":2,\"p\":1}]},"
	    "\"a\\n\":\"\\u0001\",\"c\":-3}",
	    "in the order sent");
	json_decref(v);
	buf_free(&b);
}

static void
note(void *arg, const char *name, const char *reason)
{
	buf_addf(arg, "%s: %s\n", name, reason);
}

static enum err_code
read_members(const char *s, struct buf *told, json_t **out, struct err *e)
{
	struct drip d = {s, strlen(s), 3, false};
	struct json_limits lim = {.max_bytes = strlen(s),
	    .max_tree = 1 << 20,
	    .fault = note,
	    .fault_arg = told};

	buf_reset(told);
	buf_adds(told, "");
	*out = NULL;
	return json_read(drip_read, &d, &lim, out, e);
}

/* With a `fault`, members are told of rather than places. */
static void
test_s26_members(void)
{
	struct buf told = {.max = 0};
	struct err e;
	int64_t n;
	json_t *v;

	is_int(read_members("{\"a\":\"\\u0000\",\"b\":[1,{\"c\":\"x\\u0000\"}],"
	                    "\"d\":\"e\"}",
	           &told, &v, &e),
	    ERR_BAD_REQUEST, "S26: U+0000 is refused");
	is_str(told.data,
	    "a: U+0000 is not allowed\nb: U+0000 is not allowed\n",
	    "S26: and told by the members, each once");
	is_int(read_members("[\"\\u0000\"]", &told, &v, &e), ERR_BAD_REQUEST,
	    "S26: also where there are no members");
	is_int(read_members("{\"a\\u0000\":1}", &told, &v, &e), ERR_BAD_REQUEST,
	    "S26: and in a name");
	is_int(told.len, 0, "of which nothing is told");
	is_int(read_members("{\"a\":18446744073709551616}", &told, &v, &e),
	    ERR_OK, "an integer past 64 bits passes");
	ok(!jv_int(json_object_get(v, "a"), &n),
	    "S26: but is no integer to whoever reads it");
	json_decref(v);
	buf_free(&told);
}

/* Even who knows the prefix makes nothing but numbers with it. */
static void
test_forged(void)
{
	char s[100];
	json_t *v = NULL;
	struct err e;

	snprintf(s, sizeof(s), "\"%s1,evil\"", json_prefix);
	ok(!json_read_mem(s, strlen(s), &v, &e), "a forged number is read");
	is_int(jv_type(v), JV_STRING, "S26: it stays a string");
	json_decref(v);
	ok(!json_read_mem("\"\"", 2, &v, &e) && jv_type(v) == JV_STRING,
	    "an empty string is a string");
	json_decref(v);
	is_int(strlen(json_prefix), JSON_PREFIX_LEN, "the prefix is whole");
}

int
main(void)
{
	static const uint8_t seed[32] = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3};

	json_setup(seed);
	test_kept();
	test_empty();
	test_malformed();
	test_s26_text();
	test_s26_numbers();
	test_s26_limits();
	test_s26_tree();
	test_s26_members();
	test_values();
	test_write();
	test_forged();
	return done_testing();
}
