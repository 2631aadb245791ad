/* Traces: the same for what is the same, sorted lists that meet; runs of
 * numbers. */
#include "model/trace.h"

#include "t/model/batch.h"

static struct keyring *ring;

/* The trace of an e-mail in a workspace; lives until the next but one. */
static const char *
trace_of(const struct db_context *ctx, const char *email)
{
	static struct buf bufs[2];
	static int turn;
	struct record r = batch_record(email, 1);
	struct buf *b = &bufs[turn ^= 1];

	buf_free(b);
	trace_add_record(b, ctx, ring, &schema, arena, &r);
	is_int((int)b->len, TRACE_LEN, "one unique value, one trace");
	return b->data;
}

static bool
same(const char *a, const char *b)
{
	return !memcmp(a, b, TRACE_LEN);
}

static void
test_values(void)
{
	struct db_context elsewhere = one;

	elsewhere.workspace_id++;
	ok(same(trace_of(&one, "Ann@x.org|||"), trace_of(&one, "ann@X.org|||")),
	    "values compare folded");
	ok(!same(
	       trace_of(&one, "ann@x.org|||"), trace_of(&one, "bea@x.org|||")),
	    "another value, another trace");
	ok(!same(trace_of(&one, "ann@x.org|||"),
	       trace_of(&elsewhere, "ann@x.org|||")),
	    "S23: another workspace, another trace");
	ok(!same(trace_of(&one, "ann|||"), trace_of(&one, "|ann||")),
	    "another field, another trace");
}

static void
test_records(void)
{
	struct record r = batch_record("a@x.org|ann|Ann|gold", 1);
	struct buf b = {0};

	trace_add_record(&b, &one, ring, &schema, arena, &r);
	is_int((int)b.len, 2 * TRACE_LEN, "unique values alone");
	r.has_customer = true;
	buf_reset(&b);
	trace_add_record(&b, &one, ring, &schema, arena, &r);
	is_int((int)b.len, 3 * TRACE_LEN, "and the customer");
	r = batch_record("null|null|null|", 1);
	buf_reset(&b);
	trace_add_record(&b, &one, ring, &schema, arena, &r);
	is_int((int)b.len, 0, "a null is about nobody");
	buf_free(&b);
}

static void
test_lists(void)
{
	struct buf a = {0}, b = {0};

	buf_adds(&a, "cccccccc"
	             "aaaaaaaa"
	             "cccccccc"
	             "bbbbbbbb"
	             "aaaaaaaa");
	trace_sort(&a);
	ok(a.len == 24 && !memcmp(a.data, "aaaaaaaabbbbbbbbcccccccc", 24),
	    "sorted, each once");
	ok(!trace_meet(&a, b.data, b.len), "an empty list meets none");
	trace_sort(&b);
	is_int((int)b.len, 0, "and sorts");
	ok(trace_meet(&a, "bbbbbbbbzzzzzzzz", 16), "one in common");
	ok(!trace_meet(&a, "aaaaaaabzzzzzzzz", 16), "none in common");
	buf_free(&a);
	buf_free(&b);
}

int
main(void)
{
	batch_begin();
	must(site_keyring(&site, &one, &ring, &e), "keyring");
	test_values();
	test_records();
	test_lists();
	return batch_end();
}
