/*
 * Sessions: a customer's own way to its profile (S10). A portal's backend, or
 * cofferctl, opens one; the browser shows its id in a cookie. The id is stored
 * nowhere, only its digest; others name the session by its handle, which opens
 * nothing.
 *
 * A session ends when it is closed, when it was not used for [session] idle,
 * [session] absolute after it was opened, and with its customer or account. Its
 * row is then gone, so that it has ended for every process at once. It outlives
 * the API key that opened it.
 */
#ifndef COFFER_MODEL_SESSION_H
#define COFFER_MODEL_SESSION_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "db/db.h"
#include "model/account.h"
#include "model/field.h"
#include "model/site.h"

#define SESSION_ID_TEXT 44 /* 43 characters of base64url and a NUL */

struct session {
	struct uuid handle, customer;
	int64_t expires_at; /* at the latest: milliseconds since 1970 */
	/* Of one that was found, from the same read: as of an API key. */
	uint32_t account_id, workspace_id;
	char account_code[ACCOUNT_CODE_MAX + 8];
	uint32_t key_epoch;
	struct schema state;
};

/* Opens a session for a customer of the context's workspace: its id, 256 random
 * bits, goes to `id`, which the caller wipes; handle, customer and expires_at
 * of *out are filled. api_key: the id of the key that asks, or NULL.
 * ERR_NOT_FOUND. */
MUST_CHECK enum err_code session_open(struct site *s,
    const struct db_context *ctx, const struct uuid *customer,
    const struct uuid *api_key, char id[SESSION_ID_TEXT], struct session *out,
    struct err *e);

/* The live session of an id, whatever text that is; it counts as used. One that
 * is unknown, closed or over is ERR_AUTH, and nothing tells them apart. */
MUST_CHECK enum err_code session_find(
    struct site *s, const char *id, struct session *out, struct err *e);

/* Ends a session of the context's workspace. ERR_NOT_FOUND. */
MUST_CHECK enum err_code session_close(struct site *s,
    const struct db_context *ctx, const struct uuid *handle, struct err *e);

/* Deletes those that are over, of all accounts. */
MUST_CHECK enum err_code session_sweep(struct db *db, struct err *e);

#endif
