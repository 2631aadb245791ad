#include <assert.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "vault/aead.h"
#include "vault/gcry.h"
#include "vault/rand.h"

struct aead {
	gcry_cipher_hd_t cipher;
	uint64_t sealed; /* since the last aead_take_count */
};

struct aead *
aead_new(const uint8_t key[AEAD_KEY])
{
	struct aead *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	gcry_must(gcry_cipher_open(
	              &a->cipher, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM, 0),
	    "cipher open");
	gcry_must(gcry_cipher_setkey(a->cipher, key, AEAD_KEY), "cipher key");
	return a;
}

/* Makes the handle ready for one record: a new IV forgets whatever libgcrypt
 * would carry over from the last one. */
static void
aead_begin(
    struct aead *a, const uint8_t iv[AEAD_IV], const void *ad, size_t nad)
{
	gcry_must(gcry_cipher_setiv(a->cipher, iv, AEAD_IV), "cipher iv");
	if (nad > 0)
		gcry_must(gcry_cipher_authenticate(a->cipher, ad, nad),
		    "associated data");
}

void
aead_seal(struct aead *a, const void *ad, size_t nad, const void *plain,
    size_t n, uint8_t *out)
{
	uint8_t *text;

	assert(a && out && (plain || n == 0));
	text = out + AEAD_IV;
	rand_bytes(out, AEAD_IV);
	aead_begin(a, out, ad, nad);
	gcry_must(gcry_cipher_encrypt(a->cipher, text, n, plain, n), "encrypt");
	gcry_must(gcry_cipher_gettag(a->cipher, text + n, AEAD_TAG), "tag");
	a->sealed++;
}

enum err_code
aead_open(struct aead *a, const void *ad, size_t nad, const void *sealed,
    size_t n, uint8_t *out, struct err *e)
{
	const uint8_t *iv = sealed, *text;
	uint8_t tag[AEAD_TAG];
	size_t plain;

	assert(a && sealed && out);
	if (n < AEAD_OVERHEAD)
		return err_fault(e, ERR_CRYPTO, "sealed record too short");
	plain = n - AEAD_OVERHEAD;
	text = iv + AEAD_IV;
	aead_begin(a, iv, ad, nad);
	gcry_must(
	    gcry_cipher_decrypt(a->cipher, out, plain, text, plain), "decrypt");
	gcry_must(gcry_cipher_gettag(a->cipher, tag, AEAD_TAG), "tag");
	if (bytes_equal_ct(tag, text + plain, AEAD_TAG))
		return ERR_OK;
	wipe(tag, AEAD_TAG);
	wipe(out, plain);
	return err_fault(e, ERR_CRYPTO, "sealed record fails its tag");
}

uint64_t
aead_take_count(struct aead *a)
{
	uint64_t n = a->sealed;

	a->sealed = 0;
	return n;
}

void
aead_free(struct aead **a)
{
	if (!*a)
		return;
	gcry_cipher_close((*a)->cipher);
	wipe(*a, sizeof(**a));
	free(*a);
	*a = NULL;
}
