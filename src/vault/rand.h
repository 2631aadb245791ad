/*
 * Random bytes, and bringing libgcrypt up. src/vault is the only user of
 * libgcrypt and libjwt.
 */
#ifndef COFFER_VAULT_RAND_H
#define COFFER_VAULT_RAND_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"

/* Brings libgcrypt up; aborts with a message if it is too old. Call once, first
 * thing in main. */
void vault_setup(void);

/* ERR_INTERNAL unless libgcrypt's algorithms give the known answers: takes 40
 * ms, as a service starts or reads its configuration, and as keys are made. */
MUST_CHECK enum err_code vault_self_test(struct err *e);

/* n unpredictable bytes, fast enough for an IV a value; safe after fork: two
 * processes never share a stream (S17). Not for threads: Coffer has none. */
void rand_bytes(void *out, size_t n);

/* n bytes for a key or a secret: the same, but never from what lies in memory.
 */
void rand_key(void *out, size_t n);

/* A fresh UUID version 4 (RFC 4122, section 4.4). */
void rand_uuid(struct uuid *out);

#endif
