/*
 * Inside src/model: an entry of the audit log as a binary record, of which the
 * files of processes (audit_file.c) are a sequence. Integers are big-endian.
 *
 *   4   length of all that follows, AUDIT_RECORD_LEAST to AUDIT_RECORD_MAX:
 *       the first byte is 0, where a file of lines begins with '{'
 *   16  chain
 *   8   n, from 1
 *   8   at: milliseconds since 1970, up to the year 9999
 *   4   account_id
 *   4   workspace_id
 *   4   user_id
 *   32  mac
 *   level, action, subject, request, detail: each its length in 2 bytes, then
 *       its bytes; texts are UTF-8 and as long as their columns at most, a
 *       subject is 16 bytes or none
 */
#ifndef COFFER_MODEL_AUDIT_RECORD_H
#define COFFER_MODEL_AUDIT_RECORD_H

#include "model/audit.h"
#include "model/audit_entry.h"

#define AUDIT_RECORD_HEAD 4
#define AUDIT_RECORD_LEAST (AUDIT_CHAIN + 8 + 8 + 4 + 4 + 4 + MAC_LEN + 5 * 2)
#define AUDIT_RECORD_MAX                                           \
	(AUDIT_RECORD_LEAST + AUDIT_LEVEL_MAX + AUDIT_ACTION_MAX + \
	    AUDIT_SUBJECT + AUDIT_REQUEST_MAX + AUDIT_DETAIL_MAX)

/* Appends an entry, whose texts are as long as their columns at most. */
void audit_record_write(struct buf *out, const struct audit_entry *en);

/* Reads the record that n bytes begin with. The texts of the entry point into
 * them, without a NUL at their end. *used_out is the record's length; 0 if the
 * n bytes (which may be none) are the beginning of a record and not all of it.
 * ERR_BAD_REQUEST: they are neither. */
MUST_CHECK enum err_code audit_record_read(const void *p, size_t n,
    struct audit_entry *out, size_t *used_out, struct err *e);

/* Where to go on behind damage: at n bytes there is none of a chain's records
 * (`bad`), or the beginning of one that is not whole. That is where the next
 * one begins, which is known by the chain; else, if it is bad, what may be a
 * beginning of the next, behind the first byte at least; else NULL. */
const char *audit_record_next(
    const char *p, size_t n, const uint8_t chain[AUDIT_CHAIN], bool bad);

#endif
