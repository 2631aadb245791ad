/*
 * Cursors of lists: where a list goes on, in a form that only the server can
 * make. A cursor belongs to an account and to one list (its name).
 */
#ifndef COFFER_MODEL_CURSOR_H
#define COFFER_MODEL_CURSOR_H

#include "base/arena.h"
#include "base/err.h"
#include "model/site.h"

#define CURSOR_PLACE_MAX 64

/* base64url of the place and an HMAC, in the arena. */
MUST_CHECK enum err_code cursor_make(struct site *s,
    const struct db_context *ctx, const char *list, const void *place, size_t n,
    struct arena *a, const char **out, struct err *e);

/* Reads a cursor whose place has n bytes; ERR_BAD_REQUEST for any that was not
 * made by cursor_make for this account and list. */
MUST_CHECK enum err_code cursor_read(struct site *s,
    const struct db_context *ctx, const char *list, const char *text,
    void *place, size_t n, struct err *e);

#endif
