/*
 * Throttle: slows guessing down (S8). Failures are counted in buckets that
 * leak; past a number of them a bucket is blocked, for a time that doubles
 * with each further failure. What is counted is counted before the password
 * is looked at, so that guesses which run at once count as well, and a bucket
 * that is blocked refuses the right password too: it is no oracle.
 *
 * Buckets are of a client's address, so that nobody at one address locks
 * anybody out at another. IPv6 addresses count by their first 64 bits. The
 * database holds HMACs of them under a key derived from the master key.
 */
#ifndef COFFER_MODEL_THROTTLE_H
#define COFFER_MODEL_THROTTLE_H

#include <stdint.h>

#include "base/err.h"
#include "model/site.h"

enum throttle_kind {
	THROTTLE_LOGIN,   /* account, e-mail and address */
	THROTTLE_ADDRESS, /* account and address, over all e-mails */
	THROTTLE_KEY      /* wrong API keys of an address */
};

#define THROTTLE_DIGEST 16
struct throttle {
	enum throttle_kind kind;
	uint8_t digest[THROTTLE_DIGEST];
};

/* The bucket of a kind; account_id 0 and email NULL where it has none.
 * `address` is as REMOTE_ADDR has it; anything else is taken as it is. */
void throttle_bucket(const struct site *s, enum throttle_kind kind,
    uint32_t account_id, const char *email, const char *address,
    struct throttle *out);

/* Counts a failure in each of n buckets, in one transaction: all, or none
 * when one of them is blocked. That is ERR_TOO_MANY_REQUESTS, and *wait_out
 * the milliseconds left. */
MUST_CHECK enum err_code throttle_take(struct site *s, const struct throttle *t,
    unsigned n, int64_t *wait_out, struct err *e);

/* As throttle_take answers, but counts nothing. */
MUST_CHECK enum err_code throttle_look(
    struct site *s, const struct throttle *t, int64_t *wait_out, struct err *e);

/* After a success: one failure less; or none left. */
MUST_CHECK enum err_code throttle_give(
    struct site *s, const struct throttle *t, struct err *e);
MUST_CHECK enum err_code throttle_clear(
    struct site *s, const struct throttle *t, struct err *e);

/* Deletes buckets that have leaked empty, some thousands at most. */
MUST_CHECK enum err_code throttle_sweep(struct db *db, struct err *e);

#endif
