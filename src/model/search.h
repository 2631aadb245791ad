/*
 * Search: which customers have a text somewhere in a value of a searchable
 * field, without regard to case (utf8_fold_whole).
 *
 * What is looked through is kept beside the customers: the values of 1024
 * neighbours (by seq) in a block, folded, each followed by a NUL so that no hit
 * crosses a value, sealed as one text under the account's secret at rest. What
 * changes a few customers leaves an entry for each (search_pending), which
 * stands for all that the block has of the customer, until a worker merges it;
 * what makes or changes many neighbours writes their block.
 *
 * A text belongs to its customer as a digest does: it is written in the
 * transaction that creates or changes the customer, by whoever holds the
 * customer's row and the schema (schema_load), and goes in the one that deletes
 * it. Locks, after those of customers: pending entries, then the parts of
 * blocks in ascending order.
 *
 * When a field becomes or ceases to be searchable while customers are stored, a
 * conversion rewrites their texts. Blocks that it has not come to yet are
 * passed over by a search, which opens the profiles of their customers instead:
 * slow, and exact.
 */
#ifndef COFFER_MODEL_SEARCH_H
#define COFFER_MODEL_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/field.h"
#include "model/profile.h"
#include "model/record.h"
#include "model/site.h"

#define SEARCH_BLOCK 1024 /* seqs of a block */

/* Texts of customers on their way into blocks. Zeroed it is empty; ends with
 * search_batch_free. */
struct search_batch {
	struct buf texts; /* values, each with a NUL after it */
	struct buf list;  /* of whom they are */
};

void search_batch_reset(struct search_batch *b);
void search_batch_free(struct search_batch *b);

/* Whether a searchable field is marked in changed (of s->n, as profile_change
 * leaves it): then the customer's text is another. */
bool search_is_changed(const struct schema *s, const bool *changed);

/* Adds a customer's text: r has all its values. `fresh`: the customer is made
 * in this transaction. The arena is for scratch. ERR_INTERNAL if a value is not
 * as values are stored. */
MUST_CHECK enum err_code search_add(struct search_batch *b,
    const struct schema *s, uint64_t seq, bool fresh, const struct record *r,
    struct arena *a, struct err *e);

/* The same from a profile of n bytes as it is (or will be) stored; only
 * searchable values are opened. ERR_CRYPTO, ERR_INTERNAL: see profile_value. */
MUST_CHECK enum err_code search_add_stored(struct search_batch *b,
    const struct schema *s, const struct profile_owner *o, const char *profile,
    size_t n, uint64_t seq, bool fresh, struct arena *a, struct err *e);

/* Writes the batch down: from COMMIT on its customers are found by these texts
 * and by no others. Each customer is in it once; their order is changed. */
MUST_CHECK enum err_code search_put(struct site *s,
    const struct db_context *ctx, struct keyring *k, struct search_batch *b,
    struct err *e);

/* Erases the texts of n customers of ascending seqs. */
MUST_CHECK enum err_code search_remove(struct db *db,
    const struct db_context *ctx, struct keyring *k, const uint64_t *seqs,
    unsigned n, struct err *e);

/* Whether texts are others under the schema than before the change that is
 * being carried out: then the conversion writes them anew. */
bool search_is_stale(const struct schema *s);

/* Whether a change of a field makes them so. */
bool field_alters_search(const struct field *was, const struct field *f);

/* Merges what is pending of one workspace that is due, and makes the filters of
 * parts that were stored before there were any, a block a transaction, for up
 * to `ms`. *done_out: no workspace is due (for this process). Several
 * workers do not come into each other's way. */
MUST_CHECK enum err_code search_merge(
    struct site *s, int64_t ms, bool *done_out, struct err *e);

/* How many workspaces are due, over all accounts. */
MUST_CHECK enum err_code search_due_count(
    struct db *db, uint64_t *out, struct err *e);

/* Merges what is pending of a block (of seqs, by SEARCH_BLOCK); writes it anew
 * even where that is nothing, if it is to be renewed. *left_out: some has been
 * left for another turn. In a transaction of its own. */
MUST_CHECK enum err_code search_merge_block(struct site *s,
    const struct db_context *ctx, uint64_t block, bool renew, bool *left_out,
    struct err *e);

/* Told of each customer that matches, once, in the order of the search; false
 * ends it. No rows are open: it may read more from the same snapshot. */
typedef bool search_hit(uint64_t seq, void *arg);

/* Finds the customers that have `text` (n bytes of valid UTF-8, not empty, no
 * NUL) in a value of a searchable field: from seq `from` up, or down from it
 * (UINT64_MAX: from the last). Everything is read in one snapshot: that which
 * the caller is in (db_snapshot), or one of its own. Memory does not grow with
 * the customers. Errors: those of the database, ERR_CRYPTO. */
MUST_CHECK enum err_code search_scan(struct site *s,
    const struct db_context *ctx, const char *text, size_t n, uint64_t from,
    bool down, search_hit *hit, void *arg, struct err *e);

#endif
