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

/* The same over what may be there already: a reader sees the old file or the
 * new one, never a part. */
MUST_CHECK enum err_code keyfile_replace(
    const char *path, const void *p, size_t n, struct err *e);

/* Destroys what makings of the file that were cut short have left beside it. */
MUST_CHECK enum err_code keyfile_destroy_parts(const char *path, struct err *e);

/* Overwrites a file with random bytes, removes it and puts the removal on the
 * disk; *was_out says whether it was there. What a file system that copies on
 * write, or a disk that moves its blocks, keeps of the old bytes is out of
 * reach. */
MUST_CHECK enum err_code keyfile_destroy(
    const char *path, bool *was_out, struct err *e);

#endif
