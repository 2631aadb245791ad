/*
 * Tap: tests in C that speak TAP. A test is a main() that calls ok(),
 * is_int(), is_str() and ends with `return done_testing();`. Each macro
 * takes a printf-like name and is true if the test passed.
 */
#ifndef COFFER_T_TAP_H
#define COFFER_T_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count, tap_failed;

/* Under valgrind, fifty times slower: what repeats one thing does so less. */
static inline bool
under_valgrind(void)
{
	return getenv("COFFER_TEST_VALGRIND") != NULL;
}

#define TAP_PRINTF(f, a) __attribute__((unused, format(printf, f, a)))

TAP_PRINTF(4, 0)
static bool
tap_result(bool passed, const char *file, int line, const char *fmt, va_list ap)
{
	printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
	vprintf(fmt, ap);
	putchar('\n');
	if (!passed) {
		tap_failed++;
		printf("# failed at %s:%d\n", file, line);
	}
	fflush(stdout);
	return passed;
}

TAP_PRINTF(4, 5)
static bool
tap_ok(bool passed, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_result(passed, file, line, fmt, ap);
	va_end(ap);
	return passed;
}

TAP_PRINTF(5, 6)
static bool
tap_int(intmax_t got, intmax_t want, const char *file, int line,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_result(got == want, file, line, fmt, ap);
	va_end(ap);
	if (got != want)
		printf("# got %" PRIdMAX ", want %" PRIdMAX "\n", got, want);
	return got == want;
}

TAP_PRINTF(5, 6)
static bool
tap_str(const char *got, const char *want, const char *file, int line,
    const char *fmt, ...)
{
	bool same = got && want ? !strcmp(got, want) : got == want;
	va_list ap;

	va_start(ap, fmt);
	tap_result(same, file, line, fmt, ap);
	va_end(ap);
	if (!same)
		printf("# got  %s\n# want %s\n", got ? got : "(null)",
		    want ? want : "(null)");
	return same;
}

#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...) \
	tap_int((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...) \
	tap_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)

/* Ends the test: a plan that cannot be run must say why. */
#define skip_all(...) (printf("1..0 # SKIP "), printf(__VA_ARGS__), puts(""), 0)

/* Prints the plan; the exit status of main. */
__attribute__((unused)) static int
done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed || !tap_count;
}

#endif
