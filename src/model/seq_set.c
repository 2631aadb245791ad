#include "model/seq_set.h"

#include <stdlib.h>
#include <string.h>

/* Gives the set room for a block. */
static void
grow(struct seq_set *s, size_t block)
{
	size_t n = s->n ? s->n : 64;

	while (n <= block)
		n *= 2;
	s->blocks = realloc(s->blocks, n * sizeof(*s->blocks));
	if (!s->blocks)
		abort();
	memset(s->blocks + s->n, 0, (n - s->n) * sizeof(*s->blocks));
	s->n = n;
}

void
seq_set_add(struct seq_set *s, uint64_t seq)
{
	size_t block = (size_t)(seq / SEQ_BLOCK), i = (size_t)(seq % SEQ_BLOCK);

	if (block >= s->n)
		grow(s, block);
	if (!s->blocks[block]) {
		s->blocks[block] = calloc(1, SEQ_BLOCK_BYTES);
		if (!s->blocks[block])
			abort();
	}
	s->blocks[block][i / 8] |= (uint8_t)(1u << (i % 8));
}

bool
seq_set_has(const struct seq_set *s, uint64_t seq)
{
	size_t block = (size_t)(seq / SEQ_BLOCK);

	return block < s->n && s->blocks[block] &&
	       seq_block_has(s->blocks[block], SEQ_BLOCK_BYTES, seq);
}

void
seq_set_clear(struct seq_set *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->blocks[i]);
	free(s->blocks);
	*s = (struct seq_set){NULL, 0};
}
