/* The opened keys of one account. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vault/master.h"
#include "vault/rand.h"
#include "vault/ring.h"

#define WRAP_LABEL "coffer wrap v1"
#define WRAP_AD 80

/* A wrapping cipher for each master key that is held: those of older ones
 * are for reading alone. */
static void
wraps_derive(
    struct keyring *k, const struct master_keys *m, const uint8_t *salt)
{
	uint8_t key[AEAD_KEY];

	for (unsigned i = 0; i < m->n; i++) {
		hkdf(m->keys[i].key, MASTER_KEY, salt, SALT_LEN, WRAP_LABEL,
		    key);
		memcpy(k->wraps[i].id, m->keys[i].id, MASTER_ID);
		k->wraps[i].cipher = aead_new(key);
	}
	k->nwraps = m->n;
	wipe(key, sizeof(key));
}

enum err_code
keyring_new(const struct master_keys *m, const char *dir,
    const char *account_code, uint32_t epoch, struct keyring **out,
    struct err *e)
{
	uint8_t salt[SALT_LEN];
	struct keyring *k;
	enum err_code rc;

	*out = NULL;
	rc = salt_read(dir, account_code, salt, e);
	if (rc)
		return rc;
	k = calloc(1, sizeof(*k));
	if (!k)
		abort();
	k->epoch = epoch;
	snprintf(k->code, sizeof(k->code), "%s", account_code);
	wraps_derive(k, m, salt);
	wipe(salt, sizeof(salt));
	*out = k;
	return ERR_OK;
}

static struct data_key *
data_find(const struct keyring *k, uint32_t version)
{
	struct data_key *d = k->data;

	while (d && d->version != version)
		d = d->next;
	return d;
}

static void
data_add(struct keyring *k, uint32_t version, const uint8_t key[AEAD_KEY])
{
	struct data_key *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->version = version;
	memcpy(d->key, key, AEAD_KEY);
	d->cipher = aead_new(key);
	d->next = k->data;
	k->data = d;
	if (!k->current || version > k->current->version)
		k->current = d;
}

static struct index_key *
index_find(struct keyring *k, uint32_t version)
{
	for (unsigned i = 0; i < k->nindex; i++)
		if (k->index[i].version == version)
			return &k->index[i];
	return NULL;
}

static void
index_add(struct keyring *k, uint32_t version, const uint8_t key[AEAD_KEY])
{
	unsigned i = k->nindex++;

	for (; i > 0 && k->index[i - 1].version > version; i--)
		k->index[i] = k->index[i - 1];
	k->index[i] = (struct index_key){version, mac_new(key, AEAD_KEY)};
}

unsigned
keyring_index_versions(
    const struct keyring *k, uint32_t out[INDEX_VERSIONS_MAX])
{
	for (unsigned i = 0; i < k->nindex; i++)
		out[i] = k->index[i].version;
	return k->nindex;
}

void
blind_index_at(struct keyring *k, uint32_t version,
    const struct uuid *workspace, uint32_t field_id, const char *folded,
    size_t n, uint8_t out[INDEX_LEN])
{
	struct index_key *key = index_find(k, version);
	uint8_t digest[MAC_LEN], field[4];

	assert(key);
	put_u32(field, field_id);
	mac_reset(key->mac);
	mac_add_part(key->mac, workspace->b, UUID_LEN);
	mac_add_part(key->mac, field, sizeof(field));
	mac_add_part(key->mac, folded, n);
	mac_finish(key->mac, digest);
	memcpy(out, digest, INDEX_LEN);
}

void
blind_index(struct keyring *k, const struct uuid *workspace, uint32_t field_id,
    const char *folded, size_t n, uint8_t out[INDEX_LEN])
{
	assert(k->nindex);
	blind_index_at(
	    k, k->index[0].version, workspace, field_id, folded, n, out);
}

static bool
ring_holds(struct keyring *k, enum key_kind kind, uint32_t version)
{
	switch (kind) {
	case KEY_DATA:
		return data_find(k, version) != NULL;
	case KEY_INDEX:
		return index_find(k, version) ||
		       k->nindex == INDEX_VERSIONS_MAX;
	case KEY_REST:
		return k->rest_version != 0;
	}
	return false;
}

static void
ring_put(struct keyring *k, enum key_kind kind, uint32_t version,
    const uint8_t key[AEAD_KEY])
{
	switch (kind) {
	case KEY_DATA:
		data_add(k, version, key);
		break;
	case KEY_INDEX:
		index_add(k, version, key);
		break;
	case KEY_REST:
		memcpy(k->rest, key, AEAD_KEY);
		k->rest_version = version;
		break;
	}
}

static size_t
wrap_ad(const struct keyring *k, enum key_kind kind, uint32_t version,
    char out[WRAP_AD])
{
	int n = snprintf(out, WRAP_AD, "%s/%d/%u", k->code, (int)kind, version);

	assert(n > 0 && n < WRAP_AD);
	return (size_t)n;
}

