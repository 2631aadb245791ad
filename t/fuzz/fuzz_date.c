/*
 * Dates in every pattern. Input: the text of a cell. What is taken is a day of
 * the calendar by the C library, and prints as it came.
 */
#include "t/fuzz/fuzz.h"

#include <strings.h>
#include <time.h>

#include "base/utf8.h"
#include "model/field.h"

static const char *const patterns[] = {
#define X(pattern) pattern,
#include "tbl/date_formats.h"
#undef X
};

#define COUNT (sizeof(patterns) / sizeof(patterns[0]))

static struct arena *forever, *arena;
static struct field fields[COUNT];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e;

	(void)argc, (void)argv;
	fuzz_json_setup();
	forever = arena_new(4096);
	arena = arena_new(4096);
	for (size_t i = 0; i < COUNT; i++) {
		json_t *v = json_pack("{ss ss ss}", "field_name", "f",
		    "field_type", "date", "field_format", patterns[i]);

		assert(!field_from_definition(v, forever, &fields[i], &e));
		json_decref(v);
	}
	return 0;
}

/* "yyyy-MM-dd", quotes included, is a day that is there. */
static void
see_day(const struct buf *stored)
{
	struct tm tm = {0};
	char text[32];
	time_t t;

	assert(stored->len == 12);
	assert(sscanf(stored->data, "\"%4d-%2d-%2d\"", &tm.tm_year, &tm.tm_mon,
	           &tm.tm_mday) == 3);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	t = timegm(&tm);
	assert(gmtime_r(&t, &tm));
	snprintf(text, sizeof(text), "\"%04d-%02d-%02d\"",
	    (tm.tm_year + 1900) % 10000, tm.tm_mon + 1, tm.tm_mday);
	assert(!strcmp(text, stored->data));
}

/* The same text as JSON, and the printed one, give the same day. */
static void
see_again(const struct field *f, const char *s, size_t n, const char *back,
    const struct buf *stored)
{
	struct buf json = {0}, again = {0};
	struct cell_error ce;
	json_t *v = json_stringn(s, n);

	assert(v && field_from_json(f, arena, v, &json, &ce));
	assert(!strcmp(json.data, stored->data));
	assert(field_from_text(f, arena, back, strlen(back), &again, &ce));
	assert(!strcmp(again.data, stored->data));
	json_decref(v);
	buf_free(&json);
	buf_free(&again);
}

static void
see(const struct field *f, const char *s, size_t n)
{
	struct buf stored = {0}, back = {0};
	struct cell_error ce = {0};
	size_t len = n, nfold;
	const char *text;

	if (field_from_text(f, arena, s, n, &stored, &ce)) {
		text = utf8_trim(s, &len);
		see_day(&stored);
		field_type_of(f)->to_text(
		    f, arena, stored.data, stored.len, &back);
		/* Months come in any case. */
		assert(back.len == len && !strncasecmp(back.data, text, len));
		assert(field_type_of(f)->fold(
		    f, arena, stored.data, stored.len, &nfold));
		see_again(f, text, len, back.data, &stored);
	} else {
		assert(!stored.len && ce.text[0]);
		assert(ce.code == ROW_FORMAT || ce.code == ROW_ENCODING);
	}
	buf_free(&stored);
	buf_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (!field_text_is_blank(&fields[i], (const char *)data, n))
			see(&fields[i], (const char *)data, n);
	}
	arena_reset(arena);
	return 0;
}
