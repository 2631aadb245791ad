/*
 * The query of a URL, and a media type. Input: a name, LF, the query. A value
 * is text, never longer than the query, and encoded again is read as the same.
 */
#include "t/fuzz/fuzz.h"

#include <strings.h>

#include "base/utf8.h"
#include "http/internal.h"

static struct arena *arena;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	arena = arena_new(4096);
	return 0;
}

static void
add_encoded(struct buf *out, const char *s)
{
	for (; *s; s++)
		buf_addf(out, "%%%02X", (unsigned char)*s);
}

static void
see_again(const char *name, const char *value)
{
	struct request rq = {.arena = arena};
	struct buf query = {0};
	const char *got;

	buf_adds(&query, "x=1&");
	add_encoded(&query, name);
	buf_addc(&query, '=');
	add_encoded(&query, value);
	buf_adds(&query, "&x=2");
	rq.query = query.data;
	got = request_query(&rq, name);
	assert(!strcmp(name, "x") || (got && !strcmp(got, value)));
	buf_free(&query);
}

/* The whole query as a Content-Type. */
static void
see_type(const char *text)
{
	char *envp[2] = {NULL, NULL};
	struct transport t = {.fcgx = {.envp = envp}};
	struct request rq = {.arena = arena, .transport = &t};

	envp[0] = arena_printf(arena, "CONTENT_TYPE=%s", text);
	if (request_is_type(&rq, "application/json"))
		assert(!strncasecmp(text, "application/json", 16) &&
		       (!text[16] || strchr(" \t;", text[16])));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *name = fuzz_text(&data, &n, '\n');
	char *query = fuzz_text(&data, &n, '\0');
	struct request rq = {.arena = arena, .query = query};
	const char *value = request_query(&rq, name);

	if (value) {
		assert(strlen(value) <= strlen(query));
		assert(utf8_valid(value, strlen(value)));
		assert(utf8_valid(name, strlen(name)));
		see_again(name, value);
	}
	see_type(query);
	free(name);
	free(query);
	arena_reset(arena);
	return 0;
}
