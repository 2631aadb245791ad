/*
 * Anchors: entries of a chain of their own that say how far all other chains
 * are, so that an end that is cut off, or a chain that is gone, is missed. The
 * newest anchor's own place is kept in a file beside the notes, outside the
 * database: one line, CHAIN N MAC.
 */
#ifndef COFFER_MODEL_AUDIT_ANCHOR_H
#define COFFER_MODEL_AUDIT_ANCHOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/audit_entry.h"
#include "model/site.h"

struct audit_anchors;

struct audit_anchors *audit_anchors_new(struct site *s);

/* Also gives the lease back, if it is held. */
void audit_anchors_free(struct audit_anchors **an);

/* Anchors the chains that have moved since the last time, if this process gets
 * or has the lease, which lasts `lease_ms`. *heads_out: how many they were. */
MUST_CHECK enum err_code audit_anchor(struct audit_anchors *an,
    int64_t lease_ms, unsigned *heads_out, struct err *e);

/* Appends the heads (struct audit_head) that the detail of an anchor names;
 * false if it is not one. */
bool audit_anchor_read(const char *detail, size_t n, struct buf *out);

/* Reads the file of a directory. ERR_NOT_FOUND if there is none;
 * ERR_INVALID. */
MUST_CHECK enum err_code audit_anchor_file(
    const char *dir, struct audit_head *out, struct err *e);

#endif
