/*
 * Inside src/model: what an account's row says of its keys. The rest of
 * account_keys.c is site_keyring and what goes with it (model/site.h).
 *
 * Which is which: vault/keyring.h are an account's keys, opened; key_use.h
 * counts what they have sealed; rotate.h replaces them. An API key
 * (model/api_key.h) seals nothing: it is what a program shows to be let in, and
 * api_key_cache.h has those that were lately found live.
 */
#ifndef COFFER_MODEL_KEYS_H
#define COFFER_MODEL_KEYS_H

#include "model/account.h"

struct account_head {
	uint32_t epoch; /* counts changes of the account's keys */
	char code[ACCOUNT_CODE_MAX + 8];
};

/* Reads an account's row; within a transaction under a shared lock, so that
 * the epoch stands until COMMIT. ERR_NOT_FOUND. */
MUST_CHECK enum err_code account_head_read(
    struct db *db, uint32_t id, struct account_head *out, struct err *e);

#endif
