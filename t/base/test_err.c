#include "base/err.h"
#include "base/utf8.h"
#include "t/tap.h"

static void
test_table(void)
{
	is_int(ERR_OK, 0, "ERR_OK is 0");
	is_int(err_status(ERR_AUTH), 403, "authentication is 403");
	is_int(err_status(ERR_NO_CUSTOMERS), 401, "no customers is 401");
	is_int(err_status(ERR_SUPERSEDED), 500, "last row of the table");
	is_str(err_name(ERR_TOO_LARGE), "TOO_LARGE", "name");
}

static void
test_set(void)
{
	struct err e;

	is_int(err_set(&e, ERR_INVALID, "row %d", 7), ERR_INVALID,
	    "err_set returns the code");
	is_str(err_text(&e), "row 7", "formatted text");
	is_str(e.cause, "", "no cause");
	err_set(&e, ERR_CONFLICT, "%s, again", e.text);
	is_str(e.text, "row 7, again", "text may be an argument");
	err_set(&e, ERR_NO_CUSTOMERS, NULL);
	is_str(err_text(&e), "No customers found", "NULL: the table's text");
}

static void
test_fault(void)
{
	struct err e;

	err_set(&e, ERR_INVALID, "old text");
	is_int(err_fault(&e, ERR_DATABASE, "errno %d", 2006), ERR_DATABASE,
	    "err_fault returns the code");
	is_str(err_text(&e), "database error", "S33: caller gets the table");
	is_str(e.cause, "errno 2006", "the log gets the cause");
}

static void
test_cut(void)
{
	char long_text[ERR_TEXT_MAX * 2];
	struct err e;
	size_t i;

	for (i = 0; i + 2 < sizeof(long_text); i += 2)
		memcpy(long_text + i, "\xc3\xa9", 2);
	long_text[i] = '\0';
	err_set(&e, ERR_INVALID, "%s", long_text);
	ok(utf8_valid(e.text, strlen(e.text)), "a cut splits no code point");
	is_int(strlen(e.text), 318, "as much as fits");
	err_set(&e, ERR_INVALID, ".%s", long_text);
	is_int(strlen(e.text), 319, "all of it where it fits");
	ok(utf8_valid(e.text, strlen(e.text)), "still valid");
}

int
main(void)
{
	test_table();
	test_set();
	test_fault();
	test_cut();
	return done_testing();
}
