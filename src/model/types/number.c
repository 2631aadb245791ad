/* Numbers: kept with the digits in which they came. */
#include "model/types/types.h"

#include <stdio.h>
#include <string.h>

/* A JSON number, cut: digits are those of `whole` and then of `frac`. */
struct parts {
	bool negative;
	const char *whole, *frac;
	size_t nwhole, nfrac;
	long exponent; /* capped a little over NUMBER_EXPONENT_MAX */
};

static size_t
digits(const char *s, const char *end)
{
	const char *p = s;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t)(p - s);
}

static long
exponent(const char *s, const char *end)
{
	bool negative = *s == '-';
	long v = 0;

	if (*s == '-' || *s == '+')
		s++;
	for (; s < end && v <= NUMBER_EXPONENT_MAX; s++)
		v = v * 10 + (*s - '0');
	return negative ? -v : v;
}

/* s holds a valid JSON number. */
static struct parts
cut(const char *s, size_t n)
{
	const char *end = s + n;
	struct parts p = {.negative = *s == '-'};

	s += p.negative;
	p.whole = s;
	p.nwhole = digits(s, end);
	s += p.nwhole;
	p.frac = s;
	if (s < end && *s == '.') {
		p.frac = s + 1;
		p.nfrac = digits(p.frac, end);
		s = p.frac + p.nfrac;
	}
	if (s < end)
		p.exponent = exponent(s + 1, end);
	return p;
}

/* Fits 64 bits, given n characters of an optional minus and digits. */
static bool
fits_64(const char *s, size_t n)
{
	bool negative = *s == '-';
	const char *limit =
	    negative ? "9223372036854775808" : "9223372036854775807";

	s += negative;
	n -= negative;
	return n < 19 || (n == 19 && memcmp(s, limit, 19) <= 0);
}

bool
number_check(const char *rule, const char *s, size_t n, struct cell_error *ce)
{
	size_t sign = n && *s == '-';

	if (!json_number_valid(s, n))
		return cell_wrong(ce, ROW_TYPE, "%s", rule);
	if (n > NUMBER_CHARS_MAX)
		return cell_wrong(ce, ROW_LENGTH,
		    "must have at most %d characters", NUMBER_CHARS_MAX);
	if (digits(s + sign, s + n) == n - sign)
		return fits_64(s, n) ||
		       cell_wrong(
		           ce, ROW_TYPE, "must fit 64 bits, as a whole number");
	if (labs(cut(s, n).exponent) > NUMBER_EXPONENT_MAX)
		return cell_wrong(ce, ROW_TYPE,
		    "must have an exponent from -%d to %d", NUMBER_EXPONENT_MAX,
		    NUMBER_EXPONENT_MAX);
	return true;
}

const char *
number_text(const json_t *v, size_t *len_out)
{
	switch (jv_type(v)) {
	case JV_NUMBER:
		*len_out = strlen(jv_number(v));
		return jv_number(v);
	case JV_STRING:
		*len_out = json_string_length(v);
		return json_string_value(v);
	default:
		*len_out = 0;
		return NULL;
	}
}

const char *
number_fold(const struct field *f, struct arena *a, const char *json, size_t n,
    size_t *len_out)
{
	struct parts p = cut(json, n);
	long exp = p.exponent - (long)p.nfrac;
	char *out = arena_alloc(a, n + 32), *d = out + 1;
	size_t nd = p.nwhole + p.nfrac, zeros;

	(void)f;
	memcpy(d, p.whole, p.nwhole);
	memcpy(d + p.nwhole, p.frac, p.nfrac);
	for (; nd && d[nd - 1] == '0'; nd--)
		exp++;
	for (zeros = 0; zeros < nd && d[zeros] == '0'; zeros++)
		;
	if (!nd) {
		*len_out = 1;
		return "0";
	}
	d += zeros;
	nd -= zeros;
	nd += (size_t)sprintf(d + nd, "e%ld", exp);
	if (p.negative) {
		*--d = '-';
		nd++;
	}
	*len_out = nd;
	return d;
}

static bool
number_from_text(const struct field *f, struct arena *a, const char *s,
    size_t n, struct buf *out, struct cell_error *ce)
{
	(void)f;
	(void)a;
	if (!number_check("must be a number such as -12.50", s, n, ce))
		return false;
	buf_add(out, s, n);
	return true;
}

static bool
number_from_json(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce)
{
	size_t n;
	const char *s = number_text(v, &n);

	if (!s)
		return cell_wrong(ce, ROW_TYPE, "must be a number");
	return number_from_text(f, a, s, n, out, ce);
}

const struct field_type field_type_number = {
    .allows = ALLOW_UNIQUE | ALLOW_SEARCH,
    .trims = true,
    .from_text = number_from_text,
    .from_json = number_from_json,
    .to_text = plain_to_text,
    .fold = number_fold,
};
