/* Inside src/model: writing blocks. */
#ifndef COFFER_MODEL_SEARCH_PUT_H
#define COFFER_MODEL_SEARCH_PUT_H

#include "model/search_page.h"

/* A customer of a batch: its text is n bytes of batch->texts. */
struct search_entry {
	uint64_t seq;
	size_t at, n;
	bool fresh;
};

static inline struct search_entry *
search_entries(const struct search_batch *b, unsigned *n_out)
{
	*n_out = (unsigned)(b->list.len / sizeof(struct search_entry));
	return (struct search_entry *)(void *)b->list.data;
}

/* Rewrites a block within the transaction: customers of `drop` go out of it,
 * then n entries, all of it, come in. Takes the locks of its parts. ERR_RETRY
 * if somebody else has just made the block. */
MUST_CHECK enum err_code block_rewrite(struct db *db,
    const struct db_context *ctx, struct keyring *k, uint64_t block,
    const struct search_set *drop, const struct search_entry *list, unsigned n,
    const char *texts, struct err *e);

/* Deletes the pending entries of n ascending seqs. */
MUST_CHECK enum err_code pending_delete(struct db *db,
    const struct db_context *ctx, const uint64_t *seqs, unsigned n,
    struct err *e);

#endif
