/* Inside src/vault: the one user of OpenSSL, which libjwt brings along. */
#ifndef COFFER_VAULT_PEM_H
#define COFFER_VAULT_PEM_H

#include <stddef.h>

/* NULL if n bytes of PEM hold a public key (and no private one) that fits
 * alg: RS256, RSA of 2048 bits or more; ES256, EC on P-256. Otherwise what
 * is wanted instead, in words. */
const char *pem_complaint(const char *pem, size_t n, const char *alg);

#endif
