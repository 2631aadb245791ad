/*
 * Dates: read and printed by the field's pattern (tbl/date_formats.h), stored
 * as "yyyy-MM-dd". A pattern is a run of parts, each a run of one of the
 * letters y, M, d or a character that stands for itself.
 */
#include "model/types/types.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define STORED "yyyy-MM-dd"
#define MONTH_MAX 9
#define DATE_TEXT_MAX 40 /* of the longest pattern: "dd MMMM yyyy" */

struct date_format {
	const char *pattern;
};

static const struct date_format formats[] = {
#define X(pattern) {pattern},
#include "tbl/date_formats.h"
#undef X
};

static const char *const months[] = {"January", "February", "March", "April",
    "May", "June", "July", "August", "September", "October", "November",
    "December"};

struct date {
	unsigned year, month, day;
};

/* Length of the part that begins at p. */
static size_t
part(const char *p)
{
	size_t n = 1;

	if (*p == 'y' || *p == 'M' || *p == 'd') {
		while (p[n] == *p)
			n++;
	}
	return n;
}

/* Exactly `width` digits of the n bytes at *s. */
static bool
take_digits(const char **s, size_t *n, size_t width, unsigned *out)
{
	size_t i;

	if (*n < width)
		return false;
	*out = 0;
	for (i = 0; i < width; i++) {
		if ((*s)[i] < '0' || (*s)[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)((*s)[i] - '0');
	}
	*s += width;
	*n -= width;
	return true;
}

/* An English month, in full or its first three letters. */
static bool
take_month(const char **s, size_t *n, bool full, unsigned *out)
{
	unsigned i;

	for (i = 0; i < 12; i++) {
		size_t len = full ? strlen(months[i]) : 3;

		if (len <= *n && !strncasecmp(*s, months[i], len)) {
			*s += len;
			*n -= len;
			*out = i + 1;
			return true;
		}
	}
	return false;
}

static bool
take_part(
    const char *p, size_t width, const char **s, size_t *n, struct date *d)
{
	switch (*p) {
	case 'd':
		return take_digits(s, n, 2, &d->day);
	case 'M':
		return width > 2 ? take_month(s, n, width == 4, &d->month)
		                 : take_digits(s, n, 2, &d->month);
	case 'y':
		if (!take_digits(s, n, width, &d->year))
			return false;
		if (width == 2)
			d->year += d->year >= 69 ? 1900 : 2000;
		return true;
	default:
		if (!*n || **s != *p)
			return false;
		++*s;
		--*n;
		return true;
	}
}

static unsigned
days_in(unsigned year, unsigned month)
{
	static const unsigned char days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

static bool
is_day(const struct date *d)
{
	return d->year && d->month >= 1 && d->month <= 12 && d->day >= 1 &&
	       d->day <= days_in(d->year, d->month);
}

/* Reads all of the n bytes at s as a date of the (Gregorian) calendar. */
static bool
date_parse(const char *pattern, const char *s, size_t n, struct date *d)
{
	size_t width;

	for (; *pattern; pattern += width) {
		width = part(pattern);
		if (!take_part(pattern, width, &s, &n, d))
			return false;
	}
	return !n && is_day(d);
}

static char *
put_digits(char *p, unsigned v, size_t width)
{
	size_t i;

	for (i = width; i--; v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + width;
}

static char *
put_month(char *p, unsigned month, size_t width)
{
	const char *name = months[month - 1];
	size_t n = width == 3 ? 3 : strlen(name);

	if (width == 2)
		return put_digits(p, month, 2);
	memcpy(p, name, n);
	return p + n;
}

static void
date_print(const char *pattern, const struct date *d, struct buf *out)
{
	char text[DATE_TEXT_MAX], *p = text;
	size_t width;

	for (; *pattern; pattern += width) {
		width = part(pattern);
		assert(p < text + DATE_TEXT_MAX - MONTH_MAX);
		switch (*pattern) {
		case 'd':
			p = put_digits(p, d->day, 2);
			break;
		case 'M':
			p = put_month(p, d->month, width);
			break;
		case 'y':
			p = put_digits(p, d->year, width);
			break;
		default:
			*p++ = *pattern;
		}
	}
	buf_add(out, text, (size_t)(p - text));
}

/* "yyyy-MM-dd", as all dates are stored. */
static bool
date_read(const char *s, size_t n, struct date *d)
{
	return n == 10 && take_digits(&s, &n, 4, &d->year) && *s++ == '-' &&
	       take_digits(&s, &n, 2, &d->month) && *s++ == '-' &&
	       take_digits(&s, &n, 2, &d->day) && is_day(d);
}

static void
date_store(const struct date *d, struct buf *out)
{
	buf_addc(out, '"');
	date_print(STORED, d, out);
	buf_addc(out, '"');
}

static bool
date_from_text(const struct field *f, struct arena *a, const char *s, size_t n,
    struct buf *out, struct cell_error *ce)
{
	struct date d;

	(void)a;
	if (!date_parse(f->date->pattern, s, n, &d))
		return cell_wrong(
		    ce, ROW_FORMAT, "must be a date as %s", f->date->pattern);
	date_store(&d, out);
	return true;
}

static bool
date_from_json(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce)
{
	if (jv_type(v) != JV_STRING)
		return cell_wrong(ce, ROW_TYPE,
		    "must be a string with a date as %s", f->date->pattern);
	return date_from_text(
	    f, a, json_string_value(v), json_string_length(v), out, ce);
}

bool
date_from_answer(const json_t *v, struct buf *out)
{
	struct date d;

	if (jv_type(v) != JV_STRING || !date_parse(STORED, json_string_value(v),
	                                   json_string_length(v), &d))
		return false;
	date_store(&d, out);
	return true;
}

/* A stored value of another form (of a field that was not a date before)
 * is given as it is. */
static void
date_to_text(const struct field *f, struct arena *a, const char *json, size_t n,
    struct buf *out)
{
	const char *s = string_text(a, json, n, &n);
	struct date d;

	if (strcmp(f->date->pattern, STORED) && date_read(s, n, &d))
		date_print(f->date->pattern, &d, out);
	else
		buf_add(out, s, n);
}

static enum err_code
date_define(struct field *f, struct arena *a, struct err *e)
{
	struct buf all = {.max = ERR_TEXT_MAX};
	size_t i;

	(void)a;
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!strcmp(formats[i].pattern, f->format)) {
			f->date = &formats[i];
			buf_free(&all);
			return ERR_OK;
		}
		buf_addf(&all, "%s\"%s\"", i ? ", " : "", formats[i].pattern);
	}
	err_set(e, ERR_BAD_REQUEST, "field_format of a date must be one of %s",
	    all.data);
	buf_free(&all);
	return e->code;
}

const struct field_type field_type_date = {
    .allows = ALLOW_UNIQUE | ALLOW_SEARCH | ALLOW_FORMAT,
    .trims = true,
    .from_text = date_from_text,
    .from_json = date_from_json,
    .to_text = date_to_text,
    .fold = string_fold,
    .define = date_define,
};
