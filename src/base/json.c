#include "base/json.h"

#include <assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json_guard.h"

#define MEM_TREE_MAX (4 << 20)

/* The bound on the tree that json_read is building; counted while `on`.
 * Past the bound memory is still given, as Jansson 2.14 overruns its buffer
 * when its lexer gets none; instead `over` makes the guard end the text. */
static struct {
	bool on, over;
	size_t live, max;
} tree;

static void *
tree_malloc(size_t n)
{
	void *p = malloc(n);

	if (!p)
		abort();
	if (tree.on) {
		tree.live += malloc_usable_size(p);
		if (tree.live > tree.max)
			tree.over = true;
	}
	return p;
}

/* Values are personal data: memory is wiped before it is given back. */
static void
tree_free(void *p)
{
	size_t n;

	if (!p)
		return;
	n = malloc_usable_size(p);
	if (tree.on) {
		assert(tree.live >= n);
		tree.live -= n;
	}
	wipe(p, n);
	free(p);
}

void
json_setup(const uint8_t seed[32])
{
	size_t hash;

	memcpy(&hash, seed, sizeof(hash));
	json_set_alloc_funcs(tree_malloc, tree_free);
	json_object_seed(hash ? hash : 1);
	b64url_encode(
	    seed + sizeof(hash), JSON_PREFIX_LEN / 4 * 3, json_prefix);
}

#define NUL_TEXT "U+0000 is not allowed"

/* Our words for an error of Jansson's: its own quote the input. */
static const char *
fault_text(enum json_error_code code)
{
	switch (code) {
	case json_error_invalid_utf8:
		return "not valid UTF-8";
	case json_error_premature_end_of_input:
		return "the text ends early";
	case json_error_end_of_input_expected:
		return "something follows the value";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return NUL_TEXT;
	case json_error_duplicate_key:
		return "a member name is repeated";
	default:
		return "malformed";
	}
}

/* Why there is no tree, or must not be. ERR_OK if all is well. */
static enum err_code
check_result(const struct json_guard *g, const json_t *v,
    const json_error_t *at, struct err *e)
{
	if (g->failed)
		return e->code;
	if (tree.over)
		return err_set(e, ERR_TOO_LARGE,
		    "JSON that takes over %zu bytes of memory", tree.max);
	if (!g->any)
		return err_set(e, ERR_MISSING_FIELDS, NULL);
	if (!v)
		return err_set(e, ERR_BAD_REQUEST,
		    "JSON, line %d, column %zu: %s", at->line,
		    json_guard_column(g, at), fault_text(json_error_code(at)));
	return ERR_OK;
}

static bool
has_nul(const json_t *v)
{
	const char *name;
	json_t *member;
	bool found = false;
	size_t i;

	if (json_is_string(v))
		return memchr(
		    json_string_value(v), '\0', json_string_length(v));
	json_array_foreach(v, i, member)
	{
		found |= has_nul(member);
	}
	json_object_foreach((json_t *)v, name, member)
	{
		found |= has_nul(member);
	}
	return found;
}

/* Jansson, which has let U+0000 pass in values, refuses it in names. */
static enum err_code
check_nuls(const struct json_limits *lim, json_t *v, struct err *e)
{
	const char *name;
	json_t *member;

	if (!lim->fault || !has_nul(v))
		return ERR_OK;
	json_object_foreach(v, name, member)
	{
		if (has_nul(member))
			lim->fault(lim->fault_arg, name, NUL_TEXT);
	}
	return err_set(e, ERR_BAD_REQUEST, "JSON: " NUL_TEXT);
}

enum err_code
json_read(json_source *src, void *arg, const struct json_limits *lim,
    json_t **out, struct err *e)
{
	struct json_guard g;
	json_error_t at;
	enum err_code code;
	json_t *v;

	assert(json_prefix[0] && !tree.on);
	json_guard_init(&g, src, arg, lim, &tree.over, e);
	tree.on = true;
	tree.over = false;
	tree.live = 0;
	tree.max = lim->max_tree;
	v = json_load_callback(json_guard_read, &g,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY |
	        (lim->fault ? JSON_ALLOW_NUL : 0),
	    &at);
	tree.on = false;
	code = check_result(&g, v, &at, e);
	if (!code)
		code = check_nuls(lim, v, e);
	wipe(&g, sizeof(g));
	wipe(&at, sizeof(at));
	if (code) {
		json_decref(v);
		return code;
	}
	*out = v;
	return ERR_OK;
}

struct memory {
	const char *s;
	size_t n;
};

static long
read_memory(void *arg, char *p, size_t n)
{
	struct memory *m = arg;

	if (n > m->n)
		n = m->n;
	if (n)
		memcpy(p, m->s, n);
	m->s += n;
	m->n -= n;
	return (long)n;
}

enum err_code
json_read_mem(const char *s, size_t n, json_t **out, struct err *e)
{
	struct json_limits lim = {.max_bytes = n, .max_tree = MEM_TREE_MAX};
	struct memory m = {s, n};

	return json_read(read_memory, &m, &lim, out, e);
}
