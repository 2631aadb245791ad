/*
 * Idempotency-Key: the first 2xx answer of a key, per user and route, kept
 * sealed (REST_IDEMPOTENCY) for 24 hours.
 */
#ifndef COFFER_MODEL_IDEMPOTENCY_H
#define COFFER_MODEL_IDEMPOTENCY_H

#include "base/buf.h"
#include "base/err.h"
#include "model/site.h"
#include "vault/mac.h"

#define IDEMPOTENCY_KEY_MAX 255
#define IDEMPOTENCY_KEPT_MS (86400 * 1000LL)

struct idempotency {
	const char *route;
	const char *key;          /* NULL: the client sent none */
	uint8_t content[MAC_LEN]; /* digest of the parsed content */
	/* The account's, where the caller's transaction holds or requires them;
	 * NULL: site_keyring. */
	struct keyring *ring;
};

/* A key is 1 to 255 printable ASCII characters but spaces; else
 * ERR_BAD_REQUEST. */
MUST_CHECK enum err_code idempotency_key_check(const char *key, struct err *e);

/* ERR_OK: an answer of this key and content is there: *status_out and its body
 * in out. ERR_NOT_FOUND: none. ERR_CONFLICT: the key was used with other
 * content. */
MUST_CHECK enum err_code idempotency_find(struct site *s,
    const struct db_context *ctx, const struct idempotency *i, int *status_out,
    struct buf *out, struct err *e);

/* Keeps an answer, or replaces it with a better one of the same key (the inline
 * completion). `first` inserts: ERR_DUPLICATE if another request was faster. */
MUST_CHECK enum err_code idempotency_keep(struct site *s,
    const struct db_context *ctx, const struct idempotency *i, bool first,
    int status, const struct buf *answer, struct err *e);

/* The same for an answer that names n customers, in a transaction of its own
 * or in the one that is open: it goes when one of them is deleted. If one of
 * them is gone by now, what is kept stays as it was (within a transaction:
 * ERR_NOT_FOUND). */
MUST_CHECK enum err_code idempotency_complete(struct site *s,
    const struct db_context *ctx, const struct idempotency *i, bool first,
    int status, const struct buf *answer, const struct uuid *customers,
    unsigned n, struct err *e);

/* Deletes the account's answers that have outlived their time. */
MUST_CHECK enum err_code idempotency_sweep(
    struct site *s, const struct db_context *ctx, struct err *e);

#endif
