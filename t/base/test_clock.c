#include "base/clock.h"
#include "t/tap.h"

#include <time.h>

static void
is_time(int64_t ms, const char *want)
{
	char s[CLOCK_TEXT];

	clock_format(ms, s);
	is_str(s, want, "clock_format %" PRId64, ms);
}

/* Against the C library: every day of 1600 to 2400, at a changing time. */
static void
test_days(void)
{
	int64_t ms = INT64_C(-11676096000000), step = 86400000 + 3723001;
	char got[CLOCK_TEXT], want[64];
	int wrong = 0;

	for (; ms < INT64_C(13600000000000); ms += step) {
		time_t t = (time_t)((ms - (ms % 1000 + 1000) % 1000) / 1000);
		struct tm tm;
		size_t n;

		gmtime_r(&t, &tm);
		n = strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(want + n, sizeof(want) - n, ".%03dZ",
		    (int)((ms % 1000 + 1000) % 1000));
		clock_format(ms, got);
		wrong += strcmp(got, want) != 0;
	}
	is_int(wrong, 0, "the same as strftime over 800 years");
}

static void
test_backoff(void)
{
	unsigned i, outside = 0;

	for (i = 0; i < 100; i++) {
		int64_t most = i < 9 ? 200 << i : 60000;
		uint32_t random = i * 2654435761u;
		int64_t v = clock_backoff_ms(200, 60000, i, random);

		outside += v < 100 || v > most;
	}
	is_int(outside, 0, "backoff stays inside its range");
	is_int(clock_backoff_ms(200, 60000, 3, 0), 100, "its least");
	is_int(clock_backoff_ms(200, 60000, 3, 1500), 1600, "its most");
	is_int(clock_backoff_ms(200, 60000, 4000000000u, 59900), 60000,
	    "the cap, however many attempts");
	is_int(clock_backoff_ms(500, 100, 0, 99), 100, "a cap below base/2");
	is_int(clock_backoff_ms(1, 1, 0, 7), 1 - (7 + 1) % 2, "1 ms");
}

static void
test_parse(void)
{
	static const struct {
		const char *s;
		int64_t ms;
	} good[] = {{"1970-01-01", 0}, {"1970-01-01T00:00:00.001Z", 1},
	    {"1970-01-02T01:02", 90120000}, {"1970-01-01 00:00:01", 1000},
	    {"2024-02-29T23:59:59.9Z", INT64_C(1709251199900)}};
	static const char *const bad[] = {"", "1970", "1970-1-1", "2023-02-29",
	    "1970-13-01", "1970-01-01T", "1970-01-01T24:00",
	    "1970-01-01T00:00:60", "1970-01-01T00:00:00.", "1970-01-01Z1",
	    "1970-01-01T00:00+01:00", "1970-01-01T00:00:00.0001Z", "today"};
	int64_t ms;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (ok(clock_parse(good[i].s, &ms), "%s", good[i].s))
			is_int(ms, good[i].ms, "is that time");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!clock_parse(bad[i], &ms), "no time: \"%s\"", bad[i]);
}

int
main(void)
{
	int64_t mono = clock_mono_ms();

	is_time(0, "1970-01-01T00:00:00.000Z");
	is_time(-1, "1969-12-31T23:59:59.999Z");
	is_time(1795306800000, "2026-11-22T00:20:00.000Z");
	is_time(951782400000, "2000-02-29T00:00:00.000Z");
	is_time(-2203891200000, "1900-03-01T00:00:00.000Z");
	is_time(253402300799999, "9999-12-31T23:59:59.999Z");
	is_time(INT64_MAX, "9999-12-31T23:59:59.999Z");
	is_time(INT64_MIN, "0000-01-01T00:00:00.000Z");
	test_days();
	test_backoff();
	test_parse();
	ok(clock_now_ms() / 1000 - (int64_t)time(NULL) <= 1, "now");
	ok(clock_mono_ms() >= mono, "the monotonic clock does not go back");
	return done_testing();
}
