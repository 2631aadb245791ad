/*
 * Replacing the master key, as far as files go. A directory in which a
 * replacement was cut short at any point loads, and holds both keys:
 *
 *   master_stage    the new key as master-ID.key
 *   master_promote  the current one also as master-ID.key, then the new one as
 *                   master.key, by one rename
 *   master_retire   the old master-ID.key destroyed
 *
 * ID is that of vault/keyring.h in hex.
 */
#ifndef COFFER_VAULT_MASTER_FILE_H
#define COFFER_VAULT_MASTER_FILE_H

#include "vault/keyring.h"

#define MASTER_ID_TEXT (2 * MASTER_ID + 1)
void master_id_text(const uint8_t id[MASTER_ID], char out[MASTER_ID_TEXT]);

/* Makes a file of mode 0600 with a fresh master key. ERR_CONFLICT if the name
 * is taken: nothing is ever overwritten. */
MUST_CHECK enum err_code master_create(const char *path, struct err *e);

/* Takes the directory for one replacement at a time, until the program ends or
 * *fd_out is closed. ERR_CONFLICT if another has it. */
MUST_CHECK enum err_code master_lock(
    const char *dir, int *fd_out, struct err *e);

/* Puts the key in `file` into the directory, unless m, which is what the
 * directory holds, has it. Errors as master_load. */
MUST_CHECK enum err_code master_stage(const char *dir,
    const struct master_keys *m, const char *file, uint8_t id_out[MASTER_ID],
    struct err *e);

/* Makes a key that m holds the one of master.key. */
MUST_CHECK enum err_code master_promote(const char *dir,
    const struct master_keys *m, const uint8_t id[MASTER_ID], struct err *e);

/* Destroys master-ID.key. *was_out: whether there was one. */
MUST_CHECK enum err_code master_retire(
    const char *dir, const uint8_t id[MASTER_ID], bool *was_out, struct err *e);

/* The ids of the keys that are held; 0 is the current one's. */
unsigned master_count(const struct master_keys *m);
void master_id(const struct master_keys *m, unsigned i, uint8_t out[MASTER_ID]);
bool master_holds(const struct master_keys *m, const uint8_t id[MASTER_ID]);

/* True if both hold the same keys, the same one being current. */
bool master_same(const struct master_keys *a, const struct master_keys *b);

#endif
