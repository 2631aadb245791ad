#include "http/metrics.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/tap.h"

#define CHILDREN 4
#define EACH 20000

/* The value of a line that begins with `series` and a space; -1: none. */
static double
value(const struct buf *b, const char *series)
{
	size_t n = strlen(series);
	const char *p = b->data;

	while ((p = strstr(p, series))) {
		if ((p == b->data || p[-1] == '\n') && p[n] == ' ')
			return atof(p + n + 1);
		p += n;
	}
	return -1;
}

static double
read_value(const char *series)
{
	struct buf b = {0};
	double v;

	metrics_write(&b);
	v = value(&b, series);
	buf_free(&b);
	return v;
}

#define COUNTED "coffer_http_requests_total"
#define TIMED "coffer_http_request_duration_seconds"
#define HEALTH "method=\"GET\",route=\"/healthz\""
#define NONE "method=\"none\",route=\"none\""

static void
count(unsigned n)
{
	while (n--)
		metrics_request(&routes[0], 200, 1500);
}

static void
test_own(void)
{
	is_str(routes[0].path, "/healthz", "the route that is counted");
	count(3);
	ok(read_value(COUNTED "{" HEALTH ",status=\"2xx\"}") == 3,
	    "counts without shared memory");
	metrics_share();
	ok(read_value(COUNTED "{" HEALTH ",status=\"2xx\"}") == 0,
	    "begins anew with it");
}

/* Four processes count at once; two of them are killed while they go on. */
static void
test_shared(void)
{
	pid_t pids[CHILDREN], doomed;
	double seen;
	int i, status;

	for (i = 0; i < CHILDREN; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			metrics_process();
			count(EACH);
			_exit(0);
		}
	}
	for (i = 0; i < CHILDREN; i++)
		waitpid(pids[i], &status, 0);
	ok(read_value(COUNTED "{" HEALTH ",status=\"2xx\"}") == CHILDREN * EACH,
	    "no request of any process is lost");
	ok(read_value("coffer_process_starts_total") == CHILDREN,
	    "nor a start");
	doomed = fork();
	if (doomed == 0)
		for (;;)
			count(EACH);
	usleep(50000);
	kill(doomed, SIGKILL);
	waitpid(doomed, &status, 0);
	seen = read_value(TIMED "_count{" HEALTH "}");
	ok(seen > CHILDREN * EACH, "one that is killed has counted");
	count(7);
	ok(read_value(TIMED "_count{" HEALTH "}") == seen + 7,
	    "and the others count on");
}

static void
test_buckets(void)
{
	metrics_request(NULL, 404, 1000);
	metrics_request(NULL, 404, 1001);
	metrics_request(NULL, 503, 11000000);
	metrics_request(NULL, 0, -5);
	ok(read_value(COUNTED "{" NONE ",status=\"4xx\"}") == 2, "classes");
	ok(read_value(COUNTED "{" NONE ",status=\"5xx\"}") == 2,
	    "no status is a fault");
	ok(read_value(TIMED "_bucket{" NONE ",le=\"0.001\"}") == 2,
	    "a bound belongs to its bucket");
	ok(read_value(TIMED "_bucket{" NONE ",le=\"0.0025\"}") == 3,
	    "buckets hold those below");
	ok(read_value(TIMED "_bucket{" NONE ",le=\"10\"}") == 3, "the last");
	ok(read_value(TIMED "_bucket{" NONE ",le=\"+Inf\"}") == 4, "all");
	ok(read_value(TIMED "_sum{" NONE "}") == 11.002001, "seconds");
	metrics_audit_failures(0);
	metrics_audit_failures(2);
	ok(read_value("coffer_audit_failures_total") == 2, "audit failures");
}

int
main(void)
{
	test_own();
	test_shared();
	test_buckets();
	return done_testing();
}
