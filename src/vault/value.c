/* What is done with the keys of an account: values, digests, and the
 * ciphers of what is at rest. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vault/ring.h"

static const struct {
	const char *cipher, *mac;
} rest_labels[REST_USES] = {
    [REST_QUEUE] = {"coffer queue v1", "coffer queue mac v1"},
    [REST_ERRORS] = {"coffer errors v1", "coffer errors mac v1"},
    [REST_IDEMPOTENCY] = {"coffer idempotency v1", "coffer idempotency mac v1"},
    [REST_SEARCH] = {"coffer search v1", "coffer search mac v1"},
    [REST_CURSOR] = {"coffer cursor v1", "coffer cursor mac v1"},
    [REST_TRACE] = {"coffer trace v1", "coffer trace mac v1"},
};

static void
rest_derive(const struct keyring *k, const char *label, uint8_t out[AEAD_KEY])
{
	assert(k->rest_version > 0);
	hkdf(k->rest, sizeof(k->rest), NULL, 0, label, out);
}

struct aead *
keyring_rest(struct keyring *k, enum rest_use use)
{
	uint8_t key[AEAD_KEY];

	if (!k->rest_ciphers[use]) {
		rest_derive(k, rest_labels[use].cipher, key);
		k->rest_ciphers[use] = aead_new(key);
		wipe(key, sizeof(key));
	}
	return k->rest_ciphers[use];
}

uint64_t
keyring_rest_sealed(struct keyring *k, uint32_t *version_out)
{
	for (int i = 0; i < REST_USES; i++)
		if (k->rest_ciphers[i])
			k->rest_sealed += aead_take_count(k->rest_ciphers[i]);
	*version_out = k->rest_version;
	return k->rest_sealed;
}

void
keyring_rest_counted(struct keyring *k, uint64_t n)
{
	assert(n <= k->rest_sealed);
	k->rest_sealed -= n;
}

struct mac *
keyring_rest_mac(struct keyring *k, enum rest_use use)
{
	uint8_t key[MAC_KEY];

	if (!k->rest_macs[use]) {
		rest_derive(k, rest_labels[use].mac, key);
		k->rest_macs[use] = mac_new(key, sizeof(key));
		wipe(key, sizeof(key));
	}
	return k->rest_macs[use];
}

/* workspace_id "/" customer_id "/" field_name, in k->ad. */
static void
value_ad(struct keyring *k, const char *workspace, const char *customer,
    const char *field)
{
	size_t n = strlen(field);
	char *p;

	assert(!workspace[UUID_TEXT - 1] && !customer[UUID_TEXT - 1]);
	k->ad.len = 0;
	p = buf_room(&k->ad, 2 * UUID_TEXT + n);
	memcpy(p, workspace, UUID_TEXT - 1);
	p[UUID_TEXT - 1] = '/';
	p += UUID_TEXT;
	memcpy(p, customer, UUID_TEXT - 1);
	p[UUID_TEXT - 1] = '/';
	memcpy(p + UUID_TEXT, field, n);
	k->ad.len = 2 * UUID_TEXT + n;
}

/* n bytes in k->scratch. */
static uint8_t *
value_scratch(struct keyring *k, size_t n)
{
	k->scratch.len = 0;
	return (uint8_t *)buf_room(&k->scratch, n);
}

void
value_seal(struct keyring *k, const char *workspace, const char *customer,
    const char *field, const char *json, size_t n, struct buf *out)
{
	uint8_t *sealed = value_scratch(k, n + AEAD_OVERHEAD);

	assert(k->current);
	value_ad(k, workspace, customer, field);
	aead_seal(k->current->cipher, k->ad.data, k->ad.len, json, n, sealed);
	buf_add_b64(out, sealed, n + AEAD_OVERHEAD);
}

enum err_code
value_open(struct keyring *k, uint32_t version, const char *workspace,
    const char *customer, const char *field, const char *b64, size_t n,
    struct buf *out, struct err *e)
{
	struct aead *cipher = keyring_data(k, version);
	uint8_t *sealed = value_scratch(k, n / 4 * 3 + 1);
	enum err_code rc;
	size_t len;
	char *room;

	if (!cipher)
		return err_fault(e, ERR_CRYPTO,
		    "account %s: no data key of version %u", k->code, version);
	if (!b64_decode(b64, n, sealed, &len) || len < AEAD_OVERHEAD)
		return err_fault(e, ERR_CRYPTO, "stored value is malformed");
	room = buf_room(out, len - AEAD_OVERHEAD);
	if (!room)
		return err_set(e, ERR_TOO_LARGE, NULL);
	value_ad(k, workspace, customer, field);
	rc = aead_open(
	    cipher, k->ad.data, k->ad.len, sealed, len, (uint8_t *)room, e);
	if (rc)
		return rc;
	out->len += len - AEAD_OVERHEAD;
	out->data[out->len] = '\0';
	return ERR_OK;
}
