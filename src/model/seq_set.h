/* A set of customers by their seqs: a bit each, in blocks of 1024. */
#ifndef COFFER_MODEL_SEQ_SET_H
#define COFFER_MODEL_SEQ_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEQ_BLOCK 1024
#define SEQ_BLOCK_BYTES (SEQ_BLOCK / 8)

/* Zeroed it is empty. */
struct seq_set {
	uint8_t **blocks; /* NULL: nobody of the block is in it */
	size_t n;
};

void seq_set_add(struct seq_set *s, uint64_t seq);
bool seq_set_has(const struct seq_set *s, uint64_t seq);
void seq_set_clear(struct seq_set *s); /* frees */

/* Whether a customer's bit is set in n bytes of its block. */
static inline bool
seq_block_has(const void *bits, size_t n, uint64_t seq)
{
	size_t i = (size_t)(seq % SEQ_BLOCK);

	return i / 8 < n && ((const uint8_t *)bits)[i / 8] >> (i % 8) & 1;
}

#endif
