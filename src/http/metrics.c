#include "http/metrics.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/clock.h"

#define CLASSES 5 /* 1xx to 5xx */
#define LABELS_MAX 160

/* Routes, and behind them a place for requests of none. */
enum {
	PLACE_NONE = 0
#define ROUTE(method, path, face, auth, right, body, reads, handler) +1
#include "tbl/routes.h"
#undef ROUTE
	,
	PLACES
};

/* Upper bounds of the buckets, which is what `le` means; behind them +Inf. */
static const struct {
	int64_t microseconds;
	const char *text;
} BOUNDS[] = {{1000, "0.001"}, {2500, "0.0025"}, {5000, "0.005"},
    {10000, "0.01"}, {25000, "0.025"}, {50000, "0.05"}, {100000, "0.1"},
    {500000, "0.5"}, {2500000, "2.5"}, {10000000, "10"}};
#define NBOUNDS (sizeof(BOUNDS) / sizeof(BOUNDS[0]))

typedef _Atomic uint64_t counter;
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && sizeof(counter) == 8,
    "a counter that is shared by processes has to be free of locks");

struct counts {
	struct place {
		counter classes[CLASSES];
		counter buckets[NBOUNDS + 1]; /* each by itself */
		counter microseconds;
	} places[PLACES];
	counter processes, audit_failures;
	int64_t started; /* milliseconds since 1970 */
};

static struct counts own;
static struct counts *counts = &own;

void
metrics_share(void)
{
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		abort();
	counts->started = clock_now_ms();
}

/* Counts are read one by one: no order between them is asked for. */
static void
add(counter *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static uint64_t
get(const counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

void
metrics_process(void)
{
	add(&counts->processes, 1);
}

void
metrics_audit_failures(uint64_t n)
{
	if (n)
		add(&counts->audit_failures, n);
}

void
metrics_request(const struct route *route, int status, int64_t microseconds)
{
	struct place *p =
	    &counts->places[route ? (unsigned)(route - routes) : PLACE_NONE];
	size_t i = 0;

	if (status < 100 || status >= 100 * (CLASSES + 1))
		status = 500;
	if (microseconds < 0)
		microseconds = 0;
	while (i < NBOUNDS && microseconds > BOUNDS[i].microseconds)
		i++;
	add(&p->classes[status / 100 - 1], 1);
	add(&p->buckets[i], 1);
	add(&p->microseconds, (uint64_t)microseconds);
}

void
metrics_family(
    struct buf *out, const char *name, const char *type, const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* The labels of a place; one of no route has "none" for both. */
static const char *
labels(unsigned place, char *out, size_t n)
{
	bool none = place == PLACE_NONE;

	snprintf(out, n, "method=\"%s\",route=\"%s\"",
	    none ? "none" : routes[place].method,
	    none ? "none" : routes[place].path);
	return out;
}

static void
write_requests(struct buf *out)
{
	static const char NAME[] = "coffer_http_requests_total";
	char text[LABELS_MAX];
	unsigned i, c;

	metrics_family(out, NAME, "counter",
	    "Requests answered, by route and class of status.");
	for (i = 0; i < PLACES; i++)
		for (c = 0; c < CLASSES; c++)
			buf_addf(out, "%s{%s,status=\"%uxx\"} %llu\n", NAME,
			    labels(i, text, sizeof(text)), c + 1,
			    (unsigned long long)get(
			        &counts->places[i].classes[c]));
}

/* The count is the sum of the buckets that were read: they always agree. */
static void
write_histogram(struct buf *out, const char *name, unsigned place)
{
	const struct place *p = &counts->places[place];
	uint64_t sum = get(&p->microseconds), n = 0;
	char text[LABELS_MAX];
	size_t i;

	labels(place, text, sizeof(text));
	for (i = 0; i <= NBOUNDS; i++) {
		n += get(&p->buckets[i]);
		buf_addf(out, "%s_bucket{%s,le=\"%s\"} %llu\n", name, text,
		    i < NBOUNDS ? BOUNDS[i].text : "+Inf",
		    (unsigned long long)n);
	}
	buf_addf(out, "%s_sum{%s} %llu.%06llu\n%s_count{%s} %llu\n", name, text,
	    (unsigned long long)(sum / 1000000),
	    (unsigned long long)(sum % 1000000), name, text,
	    (unsigned long long)n);
}

static void
write_one(struct buf *out, const char *name, const char *help, const counter *c)
{
	metrics_family(out, name, "counter", help);
	buf_addf(out, "%s %llu\n", name, (unsigned long long)get(c));
}

void
metrics_write(struct buf *out)
{
	static const char DURATION[] = "coffer_http_request_duration_seconds";
	unsigned i;

	write_requests(out);
	metrics_family(out, DURATION, "histogram",
	    "Time from the connection of the web server to the end of the "
	    "answer, by route.");
	for (i = 0; i < PLACES; i++)
		write_histogram(out, DURATION, i);
	write_one(out, "coffer_process_starts_total",
	    "Processes of the pool that have started, first ones included.",
	    &counts->processes);
	write_one(out, "coffer_audit_failures_total",
	    "Entries that the audit log could not take.",
	    &counts->audit_failures);
	metrics_family(out, "coffer_start_time_seconds", "gauge",
	    "Start of the pool, in seconds since 1970.");
	buf_addf(out, "coffer_start_time_seconds %lld.%03lld\n",
	    (long long)(counts->started / 1000),
	    (long long)(counts->started % 1000));
}
