/*
 * How much each key of an account has sealed (S20). GCM with random IVs bears
 * 2^32 records under a key (NIST SP 800-38D, section 8.3): from [keys]
 * rotate_at on a key asks for rotation, and a data key that nears the end is
 * refused.
 */
#ifndef COFFER_MODEL_KEY_USE_H
#define COFFER_MODEL_KEY_USE_H

#include "base/buf.h"
#include "model/site.h"

/* What a data key never passes: 2^32, less what transactions that were undone
 * may have sealed. */
#define KEY_USE_MAX ((UINT64_C(1) << 32) - (UINT64_C(1) << 24))

/* Counts n records sealed under a key, in the caller's transaction if there
 * is one. Warns in the log when the key passes rotate_at. ERR_CRYPTO if a data
 * key has passed KEY_USE_MAX: the transaction must not COMMIT. */
MUST_CHECK enum err_code key_use_add(struct site *s,
    const struct db_context *ctx, enum key_kind kind, uint32_t version,
    uint64_t n, struct err *e);

/* The same for the current data key by those who seal a few records in a
 * transaction: they are gathered in the process, for each account, and counted
 * once there are KEY_USE_GATHERED, so that a process that is killed takes the
 * count of fewer with it. Past the end of a data key, every call is refused. */
#define KEY_USE_GATHERED 256
MUST_CHECK enum err_code key_use_gather(struct site *s,
    const struct db_context *ctx, uint32_t version, uint64_t n, struct err *e);

/* A key of an account. */
struct key_use {
	enum key_kind kind;
	uint32_t version;
	uint64_t sealed;
	uint8_t master[MASTER_ID];
	int64_t created_at;
	bool current;   /* the newest of its kind: it seals */
	bool exhausted; /* it asks for rotation */
};

const char *key_kind_name(enum key_kind kind);

/* Appends the account's keys, as struct key_use. */
MUST_CHECK enum err_code key_use_list(struct site *s,
    const struct db_context *ctx, struct buf *out, struct err *e);

#endif
