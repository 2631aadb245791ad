/*
 * Site: what a process of Coffer holds as long as it lives: configuration, one
 * database connection, the master keys, the keyrings of the accounts that it
 * lately worked for, its part of the audit log.
 */
#ifndef COFFER_MODEL_SITE_H
#define COFFER_MODEL_SITE_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/slots.h"
#include "db/db.h"
#include "vault/keyring.h"

#define SITE_KEYRINGS 16 /* kept open at a time, least lately used goes */

struct site {
	const struct conf *conf;
	struct slots *hashers; /* who works on a password, over the pool */
	struct db *db;
	struct master_keys *masters;
	struct site_keyring {
		uint32_t account_id;
		uint64_t used;
		struct keyring *ring;
	} rings[SITE_KEYRINGS];
	struct schema_cache *schemas;
	/* Of the pool, which owns it: model/seq_cache.h. NULL elsewhere. */
	struct seq_cache *seqs;
	struct api_key_cache *api_keys; /* NULL: none yet */
	struct buf gathered;            /* by key_use_gather */
	uint64_t clock;                 /* counts uses */
	struct audit *audit;            /* model/audit.h */
	/* Entries that it could not take; the program's loop counts them in
	 * and sets it to 0. */
	uint64_t audit_failures;
};

/* The site whose connection this is. */
struct site *site_of(const struct db *db);

/* Opens what the configuration names; nothing is asked of the database yet.
 * conf stays the caller's and must outlive the site. Errors: see
 * master_load, audit_key_load. */
MUST_CHECK enum err_code site_open(
    const struct conf *conf, struct site *out, struct err *e);
void site_close(struct site *s);

/* Checks that the database is there, its schema current and the master key the
 * one that its canary was made with (S22), after a look at the key directory if
 * it is not. ERR_UNAVAILABLE or ERR_CRYPTO. */
MUST_CHECK enum err_code site_ready(struct site *s, struct err *e);

/* Reads the master keys anew; *changed_out: whether they are others than
 * before. Keyrings stay as they are. Errors: see master_load. */
MUST_CHECK enum err_code site_masters_read(
    struct site *s, bool *changed_out, struct err *e);

/* For those who make keys, first thing in their transaction: holds the current
 * master key, so that it is not retired before COMMIT. ERR_RETRY if it had been
 * and the directory has another; keyrings made before wrap by the old one.
 * ERR_CRYPTO if master.key is not that of the database. */
MUST_CHECK enum err_code site_master_hold(struct site *s, struct err *e);

/* Makes the canary of the current master key where the database has none at
 * all, or else checks what is there, as site_ready does. For cofferctl. */
MUST_CHECK enum err_code site_canary_make(
    struct db *db, const struct master_keys *m, bool *made, struct err *e);

/* Checks the canaries: each must open under a loaded key, and one must be of
 * the current key. ERR_CRYPTO; ERR_UNAVAILABLE if there is none. */
MUST_CHECK enum err_code site_canary_check(
    struct db *db, const struct master_keys *m, struct err *e);

/* The keyring of the context's account, opened at need and read again when the
 * account's key epoch has moved. Owned by the site, good until the next call.
 * Writers call it inside their transaction: the epoch is read there with a
 * shared lock, so that no cached keyring seals under a retired version. */
MUST_CHECK enum err_code site_keyring(struct site *s,
    const struct db_context *ctx, struct keyring **out, struct err *e);

/* The same for readers, outside of transactions, who have just read the
 * account's key epoch with something else (struct api_key). */
MUST_CHECK enum err_code site_keyring_at(struct site *s,
    const struct db_context *ctx, uint32_t epoch, struct keyring **out,
    struct err *e);

/* For writers of customers, in their transaction: site_keyring and schema_hold
 * by one statement. Errors: theirs. */
struct schema;
MUST_CHECK enum err_code site_hold(struct site *s, const struct db_context *ctx,
    const struct schema *schema, struct keyring **out, struct err *e);

/* The same without a wait, for db_transaction_deferred: the keyring at hand is
 * taken for current, and required to be (db_require), as the fields are; by
 * the workspace's generation where `proof` is of the key with which both came,
 * else (NULL) by themselves. ERR_SUPERSEDED, perhaps only at the end: one of
 * them has changed, or the account or the workspace is gone. site_hold tells
 * which. */
struct key_proof;
MUST_CHECK enum err_code site_require(struct site *s,
    const struct db_context *ctx, const struct schema *schema,
    const struct key_proof *proof, struct keyring **out, struct err *e);

/* The fields of the context's workspace as they were at `state`
 * (schema_state, or what api_key_find read) or since, for readers: kept from
 * one call to the next, so that they cost nothing. Owned by the site, good
 * until the next call. Writers load their own within their transaction, or
 * come by site_hold. */
MUST_CHECK enum err_code site_schema(struct site *s,
    const struct db_context *ctx, const struct schema *state,
    const struct schema **out, struct err *e);

/* For the loops of the programs, between requests or chunks: counts what has
 * been sealed at rest (S20), once it is worth a statement. What fails is
 * logged, and tried again the next time. */
void site_settle(struct site *s);

#endif
