/*
 * API keys: "cfk_" and 43 characters of base64url (256 random bits), shown
 * once; the database holds their SHA-256 (S5). A key belongs to one workspace
 * and has privileges there.
 */
#ifndef COFFER_MODEL_API_KEY_H
#define COFFER_MODEL_API_KEY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "model/field.h"
#include "model/site.h"

#define API_KEY_TEXT 48

/* Sets of privileges (tbl/privileges.h) are their bits. */
enum privilege_no {
#define X(name) PRIVILEGE_NO_##name,
#include "tbl/privileges.h"
#undef X
	PRIVILEGES
};

enum privilege {
#define X(name) PRIVILEGE_##name = 1 << PRIVILEGE_NO_##name,
#include "tbl/privileges.h"
#undef X
};

/* Makes a key of the context's workspace. `privileges` is "all" or names of
 * tbl/privileges.h with commas between. ERR_BAD_REQUEST. */
MUST_CHECK enum err_code api_key_create(struct site *s,
    const struct db_context *ctx, const char *name, const char *privileges,
    char key[API_KEY_TEXT], struct uuid *id_out, struct err *e);

/* Revokes a key by its id, at once and for good; ERR_NOT_FOUND. */
MUST_CHECK enum err_code api_key_revoke(
    struct site *s, const struct uuid *id, struct err *e);

/* Appends "id live|revoked PRIVILEGES NAME\n" for every key of the
 * workspace. */
MUST_CHECK enum err_code api_key_list(struct db *db,
    const struct db_context *ctx, struct buf *out, struct err *e);

/* What a live key opens, and what a request of its workspace asks for first,
 * from one read. */
struct api_key {
	struct uuid id;
	uint32_t account_id, workspace_id;
	char account_code[40];
	unsigned privileges; /* of enum privilege */
	uint32_t key_epoch;  /* of the account: site_keyring_at */
	struct schema state; /* of the workspace: schema_state */
	uint64_t generation; /* of the workspace, as of all this */
};

/* Unknown, revoked or malformed: ERR_AUTH. */
MUST_CHECK enum err_code api_key_find(
    struct db *db, const char *key, struct api_key *out, struct err *e);

/* The same for a key that comes with the code of its tenant: another's is
 * ERR_AUTH too, after the same look-up (S6). What was found is remembered
 * (model/api_key_cache.h); what is gone is forgotten. */
MUST_CHECK enum err_code api_key_open(struct site *s, const char *tenant,
    const char *key, struct api_key *out, struct err *e);

/* What api_key_open has found once: it may be over. Whoever goes by it owes a
 * proof before anything that it led to is told or done. */
bool api_key_recall(
    struct site *s, const char *tenant, const char *key, struct api_key *out);

/* The proof: api_key_open again, or the workspace's generation, read in one
 * statement with what is told, or held shared (LOCK IN SHARE MODE) by the
 * transaction of what is done. */
struct key_proof {
	bool owed;
	uint64_t generation; /* of the key in hand */
};

/* Takes the workspace's generation as it is now. If it is that of the key in
 * hand nothing is owed any more, and the fields and key epoch that came with
 * the key are right; else ERR_SUPERSEDED. ERR_OK where nothing is owed. */
MUST_CHECK enum err_code key_proof_take(
    struct key_proof *p, uint64_t generation, struct err *e);

/* Requires the same of a transaction (db_require), and holds the workspace's
 * row: ERR_SUPERSEDED, then or with what is sent later. Once it has been
 * committed nothing is owed. */
MUST_CHECK enum err_code key_proof_require(struct db *db,
    const struct db_context *ctx, const struct key_proof *p, struct err *e);

/* Whether key `id` lives, and still has all of `privileges` in the context's
 * workspace; else ERR_FORBIDDEN. For what is done later than it was asked
 * for (S15). */
MUST_CHECK enum err_code api_key_check(struct db *db,
    const struct db_context *ctx, const struct uuid *id, unsigned privileges,
    struct err *e);

#endif
