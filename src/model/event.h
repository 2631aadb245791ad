/*
 * Events: what became of a customer and when. Names of fields, never values.
 *
 * Packed, oldest first; each is
 *   length of what follows (2 bytes), time (6: ms since 1970), kind (1),
 *   then the ids of its fields, ascending, each as its distance from the one
 *   before in LEB128; integers little-endian.
 */
#ifndef COFFER_MODEL_EVENT_H
#define COFFER_MODEL_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/field.h"

#define EVENTS_MAX 100     /* of a customer; the newest stay */
#define EVENTS_BYTES 60000 /* and at most so many bytes of them */

enum event_kind {
#define X(name, text, number) EVENT_##name = (number),
#include "tbl/event_kinds.h"
#undef X
};

/* Appends to `out` the n packed bytes of `old`, without its oldest events if
 * there would be too many, and a new event at `at` with nids ids of fields (at
 * most FIELDS_MAX), in any order. What is damaged in `old` goes. `old` must not
 * lie in `out`. */
void event_append(struct buf *out, const char *old, size_t n, int64_t at,
    enum event_kind kind, const uint32_t *ids, unsigned nids);

/* How many events there are. */
unsigned event_count(const char *packed, size_t n);

/* Appends [{"at":"...","event":"changed","attributes":["first_name"]}], the
 * newest first, at most EVENTS_MAX; the creation is the oldest of them. A field
 * that the schema has no more is left out. */
void event_write(struct buf *out, const char *packed, size_t n,
    int64_t created_at, const struct schema *s);

#endif
