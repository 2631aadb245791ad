/* Inside src/model: entries out of the database, some at a time. */
#ifndef COFFER_MODEL_AUDIT_PAGE_H
#define COFFER_MODEL_AUDIT_PAGE_H

#include "db/db.h"
#include "model/audit_entry.h"

#define AUDIT_PAGE 2000 /* the LIMIT of AUDIT_READ */

struct audit_page {
	struct arena *arena; /* the entries' texts */
	unsigned n;
	struct audit_entry entries[AUDIT_PAGE];
};

struct audit_page *audit_page_new(void);
void audit_page_free(struct audit_page **p);

/* Reads the entries of a chain after `n`: fewer than AUDIT_PAGE are the
 * last. */
MUST_CHECK enum err_code audit_page_read(struct audit_page *p, struct db *db,
    const uint8_t chain[AUDIT_CHAIN], uint64_t n, struct err *e);

/* The mac of an entry: ERR_NOT_FOUND. */
MUST_CHECK enum err_code audit_mac_read(struct db *db,
    const uint8_t chain[AUDIT_CHAIN], uint64_t n, uint8_t out[MAC_LEN],
    struct err *e);

#endif
