/*
 * The file of a backup: what mariadb-dump wrote, between a first and a last
 * line of ours, which are comments to MariaDB. The first says to which schema
 * and master key the data belong; the last has the SHA-256 (FIPS 180-4) of all
 * before it: a file that was cut or altered is known by it.
 */
#ifndef COFFER_ADMIN_DUMP_H
#define COFFER_ADMIN_DUMP_H

#include "base/buf.h"
#include "base/err.h"
#include "vault/keyring.h"
#include "vault/master_file.h"

struct dump_head {
	unsigned schema;
	char master[MASTER_ID_TEXT];
};

void dump_head_write(struct buf *out, const struct dump_head *h);

/* Reads a first line. False if it is not one of ours. */
bool dump_head_read(const char *line, struct dump_head *out);

#define DUMP_TAIL 95 /* bytes of the last line */
void dump_tail_write(const uint8_t digest[32], char out[DUMP_TAIL + 1]);

/* What mariadb-dump ends with when it has come to its end. */
bool dump_completed(const char *end, size_t n);

#endif
