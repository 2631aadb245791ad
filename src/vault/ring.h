/* Inside src/vault: what a keyring is made of. */
#ifndef COFFER_VAULT_RING_H
#define COFFER_VAULT_RING_H

#include "base/buf.h"
#include "vault/keyring.h"

#define REST_USES (REST_CURSOR + 1)

struct data_key {
	struct data_key *next;
	struct aead *cipher;
	uint32_t version;
	uint8_t key[AEAD_KEY];
};

struct keyring {
	char code[40]; /* of the account */
	uint32_t epoch;
	struct {
		uint8_t id[MASTER_ID];
		struct aead *cipher;
	} wraps[MASTERS_MAX]; /* [0]: under the current master key */
	unsigned nwraps;
	struct data_key *data, *current; /* current: the newest version */
	/* The index keys in force, oldest first. */
	struct index_key {
		uint32_t version;
		struct mac *mac;
	} index[INDEX_VERSIONS_MAX];
	unsigned nindex;
	uint8_t rest[AEAD_KEY];
	uint32_t rest_version;                /* 0: no secret at rest yet */
	struct aead *rest_ciphers[REST_USES]; /* made when first asked for */
	struct mac *rest_macs[REST_USES];
	uint64_t rest_sealed;   /* counted nowhere yet */
	struct buf ad, scratch; /* of the value in hand: no secrets in them */
};

#endif
