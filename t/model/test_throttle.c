/* Buckets: counting, blocking, leaking (S8). Time passes by moving the rows'
 * own times back. */
#include <unistd.h>

#include "base/clock.h"
#include "model/throttle.h"
#include "tenant.h"

#define FREE 5
#define FIRST 60000 /* ms of the first wait */

static int64_t wait_ms;

static struct throttle
named(const char *email, const char *address)
{
	struct throttle t;

	throttle_bucket(
	    &site, THROTTLE_LOGIN, one.account_id, email, address, &t);
	return t;
}

static enum err_code
take(const struct throttle *t)
{
	return throttle_take(&site, t, 1, &wait_ms, &e);
}

static void
fill(const struct throttle *t, int n)
{
	for (int i = 0; i < n; i++)
		must(take(t), "a free failure");
}

static void
pass(int64_t seconds)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "UPDATE throttle SET empty_at = empty_at - %lld,"
	    " blocked_until = blocked_until - %lld",
	    (long long)seconds * 1000, (long long)seconds * 1000);
	tenant_sql(sql);
}

static bool
about(int64_t ms, int64_t want)
{
	return ms <= want && ms > want - FIRST / 2;
}

static bool
same(struct throttle a, struct throttle b)
{
	return !memcmp(a.digest, b.digest, THROTTLE_DIGEST);
}

static void
test_buckets(void)
{
	struct throttle t = named("a@x.org", "192.0.2.1"), other;

	ok(same(t, named("a@x.org", "192.0.2.1")), "the same");
	ok(!same(t, named("b@x.org", "192.0.2.1")), "another e-mail");
	ok(!same(t, named("a@x.org", "192.0.2.2")), "another address");
	ok(same(t, named("a@x.org", "::ffff:192.0.2.1")), "IPv4 in IPv6");
	ok(same(named("a", "2001:db8::1"), named("a", "2001:db8::ffff:2")),
	    "S8: a /64 is one client");
	ok(!same(named("a", "2001:db8::1"), named("a", "2001:db8:0:1::1")),
	    "another /64 is not");
	ok(!same(named("a", "unix:"), named("a", "")), "what is no address");
	throttle_bucket(&site, THROTTLE_LOGIN, two.account_id, "a@x.org",
	    "192.0.2.1", &other);
	ok(!same(t, other), "S12: another account");
	throttle_bucket(&site, THROTTLE_ADDRESS, one.account_id, "a@x.org",
	    "192.0.2.1", &other);
	ok(!same(t, other), "another kind");
}

static void
test_doubling(void)
{
	struct throttle t = named("double@x.org", "192.0.2.1");
	int64_t want = FIRST;

	fill(&t, FREE);
	for (int i = 0; i < 4; i++) {
		is_int(take(&t), ERR_TOO_MANY_REQUESTS, "S8: blocked");
		ok(about(wait_ms, want), "S8: for %lld of %lld ms",
		    (long long)wait_ms, (long long)want);
		is_int(throttle_look(&site, &t, &wait_ms, &e),
		    ERR_TOO_MANY_REQUESTS, "as a look says, too");
		pass(want / 1000);
		must(take(&t), "one more after the wait");
		want *= 2;
	}
	tenant_sql("UPDATE throttle SET empty_at = empty_at + 90000000,"
	           " blocked_until = 0");
	must(take(&t), "one of a hundred");
	is_int(take(&t), ERR_TOO_MANY_REQUESTS, "blocked");
	ok(about(wait_ms, 900000), "S8: never longer than the most");
}

static void
test_leak(void)
{
	struct throttle t = named("leak@x.org", "192.0.2.1");

	fill(&t, FREE);
	pass(3 * 900 + 100);
	fill(&t, 2);
	is_int(take(&t), ERR_OK, "three failures were forgiven in time");
	is_int(take(&t), ERR_TOO_MANY_REQUESTS, "and no more than three");
	pass(86400);
	fill(&t, FREE);
	is_int(take(&t), ERR_TOO_MANY_REQUESTS, "an old bucket is a new one");
}

static void
test_success(void)
{
	struct throttle t = named("good@x.org", "192.0.2.1");

	fill(&t, FREE);
	must(throttle_clear(&site, &t, &e), "clear");
	fill(&t, FREE);
	must(throttle_give(&site, &t, &e), "give");
	is_int(take(&t), ERR_OK, "a failure given back ends its block");
	is_int(take(&t), ERR_TOO_MANY_REQUESTS, "which the next makes again");
	pass(FIRST / 1000);
	fill(&t, 1);
	must(throttle_give(&site, &t, &e), "give");
	is_int(take(&t), ERR_TOO_MANY_REQUESTS,
	    "S8: a success does not end a block that others' failures made");
}

/* A bucket that is blocked takes the others with it: nothing is counted. */
static void
test_together(void)
{
	struct throttle t[2] = {
	    named("both@x.org", "192.0.2.1"), named("all", "192.0.2.1")};

	fill(&t[1], FREE);
	for (int i = 0; i < FREE + 1; i++)
		is_int(throttle_take(&site, t, 2, &wait_ms, &e),
		    ERR_TOO_MANY_REQUESTS, "the second is blocked");
	is_int(take(&t[0]), ERR_OK, "and the first has counted nothing");
}

static void
test_sweep(void)
{
	struct throttle t = named("kept@x.org", "192.0.2.9");

	pass(86400);
	fill(&t, FREE);
	must(throttle_sweep(site.db, &e), "sweep");
	is_int(take(&t), ERR_TOO_MANY_REQUESTS, "a live bucket is kept");
	pass(86400);
	must(throttle_sweep(site.db, &e), "sweep");
	is_int(throttle_look(&site, &t, &wait_ms, &e), ERR_OK, "after that");
	ok(wait_ms < -clock_now_ms() / 2, "one that is empty is gone");
}

int
main(void)
{
	tenant_begin();
	server.conf.auth_guess_delay = FIRST;
	test_buckets();
	test_doubling();
	test_leak();
	test_success();
	test_together();
	test_sweep();
	return tenant_end();
}
