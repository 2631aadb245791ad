/*
 * Spool: bytes of a request that wait until they are wanted, in order and as
 * often as need be. They stand in an unlinked file, sealed in records of
 * 64 KiB under a random key that only this process's memory holds, so that no
 * plaintext touches a disk (S24) and memory stays bounded. What fits in one
 * record never leaves memory.
 */
#ifndef COFFER_INGEST_SPOOL_H
#define COFFER_INGEST_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SPOOL_RECORD 65536

struct spool;

/* An empty spool whose file, if one is needed, is made in `dir` (copied).
 * Never NULL. */
struct spool *spool_new(const char *dir);

/* Appends n bytes. Not after spool_rewind. No room, or no such directory, is
 * ERR_UNAVAILABLE with a text that says so (S41). */
MUST_CHECK enum err_code spool_write(
    struct spool *s, const void *p, size_t n, struct err *e);

/* Ends the writing; the next read begins at the first byte. */
void spool_rewind(struct spool *s);

/* Reads up to n bytes into p; *n_out is 0 at the end alone. A csv_source: arg
 * is the struct spool, after spool_rewind. ERR_CRYPTO if the file was changed
 * under our hands, ERR_INTERNAL if it cannot be read. */
MUST_CHECK enum err_code spool_read(
    void *arg, char *p, size_t n, size_t *n_out, struct err *e);

/* Bytes written. */
uint64_t spool_length(const struct spool *s);

/* Wipes and frees, the file goes; *s may be NULL. */
void spool_free(struct spool **s);

#endif
