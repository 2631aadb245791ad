/*
 * Sequence cache: ranges of seqs that have been reserved in the database and
 * wait in memory that the processes of a pool share, to be drawn one by one. A
 * slot a workspace; it is claimed once and given back by a restart alone. A
 * slot's range is one atomic word: a process that is killed leaves it sound and
 * nobody waiting. No order between the slots is promised; within one
 *   - no seq is drawn twice, and what is drawn grows;
 *   - a range is put only where nothing has happened since the look that came
 *     before its reservation, or where it continues a range that came since: so
 *     after seq_slot_drop nothing is drawn that was reserved before it.
 */
#ifndef COFFER_MODEL_SEQ_CACHE_H
#define COFFER_MODEL_SEQ_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#define SEQ_SLOTS 4096              /* workspaces; those beyond have none */
#define SEQ_RANGE_MAX 255           /* seqs in a range */
#define SEQ_CACHED_MAX (1ULL << 40) /* from here on none are cached */

struct seq_cache;
struct seq_slot;

/* Shared with the processes that are forked later. seq_cache_free ends it for
 * the process that calls it; *c may be NULL. */
struct seq_cache *seq_cache_new(void);
void seq_cache_free(struct seq_cache **c);

/* The slot of a workspace, which is claimed at need; NULL if there is no cache,
 * or no room in it. */
struct seq_slot *seq_slot_find(struct seq_cache *c, uint32_t workspace_id);

/* The next seq of a range that was put under the same key epoch (of which the
 * last 16 bits count). False if there is none. */
bool seq_slot_draw(struct seq_slot *s, uint32_t epoch, uint64_t *seq_out);

/* What a slot is like now, for seq_slot_put. seq_look_floor: what was drawn
 * under this epoch is below it. */
struct seq_look {
	uint64_t word;
};
struct seq_look seq_slot_look(const struct seq_slot *s);
bool seq_look_is_empty(struct seq_look look);
uint64_t seq_look_floor(struct seq_look look, uint32_t epoch);

/* Puts the range of n seqs from `first` on, n up to SEQ_RANGE_MAX, at the floor
 * of `look` or later, where the slot is as empty as it was then; or behind
 * another range that ends at `first`. Else, or if the range is too high, false,
 * and nothing is done. */
bool seq_slot_put(struct seq_slot *s, struct seq_look look, uint64_t first,
    unsigned n, uint32_t epoch);

/* Drops what is left. */
void seq_slot_drop(struct seq_slot *s);

#endif
