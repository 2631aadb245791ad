/*
 * Random bytes come from the kernel's generator, by way of libgcrypt's: its own
 * costs a hundred times as much a byte, and 25 ms of jitter before the first
 * key. In batches: a call for each value would be a system call.
 */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gcrypt.h>

#include "vault/rand.h"

#define GCRYPT_LEAST "1.10.1" /* the first Debian release with Argon2id */
#define BATCH 4096

static struct {
	uint8_t bytes[BATCH];
	size_t left; /* unread bytes, at the end of the array */
} batch;

/* In a child process: what was drawn before the fork is the parent's. */
static void
batch_forget(void)
{
	wipe(batch.bytes, sizeof(batch.bytes));
	batch.left = 0;
}

static void
batch_fill(void)
{
	gcry_randomize(batch.bytes, BATCH, GCRY_STRONG_RANDOM);
	batch.left = BATCH;
}

void
vault_setup(void)
{
	gcry_control(GCRYCTL_SET_PREFERRED_RNG_TYPE, GCRY_RNG_TYPE_SYSTEM);
	if (!gcry_check_version(GCRYPT_LEAST)) {
		fprintf(stderr, "libgcrypt %s or later is needed, found %s\n",
		    GCRYPT_LEAST, gcry_check_version(NULL));
		abort();
	}
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	if (pthread_atfork(NULL, NULL, batch_forget)) {
		fprintf(stderr, "pthread_atfork: out of memory\n");
		abort();
	}
}

enum err_code
vault_self_test(struct err *e)
{
	if (!gcry_control(GCRYCTL_SELFTEST, 0))
		return ERR_OK;
	return err_fault(e, ERR_INTERNAL, "libgcrypt fails its self-test");
}

void
rand_bytes(void *out, size_t n)
{
	uint8_t *p = out, *from;
	size_t take;

	while (n > 0) {
		if (batch.left == 0)
			batch_fill();
		take = n < batch.left ? n : batch.left;
		from = batch.bytes + BATCH - batch.left;
		memcpy(p, from, take);
		wipe(from, take);
		batch.left -= take;
		p += take;
		n -= take;
	}
}

void
rand_key(void *out, size_t n)
{
	gcry_randomize(out, n, GCRY_STRONG_RANDOM);
}

void
rand_uuid(struct uuid *out)
{
	rand_bytes(out->b, UUID_LEN);
	uuid_stamp_v4(out);
}
