/*
 * Inside src/vault: a libgcrypt call that can only fail by a mistake of ours
 * or for want of memory ends the process, saying which.
 */
#ifndef COFFER_VAULT_GCRY_H
#define COFFER_VAULT_GCRY_H

#include <stdio.h>
#include <stdlib.h>
#include <gcrypt.h>

static inline void
gcry_must(gcry_error_t rc, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "libgcrypt: %s: %s\n", what, gcry_strerror(rc));
	abort();
}

#endif
