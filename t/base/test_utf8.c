#include "base/utf8.h"
#include "t/tap.h"

/* Sequences, and which of them are valid. */
static const struct {
	const char *s;
	bool valid;
	const char *name;
} CASES[] = {
    {"a", true, "ASCII"},
    {"\x7f", true, "U+007F"},
    {"\xc2\x80", true, "U+0080"},
    {"\xdf\xbf", true, "U+07FF"},
    {"\xe0\xa0\x80", true, "U+0800"},
    {"\xed\x9f\xbf", true, "U+D7FF"},
    {"\xee\x80\x80", true, "U+E000"},
    {"\xef\xbf\xbf", true, "U+FFFF"},
    {"\xf0\x90\x80\x80", true, "U+10000"},
    {"\xf4\x8f\xbf\xbf", true, "U+10FFFF"},
    {"\x80", false, "a continuation alone"},
    {"\xc0\x80", false, "NUL in two bytes"},
    {"\xc1\xbf", false, "overlong, two bytes"},
    {"\xe0\x9f\xbf", false, "overlong, three bytes"},
    {"\xf0\x8f\xbf\xbf", false, "overlong, four bytes"},
    {"\xed\xa0\x80", false, "first surrogate"},
    {"\xed\xbf\xbf", false, "last surrogate"},
    {"\xf4\x90\x80\x80", false, "U+110000"},
    {"\xf5\x80\x80\x80", false, "F5"},
    {"\xff", false, "FF"},
    {"\xe2\x82", false, "cut after two of three"},
    {"\xf0\x9f\x92", false, "cut after three of four"},
    {"\xc3", false, "cut after one of two"},
    {"\xe2\x28\xa1", false, "bad second byte"},
    {"\xf0\x9f\x28\xa1", false, "bad third byte"},
    {"\xe9t\xe9", false, "Latin-1"},
};

/* Each, at every place around the word size. */
static void
test_valid(void)
{
	size_t i, at;

	for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		int wrong = 0;

		for (at = 0; at < 20; at++) {
			char s[32];
			size_t n = strlen(CASES[i].s);

			memset(s, 'x', sizeof(s));
			memcpy(s + at, CASES[i].s, n);
			wrong += utf8_valid(s, at + n) != CASES[i].valid;
			wrong += utf8_valid(s, 30) != CASES[i].valid;
		}
		is_int(wrong, 0, "S26: %s is %s", CASES[i].name,
		    CASES[i].valid ? "valid" : "refused");
	}
	ok(utf8_valid("", 0) && utf8_valid(NULL, 0), "nothing is valid");
	ok(!utf8_valid("abcdefgh\0ijklmnop", 17), "S26: NUL is refused");
	ok(!utf8_valid("\0", 1), "S26: NUL alone is refused");
}

static void
test_length_and_cut(void)
{
	const char *s = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9";
	static const size_t WANT[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
	size_t n;

	is_int(utf8_length(s, 10), 4, "code points");
	is_int(utf8_length("", 0), 0, "none");
	for (n = 0; n <= 10; n++)
		is_int(utf8_cut(s, n), WANT[n], "cut at %zu", n);
}

static void
is_fold(struct arena *a, const char *s, const char *want, const char *name)
{
	size_t n;
	const char *got = utf8_fold(a, s, strlen(s), &n);

	is_str(got, want, "fold: %s", name);
	is_int(n, strlen(want), "fold: %s: length", name);
	is_str(utf8_fold(a, want, strlen(want), &n), want,
	    "fold: %s: folded once is folded", name);
}

static void
is_whole(struct arena *a, const char *s, const char *want, const char *name)
{
	size_t n = 99;

	is_str(utf8_fold_whole(a, s, strlen(s), &n), want, "whole: %s", name);
	is_int(n, strlen(want), "whole: %s: length", name);
}

/* Each letter folds as it does beside one that is folded the long way. */
static void
test_fold_letters(struct arena *a)
{
	unsigned c, wrong = 0;
	size_t n, m;

	for (c = 0x80; c < 0x800; c++) {
		char s[6] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f)),
		    (char)0xe6, (char)0x9d, (char)0xb1};
		const char *alone = utf8_fold_whole(a, s, 2, &n);
		const char *beside = utf8_fold_whole(a, s, 5, &m);

		if (m != n + 3 || memcmp(alone, beside, n)) {
			printf("# U+%04X\n", c);
			wrong++;
		}
	}
	ok(!wrong, "fold: letters up to U+07FF, quickly and the long way");
}

