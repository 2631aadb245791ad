/* Field regexes: what they find, what they refuse, and that they end (S30). */
#include "t/tap.h"

#include <stdlib.h>

#include "base/clock.h"
#include "model/regex.h"

static enum regex_result
search(const char *pattern, const char *s)
{
	struct regex_budget budget = {0};
	struct regex *r = NULL;
	enum regex_result result;
	struct err e;

	if (regex_compile(pattern, &r, &e)) {
		printf("Bail out! %s: %s\n", pattern, err_text(&e));
		abort();
	}
	result = regex_search(r, &budget, s, strlen(s));
	regex_free(&r);
	ok(r == NULL, "freed");
	return result;
}

static void
test_search(void)
{
	is_int(search("b", "abc"), REGEX_MATCH, "a search is not anchored");
	is_int(search("^b", "abc"), REGEX_NO_MATCH, "unless it says so");
	is_int(search("", ""), REGEX_MATCH, "empty in empty");
	is_int(search("^.$", "\xf0\x9f\x98\x80"), REGEX_MATCH,
	    "a dot is a character, not a byte");
	is_int(search("^\\w+$", "\xc3\xa9t\xc3\xa9"), REGEX_MATCH,
	    "\\w knows Unicode letters");
	is_int(search("^\\d+$", "\xd9\xa3"), REGEX_MATCH,
	    "\\d knows Unicode digits");
	is_int(search("(?i)stra\xc3\x9f"
	              "e",
	           "STRA\xe1\xba\x9e"
	           "E"),
	    REGEX_MATCH, "case folds");
}

static void
refuse(const char *pattern, const char *why)
{
	struct regex *r = NULL;
	struct err e;

	is_int(
	    regex_compile(pattern, &r, &e), ERR_BAD_REQUEST, "%s refused", why);
	ok(r == NULL, "nothing made");
	ok(strstr(e.text, "offset") != NULL, "%s", e.text);
}

static void
test_refusals(void)
{
	refuse("a(b", "an open group");
	refuse("[z-a]", "a wrong range");
	refuse("*", "nothing to repeat");
	refuse("a\\C", "\\C");
	refuse("\xff", "a pattern that is not UTF-8");
	refuse("((a{1,1000}){1,1000}){1,1000}", "a pattern that explodes");
	refuse("(?<=a+)b", "a lookbehind without bound");
}

static char *
repeat(char c, size_t n)
{
	char *s = malloc(n + 1);

	memset(s, c, n);
	s[n] = '\0';
	return s;
}

/* Patterns that take ages on values that nearly match. */
static void
test_catastrophes(void)
{
	static const char *const patterns[] = {"^(a+)+$", "^(a|aa)+$", "(a*)*b",
	    "(?:a?){30}a{30}b", "^(?:.*a){20}$", "((a+)(a+))+b", "(?=(a+)+b)",
	    "^(\\1?a|a(?R)?)+$",
	    /* These meet no match limit: runs, not ways back. */
	    "a*a*[bc]", "(\\w*)\\1*[bc]", "a*a*a*a*a*[bc]",
	    "(?:(?=(a*))\\1)*[bc]", "\\p{L}*[\\p{Lu}]"};
	char *s = repeat('a', 16000);
	size_t i;

	s[15999] = '!';
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		int64_t start = clock_mono_ms(), took;
		enum regex_result result = search(patterns[i], s);

		took = clock_mono_ms() - start;
		ok(result != REGEX_MATCH, "S30: %s does not match",
		    patterns[i]);
		ok(took < 2000, "S30: and ends, in %d ms", (int)took);
	}
	is_int(search("^(a+)+$", s), REGEX_LIMIT, "S30: given up");
	is_int(search("a*a*[bc]", s), REGEX_LIMIT, "S30: given up by time");
	free(s);
}

/* Ten thousand values, each of which is slow. */
static void
test_budget(void)
{
	struct regex_budget budget = {0}, other = {0};
	struct regex *r = NULL, *r2 = NULL;
	char *s = repeat('a', 40);
	int64_t start = clock_mono_ms(), took;
	unsigned limits = 0, i;
	struct err e;

	s[39] = '!';
	ok(!regex_compile("^(a+)+$", &r, &e), "a slow pattern");
	ok(!regex_compile("a", &r2, &e), "a quick one");
	for (i = 0; i < 10000; i++)
		limits += regex_search(r, &budget, s, 40) == REGEX_LIMIT;
	took = clock_mono_ms() - start;
	is_int(limits, 10000, "S30: every search of 10,000 is given up");
	ok(took < 20000, "S30: together in %d ms", (int)took);
	is_int(regex_search(r2, &budget, s, 40), REGEX_LIMIT,
	    "S30: the budget is shared by the patterns of a schema");
	is_int(regex_search(r2, &other, s, 40), REGEX_MATCH,
	    "and another schema has its own");
	regex_free(&r);
	regex_free(&r2);
	free(s);
}

/* Ordinary patterns must not meet the limits, however long the value. */
static void
test_long_values(void)
{
	char *s = repeat('a', 16000);
	char *mail = repeat('a', 200);

	is_int(search("^[a-z]+$", s), REGEX_MATCH, "a class over 16,000");
	is_int(
	    search("^(?:a|b)*$", s + 12000), REGEX_MATCH, "a group over 4,000");
	is_int(search("^.*\\d", s), REGEX_NO_MATCH, "one pass back");
	is_int(search("\\d{3}", s), REGEX_NO_MATCH, "a search to the end");
	mail[100] = '@';
	mail[190] = '.';
	is_int(search("^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$", mail), REGEX_MATCH,
	    "an e-mail of 200");
	free(s);
	free(mail);
}

int
main(void)
{
	test_search();
	test_refusals();
	test_catastrophes();
	test_budget();
	test_long_values();
	return done_testing();
}
