#include "base/clock.h"

#include <assert.h>
#include <time.h>

#define DAY_MS 86400000
#define LEAST_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define MOST_MS INT64_C(253402300799999)  /* 9999-12-31T23:59:59.999Z */

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;
	int failed = clock_gettime(id, &ts);

	assert(!failed);
	(void)failed;
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_now_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

int64_t
clock_mono_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

static char *
put_digits(char *p, unsigned v, unsigned width, char end)
{
	unsigned i;

	for (i = width; i-- > 0; v /= 10)
		p[i] = (char)('0' + v % 10);
	p[width] = end;
	return p + width + 1;
}

/* Days since 1970-01-01 to a date of the proleptic Gregorian calendar. Years
 * begin in March here, in eras of 400 years of 146097 days. */
static void
civil_from_days(int64_t days, unsigned *y, unsigned *m, unsigned *d)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;

	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = (unsigned)(yoe + era * 400 + (*m <= 2));
}

void
clock_format(int64_t ms, char out[CLOCK_TEXT])
{
	unsigned y, m, d, rest;
	int64_t days;

	ms = ms < LEAST_MS ? LEAST_MS : ms > MOST_MS ? MOST_MS : ms;
	days = (ms - LEAST_MS) / DAY_MS + LEAST_MS / DAY_MS;
	rest = (unsigned)(ms - days * DAY_MS);
	civil_from_days(days, &y, &m, &d);
	out = put_digits(out, y, 4, '-');
	out = put_digits(out, m, 2, '-');
	out = put_digits(out, d, 2, 'T');
	out = put_digits(out, rest / 3600000, 2, ':');
	out = put_digits(out, rest / 60000 % 60, 2, ':');
	out = put_digits(out, rest / 1000 % 60, 2, '.');
	out = put_digits(out, rest % 1000, 3, 'Z');
	*out = '\0';
}

int64_t
clock_backoff_ms(int64_t base, int64_t cap, unsigned attempt, uint32_t random)
{
	int64_t most, least = base / 2;

	assert(base > 0 && cap > 0);
	most = attempt >= 62 || base > cap >> attempt ? cap : base << attempt;
	if (least >= most)
		return most;
	return least + (int64_t)(random % (uint64_t)(most - least + 1));
}

/* Reads `width` digits at *s, after `before` if that is not NUL. */
static bool
take_number(const char **s, char before, unsigned width, int *out)
{
	const char *p = *s;
	unsigned i;

	if (before && *p++ != before)
		return false;
	for (i = 0, *out = 0; i < width; i++, p++) {
		if (*p < '0' || *p > '9')
			return false;
		*out = *out * 10 + (*p - '0');
	}
	*s = p;
	return true;
}

/* Reads what follows the seconds: a fraction of 1 to 3 digits. */
static bool
take_fraction(const char **s, int *ms)
{
	int digit, scale = 100;

	*ms = 0;
	if (**s != '.')
		return true;
	for (++*s; scale; scale /= 10) {
		if (!take_number(s, 0, 1, &digit))
			return scale < 100;
		*ms += digit * scale;
	}
	return true;
}

static bool
take_time(const char **s, struct tm *tm, int *ms)
{
	*ms = 0;
	if (**s != 'T' && **s != ' ')
		return true;
	++*s;
	if (!take_number(s, 0, 2, &tm->tm_hour) ||
	    !take_number(s, ':', 2, &tm->tm_min))
		return false;
	if (**s == ':' &&
	    (!take_number(s, ':', 2, &tm->tm_sec) || !take_fraction(s, ms)))
		return false;
	if (**s == 'Z')
		++*s;
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60;
}

bool
clock_parse(const char *s, int64_t *ms_out)
{
	struct tm tm = {.tm_mday = 0}, made;
	int ms, year, month;
	time_t t;

	if (!take_number(&s, 0, 4, &year) || !take_number(&s, '-', 2, &month) ||
	    !take_number(&s, '-', 2, &tm.tm_mday) || !take_time(&s, &tm, &ms) ||
	    *s)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	made = tm;
	t = timegm(&made);
	if (made.tm_mon != tm.tm_mon || made.tm_mday != tm.tm_mday)
		return false; /* a day that its month does not have */
	*ms_out = (int64_t)t * 1000 + ms;
	return true;
}
