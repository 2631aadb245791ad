/*
 * A packed record, as the queue gives it back. Values stay inside the bytes,
 * and what was read is packed and read again as the same.
 */
#include "t/fuzz/fuzz.h"

#include "base/arena.h"
#include "model/record.h"

#define FIELDS 3

static struct field fields[FIELDS] = {{.id = 16}, {.id = 40}, {.id = 17}};
static const struct schema schema = {.fields = fields, .n = FIELDS, .layout = 1};
static struct arena *arena;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	arena = arena_new(4096);
	return 0;
}

static void
see_record(const struct record *r, const uint8_t *from, const uint8_t *to)
{
	struct buf packed = {0};
	struct record again;
	const uint8_t *p;
	unsigned i;

	for (i = 0; i < FIELDS; i++) {
		if (r->values[i].json)
			assert((const uint8_t *)r->values[i].json > from &&
			       (const uint8_t *)r->values[i].json +
			               r->values[i].n <=
			           to &&
			       r->values[i].n);
	}
	record_pack(&packed, &schema, r);
	p = (const uint8_t *)packed.data;
	assert(packed.len <= (size_t)(to - from));
	assert(record_unpack(&p, p + packed.len, &schema, arena, &again));
	assert(p == (const uint8_t *)packed.data + packed.len);
	assert(again.row == r->row && again.line == r->line);
	for (i = 0; i < FIELDS; i++) {
		assert(!r->values[i].json == !again.values[i].json);
		assert(r->values[i].n == again.values[i].n);
		assert(!r->values[i].n ||
		       !memcmp(r->values[i].json, again.values[i].json,
		           r->values[i].n));
	}
	buf_free(&packed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *p = data, *from = data, *end = data + n;
	struct record r;

	while (record_unpack(&p, end, &schema, arena, &r)) {
		assert(p > from && p <= end);
		see_record(&r, from, p);
		from = p;
	}
	assert(p == from); /* what is no record moves nothing */
	arena_reset(arena);
	return 0;
}
