/*
 * Passwords: Argon2id (RFC 9106) with 19 MiB, t = 2, p = 1 (OWASP), as PHC
 * strings: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
 */
#ifndef COFFER_VAULT_PASSWORD_H
#define COFFER_VAULT_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define PASSWORD_PHC 128

/* A PHC string, NUL-terminated, from a password of n bytes and a fresh
 * 16-byte salt. */
MUST_CHECK enum err_code password_hash(
    const char *pw, size_t n, char out[PASSWORD_PHC], struct err *e);

/* True if the password makes this PHC string; constant-time compare. phc
 * NULL costs the same time and is false: an unknown user is not told from a
 * wrong password. */
bool password_verify(const char *pw, size_t n, const char *phc);

#endif
