#include "model/job_seal.h"

#include <string.h>

#define AD_LEN (4 + UUID_LEN + 4)

static void
write_ad(uint8_t ad[AD_LEN], const struct db_context *ctx,
    const struct uuid *job, uint32_t number)
{
	put_u32(ad, ctx->account_id);
	memcpy(ad + 4, job->b, UUID_LEN);
	put_u32(ad + 4 + UUID_LEN, number);
}

enum err_code
job_seal(struct site *s, const struct db_context *ctx, enum rest_use use,
    const struct uuid *job, uint32_t number, const void *plain, size_t n,
    struct buf *out, struct err *e)
{
	uint8_t ad[AD_LEN];
	struct keyring *k;
	enum err_code err;
	char *room;

	err = site_keyring(s, ctx, &k, e);
	if (err)
		return err;
	room = buf_room(out, n + AEAD_OVERHEAD);
	if (!room)
		return err_set(e, ERR_TOO_LARGE, NULL);
	write_ad(ad, ctx, job, number);
	aead_seal(
	    keyring_rest(k, use), ad, sizeof(ad), plain, n, (uint8_t *)room);
	out->len += n + AEAD_OVERHEAD;
	return ERR_OK;
}

enum err_code
job_unseal(struct keyring *k, const struct db_context *ctx, enum rest_use use,
    const struct uuid *job, uint32_t number, const void *sealed, size_t n,
    struct buf *out, struct err *e)
{
	uint8_t ad[AD_LEN];
	enum err_code err;
	char *room;

	if (n < AEAD_OVERHEAD)
		return err_fault(e, ERR_CRYPTO, "a sealed piece is too short");
	room = buf_room(out, n - AEAD_OVERHEAD);
	if (!room)
		return err_set(e, ERR_TOO_LARGE, NULL);
	write_ad(ad, ctx, job, number);
	err = aead_open(keyring_rest(k, use), ad, sizeof(ad), sealed, n,
	    (uint8_t *)room, e);
	if (!err)
		out->len += n - AEAD_OVERHEAD;
	return err;
}
