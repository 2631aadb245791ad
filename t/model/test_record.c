/* Records, packed and unpacked, and lists of row errors. */
#include "t/model/setup.h"

#include "base/bytes.h"
#include "model/record.h"

static struct field fields[] = {{.id = 20, .name = "a"},
    {.id = 17, .name = "b"}, {.id = 33, .name = "c"}, {.id = 16, .name = "d"}};
static const struct schema schema = {.fields = fields, .n = 4, .layout = 1};

static struct value values[] = {
    {"\"x\"", 3}, {NULL, 0}, {"1500.00", 7}, {"true", 4}};
static const struct record record = {.row = 7, .line = 9, .values = values};

static bool
same(const struct value *v, const char *json)
{
	return json ? v->n == strlen(json) && !memcmp(v->json, json, v->n)
	            : !v->json;
}

static void
test_round_trip(void)
{
	struct buf b = {0}, again = {0};
	const uint8_t *p, *end;
	struct record r;

	record_pack(&b, &schema, &record);
	record_pack(&b, &schema, &record);
	p = (const uint8_t *)b.data;
	end = p + b.len;
	ok(record_unpack(&p, end, &schema, arena, &r), "unpacks");
	is_int(r.row, 7, "row");
	is_int(r.line, 9, "line");
	ok(same(&r.values[0], "\"x\"") && same(&r.values[1], NULL) &&
	        same(&r.values[2], "1500.00") && same(&r.values[3], "true"),
	    "values");
	ok(record_unpack(&p, end, &schema, arena, &r), "and the next one");
	ok(p == end, "to the end");
	ok(!record_unpack(&p, end, &schema, arena, &r), "where there is none");
	record_pack(&again, &schema, &r);
	ok(again.len * 2 == b.len && !memcmp(again.data, b.data, again.len),
	    "the same record packs to the same bytes");
	buf_free(&b);
	buf_free(&again);
}

/* Of an update: whom it is about is known only after it was packed. */
static void
test_subject(void)
{
	static const struct uuid first = {{1, 2, 3}}, second = {{4, 5}};
	struct record r = record, got;
	struct buf b = {0};
	struct uuid id;
	const uint8_t *p;

	r.has_customer = true;
	r.customer = first;
	r.revision = 1;
	r.matched = 17;
	record_pack(&b, &schema, &r);
	record_pointed(b.data, &id);
	ok(!memcmp(&id, &first, sizeof(id)), "a packed record's customer");
	record_point(b.data, &second);
	record_revise(b.data, 70000);
	p = (const uint8_t *)b.data;
	ok(record_unpack(&p, p + b.len, &schema, arena, &got), "unpacks");
	ok(got.has_customer && !memcmp(&got.customer, &second, sizeof(second)),
	    "as the one that was written into it");
	is_int(got.revision, 70000, "with its revision");
	is_int(got.matched, 17, "and the field that named it");
	ok(!got.erased && same(&got.values[2], "1500.00"), "and all the rest");
	buf_free(&b);
}

/* A field that was removed, and one that was added, since the packing. */
static void
test_other_schema(void)
{
	struct field now[] = {{.id = 20, .name = "a"}, {.id = 40, .name = "bb"},
	    {.id = 16, .name = "d"}};
	struct schema s = {.fields = now, .n = 3, .layout = 1};
	struct buf b = {0};
	const uint8_t *p;
	struct record r;

	record_pack(&b, &schema, &record);
	p = (const uint8_t *)b.data;
	ok(record_unpack(&p, p + b.len, &s, arena, &r), "another schema");
	ok(same(&r.values[0], "\"x\"") && same(&r.values[1], NULL) &&
	        same(&r.values[2], "true"),
	    "values of fields that are there");
	ok(p == (const uint8_t *)b.data + b.len, "the others passed over");
	buf_free(&b);
}

/* What was a system attribute's value is that of the field which has its role
 * by now; the field's own goes before it. */
static void
test_other_role(void)
{
	static struct value given[] = {{"\"e\"", 3}, {"\"o\"", 3}, {"1", 1}};
	struct field was[] = {{.id = 1, .name = "$verifiedEmail"},
	    {.id = 20, .name = "mail"}, {.id = 30, .name = "z"}};
	struct field now[] = {{.id = 20, .name = "mail"},
	    {.id = 30, .name = "z"},
	    {.id = 40, .name = "zz", .role = "verified_email"}};
	struct schema then = {.fields = was, .n = 3, .layout = 1};
	struct schema s = {.fields = now, .n = 3, .layout = 1};
	struct record r = {.row = 1, .values = given};
	struct buf b = {0};
	const uint8_t *p;

	record_pack(&b, &then, &r);
	p = (const uint8_t *)b.data;
	ok(record_unpack(&p, p + b.len, &s, arena, &r), "unpacks");
	ok(same(&r.values[0], "\"o\"") && same(&r.values[1], "1") &&
	        same(&r.values[2], "\"e\""),
	    "an attribute's value is its new field's");
	now[2].role = NULL;
	now[0].role = "verified_email";
	p = (const uint8_t *)b.data;
	ok(record_unpack(&p, p + b.len, &s, arena, &r) &&
	        same(&r.values[0], "\"o\""),
	    "but for a field that has one of its own");
	ok(schema_by_id(&s, 1) == &now[0] && schema_by_id(&s, 30) == &now[1] &&
	        !schema_by_id(&s, 2) && !schema_by_id(&s, 21),
	    "fields by id");
	buf_free(&b);
}

