/* Inside src/model: following chains, entry by entry. */
#ifndef COFFER_MODEL_AUDIT_WALK_H
#define COFFER_MODEL_AUDIT_WALK_H

#include "model/audit_entry.h"
#include "model/audit_verify.h"

struct audit_walk {
	struct mac *key;
	struct audit_report *report;
	bool part; /* chains may begin in their middle */
	/* The chain in hand, and whether head.mac is that of the entry before
	 * the next. */
	struct audit_head head;
	bool started, known;
	struct buf anchored; /* struct audit_head, of the anchors so far */
};

/* Takes the next entry; those of a chain come one after the other. `before`
 * is the mac of the entry before as the source tells it, or NULL. */
void audit_walk_entry(
    struct audit_walk *w, const struct audit_entry *en, const uint8_t *before);

/* Sorts what the anchors have named, and keeps the furthest of each chain. */
void audit_walk_compress(struct audit_walk *w);

/* A line of the report: the chain, then the text. */
void audit_walk_wrong(struct audit_walk *w, const uint8_t chain[AUDIT_CHAIN],
    const char *fmt, ...) PRINTF_LIKE(3, 4);

/* What verification comes to: ERR_OK or ERR_INVALID. */
MUST_CHECK enum err_code audit_walk_result(
    const struct audit_walk *w, struct err *e);

#endif
