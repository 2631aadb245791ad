/*
 * Reading the audit log: is it whole, and out of it as lines of JSON. Memory
 * is bounded, whatever the log's length (an export keeps 32 bytes a chain, the
 * verification of a file 128).
 */
#ifndef COFFER_MODEL_AUDIT_VERIFY_H
#define COFFER_MODEL_AUDIT_VERIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "model/site.h"
#include "vault/mac.h"

/* What verification tells. `wrong` gets a line of each thing that is wrong,
 * `progress` (may be NULL) a call now and then. */
struct audit_report {
	void (*wrong)(void *arg, const char *line);
	void (*progress)(void *arg, uint64_t entries);
	void *arg;
	uint64_t entries, chains, nwrong;
};

/* Verifies all that is in the database, and that the newest anchor that this
 * host knows of is in it. ERR_INVALID if anything is wrong; other errors:
 * it could not be read to its end. */
MUST_CHECK enum err_code audit_verify(
    struct site *s, struct audit_report *r, struct err *e);

/* The same for an export, with the key alone. `part` says that it was made by
 * --since: what came before is then not missed. */
MUST_CHECK enum err_code audit_verify_file(
    struct mac *key, FILE *f, bool part, struct audit_report *r, struct err *e);

/* Appends the entries from a time on (ms; 0: all), a line each, chain by
 * chain, and calls `flush` now and then. Of a chain it takes all that follows
 * the first one of that time, so that it can be verified. */
typedef enum err_code audit_flush(void *arg, struct err *e);
MUST_CHECK enum err_code audit_export(struct site *s, int64_t since,
    struct buf *out, audit_flush *flush, void *arg, struct err *e);

#endif
