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

#define MASTER_HEX (2 * MASTER_KEY)

/* The key of an id; NULL if it is not held. */
const struct master_key *master_find(
    const struct master_keys *m, const uint8_t id[MASTER_ID]);

/* Reads the master key in a file; errors as master_load. The caller wipes
 * *out. */
MUST_CHECK enum err_code master_read(
    const char *path, struct master_key *out, struct err *e);

/* A key as a file holds it: hex digits and a newline. The caller wipes it. */
void master_text(const uint8_t key[MASTER_KEY], char out[MASTER_HEX + 2]);

/* Reads the salt of an account. ERR_CRYPTO if it is gone. */
MUST_CHECK enum err_code salt_read(const char *dir, const char *account_code,
    uint8_t out[SALT_LEN], struct err *e);

#endif
