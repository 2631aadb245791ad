/* Events: packed, bounded, written by name. No database. */
#include "model/event.h"

#include "setup.h"

static struct field fields[] = {
    {.id = 300, .name = "email"},
    {.id = 16, .name = "name"},
    {.id = 70000, .name = "tier"},
};
static const struct schema schema = {.fields = fields, .n = 3};

/* Adds an event behind those in *b. */
static void
add(struct buf *b, int64_t at, const uint32_t *ids, unsigned n)
{
	struct buf out = {0};

	event_append(&out, b->data, b->len, at, EVENT_CHANGED, ids, n);
	buf_free(b);
	*b = out;
}

static const char *
text(const struct buf *b, int64_t created_at)
{
	struct buf out = {0};
	const char *s;

	event_write(&out, b->data, b->len, created_at, &schema);
	s = arena_strdup(arena, out.data);
	buf_free(&out);
	return s;
}

#define CREATED                                                       \
	"{\"at\":\"1970-01-01T00:00:00.001Z\",\"event\":\"created\"," \
	"\"attributes\":[]}"

static void
test_write(void)
{
	static const uint32_t all[] = {70000, 16, 300}, one[] = {16},
	                      gone[] = {17, 300};
	struct buf b = {0};

	is_str(text(&b, 1), "[" CREATED "]", "a new customer was created");
	add(&b, INT64_C(1700000000123), all, 3);
	is_int((int)b.len, 9 + 1 + 2 + 3, "packed: head and three distances");
	add(&b, INT64_C(1700000000124), gone, 2);
	add(&b, INT64_C(1700000000125), one, 1);
	is_str(text(&b, 1),
	    "[{\"at\":\"2023-11-14T22:13:20.125Z\",\"event\":\"changed\","
	    "\"attributes\":[\"name\"]},"
	    "{\"at\":\"2023-11-14T22:13:20.124Z\",\"event\":\"changed\","
	    "\"attributes\":[\"email\"]},"
	    "{\"at\":\"2023-11-14T22:13:20.123Z\",\"event\":\"changed\","
	    "\"attributes\":[\"name\",\"email\",\"tier\"]}," CREATED "]",
	    "the newest first, by name, without fields that are gone");
	buf_free(&b);
}

/* How often a word stands in a text. */
static int
occurs(const char *s, const char *word)
{
	int n = 0;

	for (s = strstr(s, word); s; s = strstr(s + 1, word))
		n++;
	return n;
}

static void
test_bound(void)
{
	static const uint32_t ids[] = {16};
	struct buf b = {0};
	int i;

	for (i = 0; i < EVENTS_MAX - 1; i++)
		add(&b, i, ids, 1);
	is_int(occurs(text(&b, 1), "\"at\""), EVENTS_MAX,
	    "the creation is one of the most that are told");
	for (i = EVENTS_MAX - 1; i < EVENTS_MAX + 50; i++)
		add(&b, i, ids, 1);
	is_int((int)event_count(b.data, b.len), EVENTS_MAX, "no more stay");
	ok(!strstr(text(&b, 1), "created") && strstr(text(&b, 1), ".149Z") &&
	        strstr(text(&b, 1), ".050Z") && !strstr(text(&b, 1), ".049Z"),
	    "the newest");
	buf_free(&b);
}

static void
test_bytes(void)
{
	static uint32_t ids[FIELDS_MAX];
	struct buf b = {0};
	uint32_t i;

	for (i = 0; i < FIELDS_MAX; i++)
		ids[i] = i * 3000000;
	for (i = 0; i < EVENTS_MAX; i++)
		add(&b, i, ids, FIELDS_MAX);
	ok(b.len <= EVENTS_BYTES, "events of many fields fit in their column");
	ok(event_count(b.data, b.len) > 20, "and are not lost");
	ok(strstr(text(&b, 1), ".099Z") != NULL, "the newest stays");
	buf_free(&b);
}

static void
test_damaged(void)
{
	static const uint32_t ids[] = {16};
	struct buf b = {0};
	size_t n;

	add(&b, 5, ids, 1);
	add(&b, 6, ids, 1);
	for (n = 0; n < b.len; n++) {
		struct buf cut = {0};

		buf_add(&cut, b.data, n);
		add(&cut, 7, ids, 1);
		if (event_count(cut.data, cut.len) != 1 + n / (b.len / 2))
			break;
		buf_free(&cut);
	}
	is_int((int)n, (int)b.len, "what is cut off goes, the rest stays");
	b.data[8] = 9;
	ok(strstr(text(&b, 1), ".006Z") && !strstr(text(&b, 1), ".005Z"),
	    "an event of an unknown kind is passed over");
	b.data[0] = 1;
	is_str(text(&b, 1), "[" CREATED "]", "a wrong length ends the reading");
	buf_free(&b);
}

int
main(void)
{
	setup();
	test_write();
	test_bound();
	test_bytes();
	test_damaged();
	arena_free(&arena);
	return done_testing();
}
