/*
 * Accounts (tenants), their keys, and workspaces.
 */
#ifndef COFFER_MODEL_ACCOUNT_H
#define COFFER_MODEL_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "model/site.h"

#define ACCOUNT_CODE_MAX 32

/* A code is 2 to 32 of a-z, 0-9, '-', begins and ends with a letter or
 * digit, and is none of the words that begin a path of ours (v1, scv, ...). */
bool account_code_valid(const char *code);

/* Makes an account, its salt and its keys (data version 1, index, at rest).
 * ERR_BAD_REQUEST; ERR_CONFLICT, also while an account of that code is being
 * erased. */
MUST_CHECK enum err_code account_create(struct site *s, const char *code,
    const char *name, uint32_t *id_out, struct err *e);

/* By code; ERR_NOT_FOUND. */
MUST_CHECK enum err_code account_find(
    struct db *db, const char *code, uint32_t *id_out, struct err *e);

/* The code of an account by id, into out; ERR_NOT_FOUND. */
MUST_CHECK enum err_code account_code(
    struct db *db, uint32_t id, char out[ACCOUNT_CODE_MAX + 8], struct err *e);

/* Calls `each` with every data key of the account, in the order of versions,
 * once it is in the audit log that they were given out; *current_out is the
 * version that new values are sealed under. `each` wipes what it copies. */
typedef void data_key_each(
    uint32_t version, const uint8_t *key, size_t n, void *arg);
MUST_CHECK enum err_code account_data_keys_each(struct site *s,
    const struct db_context *ctx, uint32_t *current_out, data_key_each *each,
    void *arg, struct err *e);

/* Appends "key_version SPACE base64\n" for every data key of the account, as
 * account_data_keys_each; out is wiped by the caller. */
MUST_CHECK enum err_code account_data_keys(struct site *s,
    const struct db_context *ctx, struct buf *out, struct err *e);

/* Appends "CODE NAME\n" for every account. */
MUST_CHECK enum err_code account_list(
    struct db *db, struct buf *out, struct err *e);

/* Appends the codes of accounts whose erasure has not come to its end. */
MUST_CHECK enum err_code account_list_erased(
    struct db *db, struct buf *out, struct err *e);

/* For programs that are not inside an account: calls `each` with the context
 * of one account after the other, until it returns anything but
 * ERR_NOT_FOUND, which is then the result; ERR_NOT_FOUND after the last. */
typedef enum err_code account_each(struct db *db, const struct db_context *ctx,
    const char *code, void *arg, struct err *e);
MUST_CHECK enum err_code account_walk(
    struct db *db, account_each *each, void *arg, struct err *e);

/* Makes a workspace in the context's account, with its built-in group `all`.
 * ERR_BAD_REQUEST. */
MUST_CHECK enum err_code workspace_create(struct db *db,
    const struct db_context *ctx, const char *name, struct uuid *out,
    struct err *e);

/* Finds a workspace of the context's account; ERR_NO_WORKSPACE. */
MUST_CHECK enum err_code workspace_find(struct db *db,
    const struct db_context *ctx, const struct uuid *uuid, uint32_t *id_out,
    struct err *e);

/* Calls `each` with every workspace of the context's account, by itself and as
 * a context, in the order of their ids, until it fails. They are read before
 * the first call. */
typedef enum err_code workspace_each(const struct db_context *ctx,
    const struct uuid *uuid, void *arg, struct err *e);
MUST_CHECK enum err_code workspace_walk(struct db *db,
    const struct db_context *ctx, workspace_each *each, void *arg,
    struct err *e);

/* For cofferctl, which is not inside an account: binds account and workspace
 * by the workspace's UUID alone. ERR_NO_WORKSPACE. */
MUST_CHECK enum err_code workspace_bind(struct db *db, const struct uuid *uuid,
    struct db_context *out, struct err *e);

/* Appends "workspace_id NAME\n" for every workspace of the account. */
MUST_CHECK enum err_code workspace_list(struct db *db,
    const struct db_context *ctx, struct buf *out, struct err *e);

#endif
