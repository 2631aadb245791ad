/*
 * Replacing the master key, as far as the database goes (vault/master_file.h:
 * as far as files go). Each call may be made again, whatever was done before.
 */
#ifndef COFFER_MODEL_MASTER_H
#define COFFER_MODEL_MASTER_H

#include "model/site.h"

/* Checks that each canary opens under some master key of the site, current or
 * not. ERR_CRYPTO; ERR_UNAVAILABLE if there is none. */
MUST_CHECK enum err_code master_canaries_open(struct site *s, struct err *e);

/* Makes the canary of a master key that the site holds, unless there is one.
 * *made_out says which. */
MUST_CHECK enum err_code master_canary_add(
    struct site *s, const uint8_t id[MASTER_ID], bool *made_out, struct err *e);

/* What a pass over the accounts has done so far. */
struct rewrapped {
	unsigned accounts, keys; /* looked at; wrapped anew */
};

/* Wraps anew every key of every account that is not wrapped by the site's
 * current master key, in a transaction an account. `each` is called after an
 * account of which keys were. */
typedef void rewrap_each(void *arg, const struct rewrapped *so_far);
MUST_CHECK enum err_code master_rewrap(struct site *s, rewrap_each *each,
    void *arg, struct rewrapped *out, struct err *e);

/* Deletes the canary of an old master key, which makes it one that no key can
 * be wrapped by any more. ERR_CONFLICT if one still is: rewrap again. */
MUST_CHECK enum err_code master_canary_retire(
    struct site *s, const uint8_t id[MASTER_ID], struct err *e);

#endif
