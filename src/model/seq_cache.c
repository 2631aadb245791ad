#include "model/seq_cache.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

/* A word: the next seq, how many there are from it on, whose epoch. */
#define NEXT_SHIFT 24
#define LEFT_SHIFT 16
#define LEFT_MASK 255u
#define EPOCH_MASK 0xffffu
_Static_assert(SEQ_CACHED_MAX == 1ULL << (64 - NEXT_SHIFT) &&
                   SEQ_RANGE_MAX == LEFT_MASK &&
                   LEFT_MASK + 1 == 1u << (NEXT_SHIFT - LEFT_SHIFT) &&
                   EPOCH_MASK + 1 == 1u << LEFT_SHIFT,
    "the parts of a word fill it");

struct seq_slot {
	_Atomic uint32_t workspace_id; /* 0: free */
	_Atomic uint64_t word;
};
_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2 &&
                   sizeof(_Atomic uint32_t) == 4 &&
                   sizeof(_Atomic uint64_t) == 8,
    "what is shared by processes has to be free of locks");

/* Ids of workspaces follow each other: they spread by themselves. */
#define PROBES 16

struct seq_cache {
	struct seq_slot slots[SEQ_SLOTS];
};

struct seq_cache *
seq_cache_new(void)
{
	struct seq_cache *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (c == MAP_FAILED)
		abort();
	return c;
}

void
seq_cache_free(struct seq_cache **c)
{
	if (*c)
		munmap(*c, sizeof(**c));
	*c = NULL;
}

struct seq_slot *
seq_slot_find(struct seq_cache *c, uint32_t workspace_id)
{
	unsigned i;

	assert(workspace_id);
	for (i = 0; c && i < PROBES; i++) {
		struct seq_slot *s = &c->slots[(workspace_id + i) % SEQ_SLOTS];
		uint32_t owner = 0;

		if (atomic_compare_exchange_strong(
		        &s->workspace_id, &owner, workspace_id) ||
		    owner == workspace_id)
			return s;
	}
	return NULL;
}

static uint64_t
next_of(uint64_t word)
{
	return word >> NEXT_SHIFT;
}

static unsigned
left_of(uint64_t word)
{
	return word >> LEFT_SHIFT & LEFT_MASK;
}

static bool
is_of(uint64_t word, uint32_t epoch)
{
	return ((word ^ epoch) & EPOCH_MASK) == 0;
}

static uint64_t
pack(uint64_t next, unsigned left, uint64_t epoch)
{
	return next << NEXT_SHIFT | (uint64_t)left << LEFT_SHIFT |
	       (epoch & EPOCH_MASK);
}

bool
seq_slot_draw(struct seq_slot *s, uint32_t epoch, uint64_t *seq_out)
{
	uint64_t word = atomic_load(&s->word);

	while (left_of(word) && is_of(word, epoch)) {
		*seq_out = next_of(word);
		if (atomic_compare_exchange_weak(&s->word, &word,
		        pack(*seq_out + 1, left_of(word) - 1, epoch)))
			return true;
	}
	return false;
}

struct seq_look
seq_slot_look(const struct seq_slot *s)
{
	return (struct seq_look){atomic_load(&s->word)};
}

bool
seq_look_is_empty(struct seq_look look)
{
	return !left_of(look.word);
}

uint64_t
seq_look_floor(struct seq_look look, uint32_t epoch)
{
	return is_of(look.word, epoch) ? next_of(look.word) : 0;
}

/* Whether a range from `first` on continues what the slot has. */
static bool
continues(uint64_t word, uint64_t first, unsigned n, uint32_t epoch)
{
	return left_of(word) && left_of(word) + n <= LEFT_MASK &&
	       is_of(word, epoch) && next_of(word) + left_of(word) == first;
}

bool
seq_slot_put(struct seq_slot *s, struct seq_look look, uint64_t first,
    unsigned n, uint32_t epoch)
{
	uint64_t word = look.word, fresh;

	assert(n && n <= SEQ_RANGE_MAX && seq_look_is_empty(look) &&
	       first >= seq_look_floor(look, epoch));
	if (first >= SEQ_CACHED_MAX - n)
		return false;
	do {
		if (word == look.word)
			fresh = pack(first, n, epoch);
		else if (continues(word, first, n, epoch))
			fresh = pack(next_of(word), left_of(word) + n, epoch);
		else
			return false;
	} while (!atomic_compare_exchange_weak(&s->word, &word, fresh));
	return true;
}

/* The next seq is skipped, so that the word is another one even where nothing
 * was left: who looked before puts nothing. */
void
seq_slot_drop(struct seq_slot *s)
{
	uint64_t word = atomic_load(&s->word);

	while (next_of(word) < SEQ_CACHED_MAX - 1 &&
	       !atomic_compare_exchange_weak(
	           &s->word, &word, pack(next_of(word) + 1, 0, word)))
		;
}