static void
test_fold_whole(struct arena *a)
{
	is_whole(a, " Ann\t", " ann\t", "outer spaces stay");
	is_whole(a,
	    "\xc2\xa0STRA\xc3\x9f"
	    "E ",
	    "\xc2\xa0strasse ", "and those of Unicode");
	is_whole(a, "E\xcc\x81", "\xc3\xa9", "composed");
	is_whole(a, "", "", "empty");
}

static void
test_fold(struct arena *a)
{
	is_fold(a, "", "", "empty");
	is_fold(a, "  Ann@Example.COM \r\n", "ann@example.com", "ASCII");
	is_fold(a, "[@`{]^Zz", "[@`{]^zz", "ASCII around the letters");
	is_fold(a, " \t", "", "white space alone");
	is_fold(a,
	    "\x1f"
	    "A",
	    "\x1f"
	    "a",
	    "U+001F is no white space");
	is_fold(a,
	    "Stra\xc3\x9f"
	    "e",
	    "strasse", "sharp s");
	is_fold(a, "\xc3\x89LAN", "\xc3\xa9lan", "accent");
	is_fold(a, "E\xcc\x81LAN", "\xc3\xa9lan", "decomposed: the same");
	is_fold(a, "\xce\x9f\xce\x94\xce\x9f\xce\xa3",
	    "\xce\xbf\xce\xb4\xce\xbf\xcf\x83", "sigma");
	is_fold(a, "\xce\xbf\xce\xb4\xce\xbf\xcf\x82",
	    "\xce\xbf\xce\xb4\xce\xbf\xcf\x83", "final sigma: the same");
	is_fold(a, "\xc2\xa0\xe2\x80\x83M\xc3\xbcller\xe3\x80\x80",
	    "m\xc3\xbcller", "Unicode white space");
	is_fold(a, "\xc2\xa0\xc2\xa0", "", "Unicode white space alone");
	is_fold(a, "\xef\xac\x81n", "fin", "ligature");
	is_fold(a, "\xf0\x90\x90\x80", "\xf0\x90\x90\xa8", "Deseret");
}

static void
test_equal(struct arena *a)
{
	ok(utf8_equal_fold(a, "Ren\xc3\xa9", 5, " RENE\xcc\x81 ", 8), "equal");
	ok(!utf8_equal_fold(a, "Rene", 4, "Ren\xc3\xa9", 5), "not equal");
	ok(!utf8_equal_fold(a, "Ann", 3, "Anna", 4), "a prefix is not equal");
	ok(utf8_equal_fold(a, "", 0, "  ", 2), "empty and blank");
}

static void
test_trim(void)
{
	const char *s = "\xe2\x80\xa8 a b\xc2\x85\n";
	size_t n = strlen(s), none = 2;

	s = utf8_trim(s, &n);
	ok(n == 3 && !memcmp(s, "a b", 3), "trim");
	utf8_trim("  ", &none);
	is_int(none, 0, "trim of blanks");
	none = 0;
	utf8_trim("", &none);
	is_int(none, 0, "trim of nothing");
}

int
main(void)
{
	struct arena *a = arena_new(1024);

	test_valid();
	test_length_and_cut();
	test_fold(a);
	test_fold_whole(a);
	test_fold_letters(a);
	test_equal(a);
	test_trim();
	arena_free(&a);
	return done_testing();
}
