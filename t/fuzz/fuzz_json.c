/*
 * A JSON body. Input: a byte for the size of the stretches it comes in, then
 * the text. Against Jansson alone, and what an own look at the text counts
 * (S26).
 */
#include "t/fuzz/fuzz.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "t/ingest/bytes.h"

#define TREE_MAX 65536
#define DEPTH_MAX 32

/* What stands outside of strings. */
struct look {
	size_t colons, depth, deepest;
	bool nul;
};

static struct look
look_at(const uint8_t *s, size_t n)
{
	struct look l = {0};
	bool in = false;

	for (size_t i = 0; i < n; i++) {
		l.nul |= !s[i];
		if (in && s[i] == '\\') {
			i++;
			l.nul |= i < n && !s[i];
		} else if (s[i] == '"')
			in = !in;
		else if (!in && s[i] == ':')
			l.colons++;
		else if (!in && (s[i] == '[' || s[i] == '{'))
			l.depth++;
		else if (!in && (s[i] == ']' || s[i] == '}'))
			l.depth--;
		if (l.depth > l.deepest)
			l.deepest = l.depth;
	}
	return l;
}

static void
see_text(const char *s, size_t n)
{
	assert(utf8_valid(s, n) && !memchr(s, '\0', n));
}

/* Members in the tree; every value is as json.h says. */
static size_t
see_tree(json_t *v)
{
	size_t members = 0, i;
	const char *name;
	int64_t number;
	json_t *below;

	switch (jv_type(v)) {
	case JV_NUMBER:
		assert(json_number_valid(jv_number(v), strlen(jv_number(v))));
		if (!strpbrk(jv_number(v), ".eE"))
			assert(jv_int(v, &number));
		break;
	case JV_STRING:
		see_text(json_string_value(v), json_string_length(v));
		break;
	case JV_ARRAY:
		json_array_foreach(v, i, below) members += see_tree(below);
		break;
	case JV_OBJECT:
		json_object_foreach(v, name, below)
		{
			see_text(name, strlen(name));
			members += 1 + see_tree(below);
		}
		break;
	default:
		assert(jv_type(v) != JV_NONE);
	}
	return members;
}

/* Written and read again it is the same, in either order of its members. */
static void
see_round_trip(const json_t *v, bool sorted)
{
	struct buf once = {0}, twice = {0};
	json_t *again;
	struct err e;

	jv_write(&once, v, sorted);
	assert(!json_read_mem(once.data, once.len, &again, &e));
	jv_write(&twice, again, sorted);
	assert(!strcmp(once.data, twice.data));
	json_decref(again);
	buf_free(&once);
	buf_free(&twice);
}

/* Jansson by itself takes what we take, but for numbers too large for it; and
 * what it takes we refuse for one of our own reasons alone. */
static void
see_jansson(const uint8_t *s, size_t n, enum err_code code, const struct err *e)
{
	json_error_t at;
	json_t *v = json_loadb(
	    (const char *)s, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);

	if (!code && !v)
		assert(json_error_code(&at) == json_error_numeric_overflow);
	if (code && v)
		assert(code == ERR_TOO_LARGE || strstr(e->text, "64 bits") ||
		       strstr(e->text, "nested over 32") ||
		       strstr(e->text, "too long") ||
		       strstr(e->text, "U+0000"));
	json_decref(v);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_json_setup();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t step = fuzz_byte(&data, &n);
	struct bytes in = {.s = (const char *)data, .n = n, .step = step};
	struct bytes more = in;
	struct json_limits lim = {.max_bytes = n, .max_tree = TREE_MAX};
	struct err e = {0}, e2;
	enum err_code code;
	json_t *v = NULL, *none = NULL;
	struct look l;

	code = json_read(bytes_json, &in, &lim, &v, &e);
	see_jansson(data, n, code, &e);
	if (code) {
		assert(code == ERR_BAD_REQUEST || code == ERR_TOO_LARGE ||
		       code == ERR_MISSING_FIELDS);
		return 0;
	}
	l = look_at(data, n);
	assert(!l.nul && !l.depth && l.deepest <= DEPTH_MAX);
	see_text((const char *)data, n);
	assert(see_tree(v) == l.colons); /* no name came twice */
	see_round_trip(v, false);
	see_round_trip(v, true);
	lim.max_bytes = n - 1;
	assert(json_read(bytes_json, &more, &lim, &none, &e2) == ERR_TOO_LARGE);
	json_decref(v);
	return 0;
}
