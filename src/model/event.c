#include "model/event.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 9 /* length, time, kind */

/* An event in hand: its ids' bytes. */
struct event {
	const uint8_t *start, *ids, *end;
	int64_t at;
	unsigned kind;
};

/* The event at p; false at `end` or where the bytes are none. */
static bool
event_read(const uint8_t *p, const uint8_t *end, struct event *out)
{
	unsigned len, i;

	if (end - p < HEAD)
		return false;
	len = p[0] | (unsigned)p[1] << 8;
	if (len < HEAD - 2 || (size_t)(end - p) < len + 2)
		return false;
	out->start = p;
	out->at = 0;
	for (i = 6; i; i--)
		out->at = out->at << 8 | p[1 + i];
	out->kind = p[8];
	out->ids = p + HEAD;
	out->end = p + 2 + len;
	return true;
}

static void
add_number(struct buf *out, uint32_t v)
{
	while (v >= 0x80) {
		buf_addc(out, (char)(v | 0x80));
		v >>= 7;
	}
	buf_addc(out, (char)v);
}

/* The next number at *p; false at `end`. */
static bool
take_number(const uint8_t **p, const uint8_t *end, uint32_t *out)
{
	unsigned shift = 0;

	*out = 0;
	while (*p < end && shift < 32) {
		uint8_t b = *(*p)++;

		*out |= (uint32_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return true;
		shift += 7;
	}
	return false;
}

unsigned
event_count(const char *packed, size_t n)
{
	const uint8_t *p = (const uint8_t *)packed, *end = p + n;
	struct event ev;
	unsigned count = 0;

	for (; event_read(p, end, &ev); p = ev.end)
		count++;
	return count;
}

/* Appends what is to stay of the old events beside one of `more` bytes. */
static void
keep(struct buf *out, const char *old, size_t n, size_t more)
{
	const uint8_t *p = (const uint8_t *)old, *end = p + n, *last = p;
	unsigned count = event_count(old, n);
	struct event ev;

	while (event_read(last, end, &ev))
		last = ev.end;
	while (
	    event_read(p, last, &ev) &&
	    (count >= EVENTS_MAX || (size_t)(last - p) + more > EVENTS_BYTES)) {
		p = ev.end;
		count--;
	}
	if (last > p)
		buf_add(out, p, (size_t)(last - p));
}

static int
compare_ids(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
event_append(struct buf *out, const char *old, size_t n, int64_t at,
    enum event_kind kind, const uint32_t *ids, unsigned nids)
{
	uint32_t sorted[FIELDS_MAX], before = 0;
	struct buf ev = {0};
	unsigned i;

	assert(nids <= FIELDS_MAX);
	if (nids) {
		memcpy(sorted, ids, nids * sizeof(*ids));
		qsort(sorted, nids, sizeof(*sorted), compare_ids);
	}
	buf_add(&ev, "\0\0", 2);
	for (i = 0; i < 6; i++)
		buf_addc(&ev, (char)(at >> (8 * i)));
	buf_addc(&ev, (char)kind);
	for (i = 0; i < nids; i++) {
		add_number(&ev, sorted[i] - before);
		before = sorted[i];
	}
	ev.data[0] = (char)((ev.len - 2) & 0xff);
	ev.data[1] = (char)((ev.len - 2) >> 8);
	keep(out, old, n, ev.len);
	buf_add(out, ev.data, ev.len);
	buf_free(&ev);
}

static const char *
kind_name(unsigned kind)
{
	static const char *const names[] = {
#define X(name, text, number) [number] = text,
#include "tbl/event_kinds.h"
#undef X
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : NULL;
}

static void
begin(struct buf *out, int64_t at, const char *kind)
{
	buf_adds(out, "{\"at\":\"");
	buf_add_time(out, at);
	buf_addf(out, "\",\"event\":\"%s\",\"attributes\":[", kind);
}

static void
write_one(struct buf *out, const struct event *ev, const struct schema *s)
{
	const struct field *f;
	const char *comma = "";
	const uint8_t *p = ev->ids;
	uint32_t id = 0, step;

	begin(out, ev->at, kind_name(ev->kind));
	while (take_number(&p, ev->end, &step)) {
		id += step;
		f = schema_by_id(s, id);
		if (!f)
			continue;
		buf_adds(out, comma);
		buf_add_json(out, f->name, strlen(f->name));
		comma = ",";
	}
	buf_adds(out, "]}");
}

void
event_write(struct buf *out, const char *packed, size_t n, int64_t created_at,
    const struct schema *s)
{
	const uint8_t *p = (const uint8_t *)packed, *end = p + n;
	struct event list[EVENTS_MAX];
	unsigned count = 0, i;

	while (count < EVENTS_MAX && event_read(p, end, &list[count])) {
		p = list[count].end;
		count += kind_name(list[count].kind) != NULL;
	}
	buf_addc(out, '[');
	for (i = count; i; i--) {
		write_one(out, &list[i - 1], s);
		if (i > 1 || count < EVENTS_MAX)
			buf_addc(out, ',');
	}
	if (count < EVENTS_MAX) {
		begin(out, created_at, kind_name(EVENT_CREATED));
		buf_adds(out, "]}");
	}
	buf_addc(out, ']');
}
