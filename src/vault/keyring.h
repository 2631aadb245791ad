/*
 * The keys of the server and of one account.
 *
 * Key directory (mode 0700, outside the database):
 *   master.key           the master key: 64 hex digits; while it is being
 *   master-*.key         replaced there may be several
 *   salt/CODE            32 random bytes of account CODE
 *   jwt.secret           the HS256 secret, unless configured elsewhere
 *   audit.key            the key of the audit log's chains
 *
 * A wrapping key is HKDF(master key, salt of the account, "coffer wrap v1").
 * Wrapped under it, with "CODE/kind/version" as associated data (kind and
 * version in decimal), an account has: data key versions (given out on
 * request), one index key and one secret at rest (never given out). Destroying
 * the salt makes every wrapped key, in every backup, unreadable (S25).
 *
 * The vault knows no database: rows are handed in and out as bytes.
 */
#ifndef COFFER_VAULT_KEYRING_H
#define COFFER_VAULT_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "vault/aead.h"
#include "vault/mac.h"

#define MASTER_ID 8 /* a public name of a master key: its digest's head */
#define MASTERS_MAX 8
#define WRAPPED_LEN (AEAD_KEY + AEAD_OVERHEAD)

enum key_kind { KEY_DATA = 1, KEY_INDEX = 2, KEY_REST = 3 };

struct master_keys; /* all master keys of the key directory */

/* Reads master.key and master-*.key. Missing, empty, short, not hex, or
 * readable by others (mode & 077): ERR_BAD_REQUEST with a text that says what
 * to do (S2). The caller owns *out. */
MUST_CHECK enum err_code master_load(
    const char *dir, struct master_keys **out, struct err *e);
void master_free(struct master_keys **m);

/* Makes the directory and a fresh master.key, jwt.secret and audit.key (0600),
 * never overwriting one. *made says whether a master key was made. */
MUST_CHECK enum err_code master_init(
    const char *dir, bool *made, struct err *e);

/* The id of the key that wraps from now on (that of master.key). */
void master_current(const struct master_keys *m, uint8_t id[MASTER_ID]);

/* A key of the server's own, for one purpose: HKDF(current master key, no
 * salt, label). It changes when the master key is replaced. */
void master_derive(
    const struct master_keys *m, const char *label, uint8_t out[MAC_KEY]);

/* The canary: proof in the database that a master key is the right one.
 * Makes one under a loaded master key; opens one (ERR_CRYPTO if no loaded key
 * with that id opens it). */
#define CANARY_LEN (16 + AEAD_OVERHEAD)
void master_canary_make(const struct master_keys *m,
    const uint8_t id[MASTER_ID], uint8_t out[CANARY_LEN]);
MUST_CHECK enum err_code master_canary_check(const struct master_keys *m,
    const uint8_t id[MASTER_ID], const uint8_t canary[CANARY_LEN],
    struct err *e);

/* Makes the salt file of a new account; ERR_CONFLICT if there is one. */
MUST_CHECK enum err_code salt_create(
    const char *dir, const char *account_code, struct err *e);

/* Destroys the salt file; *was_out: whether there was one. */
MUST_CHECK enum err_code salt_destroy(
    const char *dir, const char *account_code, bool *was_out, struct err *e);
bool salt_there(const char *dir, const char *account_code);

struct keyring; /* the opened keys of one account, with cipher handles */

/* Starts a keyring for an account: reads its salt. ERR_CRYPTO if the salt is
 * gone (the account was erased). The caller owns *out. `epoch` is what the
 * account's row said when its keys were read. */
MUST_CHECK enum err_code keyring_new(const struct master_keys *m,
    const char *dir, const char *account_code, uint32_t epoch,
    struct keyring **out, struct err *e);

/* Makes a fresh key of a kind and version, wrapped by the current master key,
 * for the caller to store, and adds it to the ring. */
MUST_CHECK enum err_code keyring_make(struct keyring *k, enum key_kind kind,
    uint32_t version, uint8_t wrapped[WRAPPED_LEN], struct err *e);