/* The copy has no spare bytes, so that a checker sees a read past its end. */
static bool
unpacks(const void *bytes, size_t n, struct record *r)
{
	uint8_t *copy = malloc(n ? n : 1);
	const uint8_t *p = copy;
	bool done, moved;

	memcpy(copy, bytes, n);
	done = record_unpack(&p, copy + n, &schema, arena, r);
	moved = p != copy;
	if (done) {
		struct buf b = {0};

		record_pack(&b, &schema, r);
		buf_free(&b);
	}
	free(copy);
	return done || moved;
}

static void
test_cut(void)
{
	struct buf b = {0};
	struct record r;
	unsigned taken = 0;
	size_t n;

	record_pack(&b, &schema, &record);
	for (n = 0; n < b.len; n++)
		taken += unpacks(b.data, n, &r);
	is_int(taken, 0, "no cut record unpacks, and *p stays");
	buf_free(&b);
}

static void
test_wrong_bytes(void)
{
	static const uint8_t bytes[] = {0, 1, 0x7f, 0x80, 0xff};
	struct buf b = {0};
	struct record r;
	size_t i, k;
	char was;

	record_pack(&b, &schema, &record);
	for (i = 0; i < b.len; i++) {
		was = b.data[i];
		for (k = 0; k < sizeof(bytes); k++) {
			b.data[i] = (char)bytes[k];
			unpacks(b.data, b.len, &r);
		}
		b.data[i] = was;
	}
	ok(true, "wrong bytes are read within bounds");
	b.data[12] = 2;
	ok(unpacks(b.data, b.len, &r), "fewer values");
	b.data[12] = 4;
	ok(!unpacks(b.data, b.len, &r), "more values than there are");
	memset(b.data + 12, 0xff, 4);
	ok(!unpacks(b.data, b.len, &r), "four thousand million values");
	b.data[12] = 3;
	memset(b.data + 13, 0, 3);
	b.data[16] = 16;
	ok(!unpacks(b.data, b.len, &r), "values out of order");
	b.data[16] = 20;
	memset(b.data + 20, 0, 4);
	ok(!unpacks(b.data, b.len, &r), "a value without bytes");
	buf_free(&b);
}

static void
add(struct row_errors *errs, uint32_t row, const char *field)
{
	struct cell_error ce = {ROW_TYPE, "must be a number"};

	row_errors_add(errs, arena, row, row + 1, field, &ce);
}

static void
test_errors_in_order(void)
{
	struct row_errors *errs = calloc(1, sizeof(*errs));

	add(errs, 3, "a");
	add(errs, 3, "b");
	add(errs, 10000, "a");
	add(errs, 1, "z");
	add(errs, 3, "c");
	is_int(errs->n, 5, "errors kept");
	is_int(errs->total, 5, "errors counted");
	is_int(errs->invalid_rows, 3, "rows counted, each once");
	is_int(errs->list[0].row, 1, "a late row goes to its place");
	is_str(errs->list[1].field, "a", "a row's errors in their order: a");
	is_str(errs->list[2].field, "b", "b");
	is_str(errs->list[3].field, "c", "and the late one, c");
	is_int(errs->list[4].line, 10001, "the last row");
	is_str(errs->list[0].text, "must be a number", "text");
	free(errs);
}

static void
test_errors_full(void)
{
	struct row_errors *errs = calloc(1, sizeof(*errs));
	uint32_t row;

	for (row = 2; row <= 2001; row++)
		add(errs, row, "a");
	is_int(errs->n, ROW_ERRORS_MAX, "the list is full");
	is_int(errs->total, 2000, "all are counted");
	is_int(errs->list[999].row, 1001, "the first are kept");
	add(errs, 1, "b");
	is_int(errs->list[0].row, 1, "an earlier row still comes in");
	is_int(errs->list[999].row, 1000, "and the last one goes");
	is_int(errs->invalid_rows, 2001, "rows counted");
	free(errs);
}

int
main(void)
{
	setup();
	test_round_trip();
	test_subject();
	test_other_schema();
	test_other_role();
	test_cut();
	test_wrong_bytes();
	test_errors_in_order();
	test_errors_full();
	arena_free(&arena);
	return done_testing();
}
