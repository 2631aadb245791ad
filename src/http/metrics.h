/*
 * Counts over the whole pool, for GET /metrics: requests by route and status
 * class, how long they took, and what befell the pool itself. They lie in
 * memory that its processes share and add to by single atomic steps: a process
 * that is killed leaves them sound, and the next one goes on counting.
 */
#ifndef COFFER_HTTP_METRICS_H
#define COFFER_HTTP_METRICS_H

#include <stdint.h>

#include "base/buf.h"
#include "http/route.h"

/* Makes the shared memory: once, by the master, before it forks. A process
 * that has none counts for itself alone. */
void metrics_share(void);

/* A process of the pool has started. */
void metrics_process(void);

/* A request has been answered, or cut; route is NULL if it had none. */
void metrics_request(
    const struct route *route, int status, int64_t microseconds);

/* Entries that the audit log could not take. */
void metrics_audit_failures(uint64_t n);

/* Appends a family's HELP and TYPE lines (text format 0.0.4). */
void metrics_family(
    struct buf *out, const char *name, const char *type, const char *help);

/* Appends all of it. */
void metrics_write(struct buf *out);

#endif
