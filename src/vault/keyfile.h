/*
 * Small files of the key directory. Texts of errors name the file and say
 * what to do: they are for the operator at start, never for a client.
 */
#ifndef COFFER_VAULT_KEYFILE_H
#define COFFER_VAULT_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define KEYFILE_PATH 4096

/* Joins dir, sub ("" for none) and name. False if that is too long. */
bool keyfile_path(
    char out[KEYFILE_PATH], const char *dir, const char *sub, const char *name);

/* Reads a whole regular file into out, room `max`. Missing, unreadable,
 * longer than max, or, if `secret`, open to group or others:
 * ERR_BAD_REQUEST. The caller wipes out. */
MUST_CHECK enum err_code keyfile_read(const char *path, bool secret, void *out,
    size_t max, size_t *n_out, struct err *e);

/* Makes a file of mode 0600 with n bytes, whole or not at all, on the disk
 * when this returns. Never overwrites: *made is false if it was there. */
MUST_CHECK enum err_code keyfile_create(
    const char *path, const void *p, size_t n, bool *made, struct err *e);

#endif
