/*
 * Web origins (RFC 6454) whose pages may use customers' sessions: a list per
 * workspace (S11).
 */
#ifndef COFFER_MODEL_ORIGIN_H
#define COFFER_MODEL_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/db.h"
#include "model/site.h"

#define ORIGIN_TEXT 270 /* "https://", a host name, ":65535" and a NUL */
#define ORIGINS_MAX 100 /* of a workspace */

/* Reads https://host[:port] of n characters as browsers write it: the host in
 * lower case, without the port 443. The host is a name (LDH, RFC 952; not
 * wildcards), an IPv4 address, or an IPv6 address in brackets. False if it is
 * anything else: another scheme, a path, "null". */
bool origin_parse(const char *s, size_t n, char out[ORIGIN_TEXT]);

/* Replaces the workspace's list by the origins in `list`, with commas between
 * them ("": none). ERR_BAD_REQUEST, naming the first that is none. */
MUST_CHECK enum err_code origin_set(struct site *s,
    const struct db_context *ctx, const char *list, struct err *e);

/* Appends the workspace's origins, a line each. */
MUST_CHECK enum err_code origin_list(struct db *db,
    const struct db_context *ctx, struct buf *out, struct err *e);

/* Whether an origin, as a browser sends it, is on the workspace's list. */
MUST_CHECK enum err_code origin_allowed(struct db *db,
    const struct db_context *ctx, const char *origin, bool *out, struct err *e);

/* Whether it is on the list of any workspace (of the account of that code,
 * unless NULL): what can be said of a request that has no session. */
MUST_CHECK enum err_code origin_known(struct db *db, const char *account_code,
    const char *origin, bool *out, struct err *e);

#endif
