/* The set of unique values of an upload. */
#include <stdlib.h>

#include "base/bytes.h"
#include "ingest/digest_set.h"
#include "t/tap.h"
#include "vault/mac.h"

static void
digest_of(uint32_t i, uint8_t out[INDEX_LEN])
{
	uint8_t all[32], in[4];

	put_u32(in, i);
	sha256(in, sizeof(in), all);
	memcpy(out, all, INDEX_LEN);
}

static void
test_basics(void)
{
	uint8_t a[INDEX_LEN] = {1}, b[INDEX_LEN] = {1}, zero[INDEX_LEN] = {0};
	struct digest_set s = {0};

	b[INDEX_LEN - 1] = 1;
	is_int(digest_set_add(&s, 0, a, 7), 0, "a new value");
	is_int(digest_set_add(&s, 0, a, 9), 7, "again: its first row");
	is_int(digest_set_add(&s, 0, a, 10), 7, "still its first row");
	is_int(digest_set_add(&s, 1, a, 9), 0, "another field's is another");
	is_int(digest_set_add(&s, 0, b, 9), 0, "all of the digest counts");
	is_int(digest_set_add(&s, 0, zero, 65535), 0, "a digest of zeros");
	is_int(digest_set_add(&s, 0, zero, 1), 65535, "is one like others");
	digest_set_free(&s);
	is_int(digest_set_add(&s, 0, a, 3), 0, "a freed set is empty");
	digest_set_free(&s);
}

/* Digests that all want the same slot. */
static void
test_collisions(void)
{
	struct digest_set s = {0};
	uint8_t d[INDEX_LEN] = {0};
	unsigned wrong = 0;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 500; i++) {
			put_u32(d + 8, i);
			wrong += digest_set_add(&s, 0, d, i + 1) !=
			         (round ? i + 1 : 0);
		}
	}
	is_int(wrong, 0, "values of one slot are told apart");
	digest_set_free(&s);
}

static void
test_bound(void)
{
	struct digest_set s = {0};
	uint8_t d[INDEX_LEN];
	unsigned wrong = 0;

	for (uint32_t i = 0; i < DIGEST_SET_MAX; i++) {
		digest_of(i / 25, d);
		wrong +=
		    digest_set_add(&s, (uint16_t)(i % 25), d, i / 25 + 1) != 0;
	}
	is_int(wrong, 0, "10,000 rows of 25 fields");
	digest_of(10000, d);
	ok(digest_set_add(&s, 0, d, 1) == DIGEST_SET_FULL, "then it is full");
	digest_of(9999, d);
	is_int(digest_set_add(&s, 24, d, 1), 10000, "but still finds");
	ok(s.nslots <= 1 << 19, "its memory is bounded");
	digest_set_free(&s);
}

int
main(void)
{
	test_basics();
	test_collisions();
	test_bound();
	return done_testing();
}
