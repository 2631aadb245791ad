/* Inside src/model: the import of the audit log (audit_import.c) and what it
 * makes of the blocks that it reads (audit_import_block.c). */
#ifndef COFFER_MODEL_AUDIT_IMPORT_OWN_H
#define COFFER_MODEL_AUDIT_IMPORT_OWN_H

#include "model/audit_entry.h"
#include "model/audit_import.h"
#include "model/audit_own.h"

#define AUDIT_BLOCK 262144 /* read at a time: more than any entry is long */
#define AUDIT_BATCH 1000   /* entries of a transaction */

/* The last entry of a part: its number, 0 if there is none yet, and where in
 * the part it ends. */
struct audit_last {
	uint64_t n, end;
};

/* How far a part has been read. */
struct audit_part {
	char name[AUDIT_NAME_MAX];
	uint64_t offset;
	struct audit_last last;
	bool lines; /* of an older version, not records */
	bool bad;   /* something in it is no entry */
	bool told;  /* that it cannot be read */
	bool seen;  /* in this round */
};

struct audit_import {
	struct site *site;
	int lock; /* -1: not ours */
	struct audit_part *parts;
	unsigned nparts, cap;
	/* The chain in hand. */
	struct audit_head head;
	bool known; /* head is what the database has */
	struct audit_last
	    last; /* of the part in hand, with what is not stored yet */
	struct arena *arena;
	struct audit_entry entries[AUDIT_BATCH];
	unsigned n;
	uint64_t imported;
	char block[AUDIT_BLOCK + 1];
};

/* Puts the batch into the database, in one transaction, and empties it. */
MUST_CHECK enum err_code audit_import_store(
    struct audit_import *im, struct err *e);

/* Stores the whole entries in the n bytes of im->block, which p->offset is the
 * place of; *used_out is their length. What is no entry of the chain in hand
 * makes the part bad and is passed over. */
MUST_CHECK enum err_code audit_import_block(struct audit_import *im,
    struct audit_part *p, size_t n, size_t *used_out, struct err *e);

#endif
