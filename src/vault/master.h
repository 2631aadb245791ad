/* Inside src/vault: what keyring.c sees of the master keys. */
#ifndef COFFER_VAULT_MASTER_H
#define COFFER_VAULT_MASTER_H

#include "vault/keyring.h"

#define MASTER_KEY 32
#define SALT_LEN 32

struct master_key {
	uint8_t id[MASTER_ID];
	uint8_t key[MASTER_KEY];
};

/* keys[0] is that of master.key, under which new keys are wrapped. */
struct master_keys {
	struct master_key keys[MASTERS_MAX];
	unsigned n;
};

/* Reads the salt of an account. ERR_CRYPTO if it is gone. */
MUST_CHECK enum err_code salt_read(const char *dir, const char *account_code,
    uint8_t out[SALT_LEN], struct err *e);

#endif
