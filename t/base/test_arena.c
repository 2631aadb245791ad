#include "base/arena.h"
#include "t/tap.h"

#include <stdint.h>

static bool
all_zero(const char *p, size_t n)
{
	while (n--) {
		if (*p++)
			return false;
	}
	return true;
}

static void
test_alloc(struct arena *a)
{
	char *p = arena_alloc(a, 3), *q = arena_alloc(a, 0);
	char *big = arena_alloc(a, 5000), *r = arena_alloc(a, 1);

	ok(p && q && big && r, "memory of any size");
	ok(p != q && q != r, "n = 0 is memory of its own");
	is_int((uintptr_t)q % 16 | (uintptr_t)big % 16, 0, "aligned");
	ok(all_zero(big, 5000), "zeroed");
	ok(r > p && r < p + 256, "a big piece does not give up the block");
	ok(arena_used(a) >= 5004, "arena_used counts");
}

static void
test_strings(struct arena *a)
{
	is_str(arena_strndup(a, "abcdef", 3), "abc", "strndup");
	is_str(arena_strndup(a, NULL, 0), "", "strndup of nothing");
	is_str(arena_strdup(a, "whole"), "whole", "strdup");
	is_str(arena_printf(a, "%s-%d", "x", 42), "x-42", "printf");
	is_int(strlen(arena_printf(a, "%0600d", 1)), 600, "a long printf");
}

/* Memory of the first block is handed out again: it must be zero. */
static void
test_reset(struct arena *a)
{
	char *first, *p;
	int i, round;

	arena_reset(a);
	is_int(arena_used(a), 0, "nothing used after a reset");
	for (round = 0; round < 3; round++) {
		first = arena_alloc(a, 100);
		ok(all_zero(first, 100), "round %d: wiped by the reset", round);
		memset(first, 'S', 100);
		for (i = 0; i < 200; i++) {
			p = arena_alloc(a, 100);
			if (!all_zero(p, 100))
				break;
			memset(p, 'S', 100);
		}
		is_int(i, 200, "round %d: many blocks, zeroed", round);
		arena_reset(a);
		ok(all_zero(first, 100), "round %d: wiped at once", round);
	}
}

int
main(void)
{
	struct arena *a = arena_new(256), *none = NULL;
	uint32_t *v;

	test_alloc(a);
	test_strings(a);
	test_reset(a);
	v = arena_calloc(a, 1000, sizeof(*v));
	v[999] = 7;
	is_int(v[999], 7, "calloc");
	arena_free(&a);
	ok(!a, "free sets to NULL");
	arena_free(&none);
	return done_testing();
}
