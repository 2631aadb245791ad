/* Inside src/model: what an account's row says of its keys. */
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
