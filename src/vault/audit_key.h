/* The key of the audit log: audit.key of the key directory. */
#ifndef COFFER_VAULT_AUDIT_KEY_H
#define COFFER_VAULT_AUDIT_KEY_H

#include "base/err.h"
#include "vault/mac.h"

/* Reads it. Missing, short, or readable by others: ERR_BAD_REQUEST with a text
 * that says what to do. The caller owns *out (mac_free). */
MUST_CHECK enum err_code audit_key_load(
    const char *dir, struct mac **out, struct err *e);

#endif
