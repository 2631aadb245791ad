/* Dates: each format against the C library over a century, and wrong ones. */
#include "t/model/setup.h"

#include <time.h>

/* The patterns again, as strftime writes them: an oracle of its own. */
static const struct {
	const char *pattern, *strftime;
	bool short_year;
} formats[] = {
    {"yyyy-MM-dd", "%Y-%m-%d", false},
    {"dd/MM/yyyy", "%d/%m/%Y", false},
    {"MM/dd/yyyy", "%m/%d/%Y", false},
    {"dd-MM-yyyy", "%d-%m-%Y", false},
    {"MM-dd-yyyy", "%m-%d-%Y", false},
    {"dd.MM.yyyy", "%d.%m.%Y", false},
    {"yyyy/MM/dd", "%Y/%m/%d", false},
    {"dd MMM yyyy", "%d %b %Y", false},
    {"MMM dd, yyyy", "%b %d, %Y", false},
    {"MMMM dd, yyyy", "%B %d, %Y", false},
    {"dd MMMM yyyy", "%d %B %Y", false},
    {"yy/MM/dd", "%y/%m/%d", true},
    {"dd/MM/yy", "%d/%m/%y", true},
    {"MM/dd/yy", "%m/%d/%y", true},
};

#define DAY 86400

static struct field
date_field(const char *pattern)
{
	return field_of(arena_printf(arena,
	    "{\"field_type\":\"date\",\"field_format\":\"%s\"}", pattern));
}

/* Day t in the format is stored as it should be, and printed again. */
static bool
day_is_right(const struct field *f, const char *format, time_t t,
    struct buf *out, struct buf *back)
{
	char given[40], stored[40];
	struct cell_error ce;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(given, sizeof(given), format, &tm);
	strftime(stored, sizeof(stored), "\"%Y-%m-%d\"", &tm);
	buf_reset(out);
	buf_reset(back);
	if (!field_from_text(f, arena, given, strlen(given), out, &ce))
		return false;
	field_type_of(f)->to_text(f, arena, out->data, out->len, back);
	return !strcmp(out->data, stored) && !strcmp(back->data, given);
}

static void
test_days(size_t i)
{
	struct field f = date_field(formats[i].pattern);
	struct tm first = {.tm_mday = 1}, last = {.tm_mday = 31, .tm_mon = 11};
	struct buf out = {0}, back = {0};
	const time_t step = i ? 29 * DAY : 3 * DAY;
	unsigned wrong = 0, days = 0;
	time_t t, end;

	first.tm_year = formats[i].short_year ? 69 : 0;
	last.tm_year = formats[i].short_year ? 168 : 205;
	end = timegm(&last);
	for (t = timegm(&first); t <= end; t += step, days++) {
		wrong += !day_is_right(&f, formats[i].strftime, t, &out, &back);
	}
	is_int(wrong, 0, "%s: %u days", formats[i].pattern, days);
	ok(days > 1200, "%s: over a century", formats[i].pattern);
	buf_free(&out);
	buf_free(&back);
}

static void
take(const char *pattern, const char *text, const char *stored)
{
	struct field f = date_field(pattern);
	struct buf out = {0};
	struct cell_error ce = {0};

	ok(field_from_text(&f, arena, text, strlen(text), &out, &ce),
	    "%s: %s is a date", pattern, text);
	is_str(out.data, stored, "stored as %s", stored);
	buf_free(&out);
}

static void
refuse(const char *pattern, const char *text)
{
	struct field f = date_field(pattern);
	struct buf out = {0};
	struct cell_error ce = {0};

	ok(!field_from_text(&f, arena, text, strlen(text), &out, &ce),
	    "%s: '%s' is not a date", pattern, text);
	is_int(ce.code, ROW_FORMAT, "code format");
	ok(strstr(ce.text, pattern) != NULL, "text names the format");
	buf_free(&out);
}

/* What is stored can mean no other date in any format. */
static void
test_answers(void)
{
	static const char *const texts[] = {
	    "\"2001-02-03\"", "\"1969-12-31\"", "\"2012-10-11\""};
	struct buf out = {0};
	struct cell_error ce;
	json_t *v;
	size_t i, j;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct field f = date_field(formats[i].pattern);

		for (j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
			v = parse(texts[j]);
			buf_reset(&out);
			ok(field_from_answer(&f, arena, v, &out, &ce) &&
			        !strcmp(out.data, texts[j]),
			    "%s: an answer's %s is itself", formats[i].pattern,
			    texts[j]);
			json_decref(v);
		}
	}
	buf_free(&out);
}

static void
test_patterns(void)
{
	static const char *const table[] = {
#define X(pattern) pattern,
#include "tbl/date_formats.h"
#undef X
	};
	size_t i;

	is_int(sizeof(table) / sizeof(table[0]),
	    sizeof(formats) / sizeof(formats[0]), "every format is tested");
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		is_str(table[i], formats[i].pattern, "%s", table[i]);
		test_days(i);
	}
}

int
main(void)
{
	setup();
	test_patterns();
	test_answers();
	is_str(field_type_name(&(struct field){.type = FIELD_DATE}), "date",
	    "type");
#define TAKE(pattern, text, stored) take(pattern, text, stored);
#define REFUSE(pattern, text) refuse(pattern, text);
#include "cases/dates.h"
	arena_free(&arena);
	return done_testing();
}