enum err_code
keyring_make(struct keyring *k, enum key_kind kind, uint32_t version,
    uint8_t wrapped[WRAPPED_LEN], struct err *e)
{
	uint8_t key[AEAD_KEY];
	char ad[WRAP_AD];

	assert(version > 0);
	if (ring_holds(k, kind, version))
		return err_fault(e, ERR_CONFLICT,
		    "account %s has key %d version %u already", k->code,
		    (int)kind, version);
	rand_key(key, sizeof(key));
	aead_seal(k->wraps[0].cipher, ad, wrap_ad(k, kind, version, ad), key,
	    sizeof(key), wrapped);
	ring_put(k, kind, version, key);
	wipe(key, sizeof(key));
	return ERR_OK;
}

static struct aead *
wrap_find(const struct keyring *k, const uint8_t id[MASTER_ID])
{
	for (unsigned i = 0; i < k->nwraps; i++)
		if (!memcmp(k->wraps[i].id, id, MASTER_ID))
			return k->wraps[i].cipher;
	return NULL;
}

/* The key within a stored one. The caller wipes it. */
static enum err_code
unwrap(struct keyring *k, enum key_kind kind, uint32_t version,
    const uint8_t master[MASTER_ID], const uint8_t *wrapped, size_t n,
    uint8_t key[AEAD_KEY], struct err *e)
{
	struct aead *wrap = wrap_find(k, master);
	char ad[WRAP_AD];

	if (!wrap)
		return err_fault(e, ERR_CRYPTO,
		    "account %s: key %d version %u is wrapped by a master key "
		    "that is not in the key directory",
		    k->code, (int)kind, version);
	if (n != WRAPPED_LEN || version == 0 || kind < KEY_DATA ||
	    kind > KEY_REST)
		return err_fault(e, ERR_CRYPTO,
		    "account %s: key %d version %u: malformed", k->code,
		    (int)kind, version);
	if (aead_open(
	        wrap, ad, wrap_ad(k, kind, version, ad), wrapped, n, key, e))
		return err_fault(e, ERR_CRYPTO,
		    "account %s: key %d version %u cannot be unwrapped",
		    k->code, (int)kind, version);
	return ERR_OK;
}

enum err_code
keyring_add(struct keyring *k, enum key_kind kind, uint32_t version,
    const uint8_t master[MASTER_ID], const uint8_t *wrapped, size_t n,
    struct err *e)
{
	uint8_t key[AEAD_KEY];
	enum err_code rc;

	rc = unwrap(k, kind, version, master, wrapped, n, key, e);
	if (rc)
		return rc;
	if (ring_holds(k, kind, version))
		rc = err_fault(e, ERR_CRYPTO,
		    "account %s: key %d version %u: twice", k->code, (int)kind,
		    version);
	else
		ring_put(k, kind, version, key);
	wipe(key, sizeof(key));
	return rc;
}

enum err_code
keyring_rewrap(struct keyring *k, enum key_kind kind, uint32_t version,
    const uint8_t master[MASTER_ID], const uint8_t *wrapped, size_t n,
    uint8_t out[WRAPPED_LEN], struct err *e)
{
	uint8_t key[AEAD_KEY];
	char ad[WRAP_AD];
	enum err_code rc;

	rc = unwrap(k, kind, version, master, wrapped, n, key, e);
	if (rc)
		return rc;
	aead_seal(k->wraps[0].cipher, ad, wrap_ad(k, kind, version, ad), key,
	    sizeof(key), out);
	wipe(key, sizeof(key));
	return ERR_OK;
}

void
keyring_free(struct keyring **ring)
{
	struct keyring *k = *ring;
	struct data_key *d;

	if (!k)
		return;
	for (unsigned i = 0; i < k->nwraps; i++)
		aead_free(&k->wraps[i].cipher);
	while ((d = k->data)) {
		k->data = d->next;
		aead_free(&d->cipher);
		wipe(d, sizeof(*d));
		free(d);
	}
	while (k->nindex)
		mac_free(&k->index[--k->nindex].mac);
	for (int i = 0; i < REST_USES; i++) {
		aead_free(&k->rest_ciphers[i]);
		mac_free(&k->rest_macs[i]);
	}
	buf_free(&k->ad);
	buf_free(&k->scratch);
	wipe(k, sizeof(*k));
	free(k);
	*ring = NULL;
}

bool
keyring_complete(const struct keyring *k)
{
	return k->current && k->nindex && k->rest_version;
}

uint32_t
keyring_epoch(const struct keyring *k)
{
	return k->epoch;
}

uint32_t
keyring_version(const struct keyring *k)
{
	return k->current ? k->current->version : 0;
}

struct aead *
keyring_data(struct keyring *k, uint32_t version)
{
	struct data_key *d = data_find(k, version);

	return d ? d->cipher : NULL;
}

enum err_code
keyring_reveal(const struct keyring *k, uint32_t version, uint8_t out[AEAD_KEY],
    struct err *e)
{
	const struct data_key *d = data_find(k, version);

	if (!d)
		return err_set(
		    e, ERR_NOT_FOUND, "no data key of version %u", version);
	memcpy(out, d->key, AEAD_KEY);
	return ERR_OK;
}
