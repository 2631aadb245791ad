#define OPENSSL_NO_DEPRECATED
#include <limits.h>
#include <string.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "vault/pem.h"

#define RSA_BITS_LEAST 2048

static EVP_PKEY *
pem_read(const char *pem, size_t n)
{
	EVP_PKEY *key = NULL;
	BIO *bio;

	bio = n <= INT_MAX ? BIO_new_mem_buf(pem, (int)n) : NULL;
	if (bio)
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return key;
}

static const char *
rsa_complaint(const EVP_PKEY *key)
{
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return "RS256 wants an RSA public key";
	if (EVP_PKEY_get_bits(key) < RSA_BITS_LEAST)
		return "RS256 wants an RSA key of 2048 bits or more";
	return NULL;
}

static const char *
ec_complaint(const EVP_PKEY *key)
{
	char group[32];
	size_t n;

	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), &n) != 1 ||
	    strcmp(group, "prime256v1") != 0)
		return "ES256 wants an EC public key on the curve P-256";
	return NULL;
}

const char *
pem_complaint(const char *pem, size_t n, const char *alg)
{
	const char *complaint;
	EVP_PKEY *key;

	if (memmem(pem, n, "PRIVATE KEY", strlen("PRIVATE KEY")))
		return "holds a private key: only the public one belongs here";
	key = pem_read(pem, n);
	if (!key)
		return "holds no public key in PEM (-----BEGIN PUBLIC "
		       "KEY-----)";
	if (strcmp(alg, "RS256") == 0)
		complaint = rsa_complaint(key);
	else
		complaint = ec_complaint(key);
	EVP_PKEY_free(key);
	return complaint;
}