/* Adds a stored key. The newest KEY_DATA version added is the current one. */
MUST_CHECK enum err_code keyring_add(struct keyring *k, enum key_kind kind,
    uint32_t version, const uint8_t master[MASTER_ID], const uint8_t *wrapped,
    size_t n, struct err *e);

/* Wraps a stored key anew, under the current master key. The ring need hold
 * no keys. */
MUST_CHECK enum err_code keyring_rewrap(struct keyring *k, enum key_kind kind,
    uint32_t version, const uint8_t master[MASTER_ID], const uint8_t *wrapped,
    size_t n, uint8_t out[WRAPPED_LEN], struct err *e);

void keyring_free(struct keyring **k); /* wipes */

/* True if there is a data key, the index key and the secret at rest: without
 * them keyring_rest, blind_index and value_seal must not be called. */
bool keyring_complete(const struct keyring *k);

uint32_t keyring_epoch(const struct keyring *k);
/* The version that new values are sealed under; 0 if there is none. */
uint32_t keyring_version(const struct keyring *k);
/* The data key of a version; NULL if unknown. Owned by the ring. */
struct aead *keyring_data(struct keyring *k, uint32_t version);
/* The bytes of a data key, for cofferctl account data-key alone. */
MUST_CHECK enum err_code keyring_reveal(const struct keyring *k,
    uint32_t version, uint8_t out[AEAD_KEY], struct err *e);

/* What is at rest under the account's secret, each for one purpose with a key
 * of its own, derived by HKDF with the purpose as info. Owned by the ring. */
enum rest_use {
	REST_QUEUE,
	REST_ERRORS,
	REST_IDEMPOTENCY,
	REST_SEARCH,
	REST_CURSOR
};
struct aead *keyring_rest(struct keyring *k, enum rest_use use);
struct mac *keyring_rest_mac(struct keyring *k, enum rest_use use);

/* Records sealed at rest that have not been counted yet (S20), over all uses;
 * and that n of them now are. The version is that of the secret at rest. */
uint64_t keyring_rest_sealed(struct keyring *k, uint32_t *version_out);
void keyring_rest_counted(struct keyring *k, uint64_t n);

/* Blind index: the first 16 bytes of HMAC-SHA256 under the account's index
 * key over workspace, field and folded value, each a part (S23). */
#define INDEX_LEN 16
/* While the index key is being rotated two versions are in force: digests are
 * stored under both, and looked up under the older, for it has them all. */
#define INDEX_VERSIONS_MAX 2
/* Fills out with the versions in force, the one for lookups first; how many. */
unsigned keyring_index_versions(
    const struct keyring *k, uint32_t out[INDEX_VERSIONS_MAX]);
/* The digest under a version in force. */
void blind_index_at(struct keyring *k, uint32_t version,
    const struct uuid *workspace, uint32_t field_id, const char *folded,
    size_t n, uint8_t out[INDEX_LEN]);
/* The digest for lookups. */
void blind_index(struct keyring *k, const struct uuid *workspace,
    uint32_t field_id, const char *folded, size_t n, uint8_t out[INDEX_LEN]);

/* One PII value of a customer, contract section 4:
 *   base64( IV || ciphertext || tag ), associated data
 *   workspace_id "/" customer_id "/" field_name (UUIDs as 36 characters).
 * Seals n bytes of JSON under the current version and appends the base64
 * (without quotes) to out. */
struct buf;
void value_seal(struct keyring *k, const char *workspace, const char *customer,
    const char *field, const char *json, size_t n, struct buf *out);

/* Opens n characters of base64 and appends the JSON to out; ERR_CRYPTO if
 * it is not that field's value or the version is not held. */
MUST_CHECK enum err_code value_open(struct keyring *k, uint32_t version,
    const char *workspace, const char *customer, const char *field,
    const char *b64, size_t n, struct buf *out, struct err *e);

#endif
