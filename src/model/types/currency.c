/* Amounts of money: a decimal with at most the currency's minor digits. */
#include "model/types/types.h"

#include <stdlib.h>
#include <string.h>

struct currency {
	const char *code;
	unsigned minor;
};

static const struct currency currencies[] = {
#define X(code, minor) {#code, minor},
#include "tbl/currencies.h"
#undef X
};

static bool
currency_from_text(const struct field *f, struct arena *a, const char *s,
    size_t n, struct buf *out, struct cell_error *ce)
{
	unsigned minor = f->currency->minor;
	const char *point;

	(void)a;
	if (!number_check("must be an amount such as 1250", s, n, ce))
		return false;
	if (memchr(s, 'e', n) || memchr(s, 'E', n))
		return cell_wrong(
		    ce, ROW_FORMAT, "must be an amount without an exponent");
	point = memchr(s, '.', n);
	if (point && (size_t)(s + n - point - 1) > minor)
		return cell_wrong(ce, ROW_FORMAT,
		    "must be an amount in %s with at most %u decimals",
		    f->currency->code, minor);
	buf_add(out, s, n);
	return true;
}

static bool
currency_from_json(const struct field *f, struct arena *a, const json_t *v,
    struct buf *out, struct cell_error *ce)
{
	size_t n;
	const char *s = number_text(v, &n);

	if (!s)
		return cell_wrong(
		    ce, ROW_TYPE, "must be an amount: a number or its text");
	return currency_from_text(f, a, s, n, out, ce);
}

static int
by_code(const void *code, const void *row)
{
	return strcmp(code, ((const struct currency *)row)->code);
}

static enum err_code
currency_define(struct field *f, struct arena *a, struct err *e)
{
	(void)a;
	f->currency = bsearch(f->format, currencies,
	    sizeof(currencies) / sizeof(currencies[0]), sizeof(currencies[0]),
	    by_code);
	if (f->currency)
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "field_format of a currency must be an ISO 4217 code in capitals, "
	    "such as \"EUR\"");
}

const struct field_type field_type_currency = {
    .allows = ALLOW_UNIQUE | ALLOW_SEARCH | ALLOW_FORMAT,
    .trims = true,
    .from_text = currency_from_text,
    .from_json = currency_from_json,
    .to_text = plain_to_text,
    .fold = number_fold,
    .define = currency_define,
};
