/* Ranges of seqs in memory that processes share, without a database: a counter
 * beside it stands for that of the database. */
#include "model/seq_cache.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/tap.h"

#define CHILDREN 4
#define EACH 5000
#define RANGE 64
#define EPOCH 3

static struct seq_cache *cache;

/* What the processes of the test share beside it. */
static struct shared {
	_Atomic uint64_t counter;
	_Atomic uint8_t drawn[CHILDREN * EACH * (RANGE + 1) * 2];
	_Atomic unsigned twice, sunk, beyond;
	_Atomic uint64_t latest;
} * shared;

static void *
share(size_t n)
{
	void *p = mmap(
	    NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

/* As seq_prepare and seq_take do it. */
static uint64_t
draw(struct seq_slot *s)
{
	struct seq_look look;
	uint64_t seq, first;

	while (!seq_slot_draw(s, EPOCH, &seq)) {
		look = seq_slot_look(s);
		if (!seq_look_is_empty(look))
			continue;
		first = atomic_fetch_add(&shared->counter, RANGE);
		if (first >= seq_look_floor(look, EPOCH))
			seq_slot_put(s, look, first, RANGE, EPOCH);
	}
	return seq;
}

/* Draws, and checks that it is after all that had been drawn before it began.
 */
static void
draw_checked(struct seq_slot *s)
{
	uint64_t before = atomic_load(&shared->latest), seq = draw(s);

	if (before && seq + 1 <= before)
		atomic_fetch_add(&shared->sunk, 1);
	if (seq >= sizeof(shared->drawn))
		atomic_fetch_add(&shared->beyond, 1);
	else if (atomic_fetch_add(&shared->drawn[seq], 1))
		atomic_fetch_add(&shared->twice, 1);
	while (before < seq + 1 &&
	       !atomic_compare_exchange_weak(&shared->latest, &before, seq + 1))
		;
}

static void
test_slot(void)
{
	struct seq_slot *s = seq_slot_find(cache, 7);
	struct seq_look look = seq_slot_look(s);
	uint64_t seq = 0;

	ok(s && seq_slot_find(cache, 7) == s, "a workspace has one slot");
	ok(seq_slot_find(cache, 8) != s, "another has another");
	ok(seq_slot_find(NULL, 7) == NULL, "there is none without a cache");
	ok(!seq_slot_draw(s, EPOCH, &seq), "nothing is in it at first");
	ok(seq_slot_put(s, look, 100, 2, EPOCH), "a range is put");
	ok(!seq_slot_put(s, look, 200, 2, EPOCH),
	    "none over another that came since the look");
	ok(seq_slot_put(s, look, 102, 2, EPOCH), "but one that continues it");
	ok(!seq_slot_put(s, look, 104, 2, EPOCH + 1),
	    "if it is of the same epoch");
	ok(!seq_slot_put(s, look, 104, SEQ_RANGE_MAX - 3, EPOCH),
	    "and not too long");
	ok(!seq_slot_draw(s, EPOCH + 1, &seq),
	    "nothing is drawn under another epoch");
	ok(seq_slot_draw(s, EPOCH, &seq) && seq == 100, "its first seq");
	ok(seq_slot_draw(s, EPOCH, &seq) && seq == 101, "its second");
	ok(seq_slot_draw(s, EPOCH, &seq) && seq == 102, "the other's first");
	ok(seq_slot_draw(s, EPOCH, &seq) && seq == 103, "and second");
	ok(!seq_slot_draw(s, EPOCH, &seq), "and no more");
	look = seq_slot_look(s);
	ok(!seq_slot_put(s, (struct seq_look){0}, 104, 2, EPOCH),
	    "what has been drawn is not continued");
	ok(seq_look_is_empty(look), "it is empty");
	is_int(seq_look_floor(look, EPOCH), 104, "with a floor");
	is_int(
	    seq_look_floor(look, EPOCH + 1), 0, "which another epoch has not");
}

/* What is left, or may yet be put, of a slot whose last seq was drawn. */
static void
test_dropped(void)
{
	struct seq_slot *s = seq_slot_find(cache, 7);
	struct seq_look look = seq_slot_look(s);
	uint64_t seq = 0;

	seq_slot_drop(s);
	ok(!seq_slot_put(s, look, 300, 2, EPOCH),
	    "after a drop nobody puts what was reserved before it");
	ok(!seq_slot_put(s, look, 105, 2, EPOCH), "nor as its continuation");
	look = seq_slot_look(s);
	ok(seq_slot_put(s, look, 400, RANGE, EPOCH), "a range after it");
	seq_slot_drop(s);
	ok(!seq_slot_draw(s, EPOCH, &seq), "a drop leaves nothing");
	look = seq_slot_look(s);
	ok(!seq_slot_put(s, look, SEQ_CACHED_MAX - 1, RANGE, EPOCH),
	    "a seq that has no room in a word is not cached");
	ok(seq_slot_put(s, look, SEQ_CACHED_MAX - RANGE - 1, RANGE, EPOCH),
	    "the highest that have are");
	ok(seq_slot_draw(s, EPOCH, &seq) && seq == SEQ_CACHED_MAX - RANGE - 1,
	    "and are drawn whole");
}

static pid_t
start(struct seq_slot *s, unsigned n)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	while (n--)
		draw_checked(s);
	_exit(0);
}

static void
test_at_once(void)
{
	struct seq_slot *s = seq_slot_find(cache, 20);
	unsigned i, n = 0;

	for (i = 0; i < CHILDREN; i++)
		start(s, EACH);
	for (i = 0; i < 200; i++) { /* as uploads do */
		atomic_fetch_add(&shared->counter, 10);
		seq_slot_drop(s);
		usleep(50);
	}
	for (i = 0; i < CHILDREN; i++)
		wait(NULL);
	for (i = 0; i < sizeof(shared->drawn); i++)
		n += shared->drawn[i];
	is_int(n, CHILDREN * EACH, "all have drawn");
	is_int(shared->beyond, 0, "from what was reserved");
	is_int(shared->twice, 0, "no seq twice");
	is_int(shared->sunk, 0, "each after those of before it began");
}

/* What is reserved for others is not drawn after their drop. */
static void
test_drop(void)
{
	struct seq_slot *s = seq_slot_find(cache, 21);
	unsigned i, early = 0;
	uint64_t mine;
	pid_t pids[2];

	for (i = 0; i < 2; i++)
		pids[i] = start(s, 1u << 30);
	for (i = 0; i < 2000; i++) {
		mine = atomic_fetch_add(&shared->counter, 10);
		seq_slot_drop(s);
		early += draw(s) < mine + 10;
	}
	for (i = 0; i < 2; i++)
		kill(pids[i], SIGKILL);
	for (i = 0; i < 2; i++)
		wait(NULL);
	is_int(early, 0, "after a drop, what is drawn was reserved after it");
}

static void
test_killed(void)
{
	struct seq_slot *s = seq_slot_find(cache, 22);
	unsigned i;
	pid_t pid;

	atomic_store(&shared->latest, 0);
	atomic_store(&shared->sunk, 0);
	for (i = 0; i < 50; i++) {
		pid = start(s, 1u << 30);
		usleep(500);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		draw_checked(s);
	}
	is_int(shared->sunk, 0,
	    "after fifty that were killed while they drew the next draws on");
}

static void
test_full(void)
{
	struct seq_cache *own = seq_cache_new();
	unsigned i, found = 0;

	for (i = 1; i <= SEQ_SLOTS; i++)
		found += seq_slot_find(own, i) != NULL;
	is_int(found, SEQ_SLOTS, "so many workspaces have slots");
	ok(!seq_slot_find(own, SEQ_SLOTS + 1), "one more has none");
	ok(seq_slot_find(own, SEQ_SLOTS) != NULL, "the others keep theirs");
	seq_cache_free(&own);
	ok(!own, "freed");
	seq_cache_free(&own);
}

int
main(void)
{
	cache = seq_cache_new();
	shared = share(sizeof(*shared));
	test_slot();
	test_dropped();
	test_at_once();
	test_drop();
	test_killed();
	test_full();
	munmap(shared, sizeof(*shared));
	seq_cache_free(&cache);
	return done_testing();
}
