/* Time: milliseconds since 1970-01-01T00:00:00Z, and sleeping. */
#ifndef COFFER_BASE_CLOCK_H
#define COFFER_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_TEXT 25 /* "2026-11-22T00:20:00.000Z" and a NUL */

int64_t clock_now_ms(void);

/* Milliseconds of a clock that never goes back, for measuring; microseconds
 * of it. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

/* ISO 8601 UTC with milliseconds, RFC 3339 profile; times outside the years
 * 0000 to 9999 give the nearest that is inside. */
void clock_format(int64_t ms, char out[CLOCK_TEXT]);

/* Reads a time of UTC in ISO 8601: 2026-11-22, 2026-11-22T00:20, with seconds,
 * with a fraction of 1 to 3 digits; a Z may end it. False if it is anything
 * else. */
bool clock_parse(const char *s, int64_t *ms_out);

/* Exponential backoff with full jitter: a random time in
 * [base/2, min(cap, base * 2^attempt)] ms; attempt counts from 0. `random` is
 * a random number, so that the caller chooses the source. */
int64_t clock_backoff_ms(
    int64_t base, int64_t cap, unsigned attempt, uint32_t random);

#endif
