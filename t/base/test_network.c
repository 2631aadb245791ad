#include "base/network.h"
#include "t/tap.h"

static void
test_valid(void)
{
	ok(network_list_valid(""), "an empty list");
	ok(network_list_valid(" 127.0.0.0/8, ::1\t10.0.0.7 "), "a list");
	ok(network_list_valid("0.0.0.0/0 ::/0"), "everybody");
	ok(!network_list_valid("localhost"), "no names");
	ok(!network_list_valid("127.0.0.1 10.0.0.0/33"), "a long prefix");
	ok(!network_list_valid("::1/129"), "a longer one");
	ok(!network_list_valid("10.0.0.0/"), "no prefix");
	ok(!network_list_valid("10.0.0.0/-1"), "a negative one");
	ok(!network_list_valid("10.0.0"), "half an address");
	ok(!network_list_valid("1111:2222:3333:4444:5555:6666:7777:8888:9999:"
	                       "1111:2222:3333:4444:5555"),
	    "a word that is too long");
}

static void
test_has(void)
{
	static const char LIST[] = "127.0.0.0/8 ::1,10.1.2.3 192.168.64.0/18"
	                           " 2001:db8::/33";

	ok(network_list_has(LIST, "127.0.0.1"), "loopback");
	ok(network_list_has(LIST, "127.255.1.1"), "all of it");
	ok(network_list_has(LIST, "::1"), "IPv6");
	ok(network_list_has(LIST, "::ffff:127.0.0.1"), "IPv4 within IPv6");
	ok(network_list_has(LIST, "10.1.2.3"), "an address");
	ok(!network_list_has(LIST, "10.1.2.4"), "its neighbour");
	ok(network_list_has(LIST, "192.168.127.255"), "a network's last");
	ok(!network_list_has(LIST, "192.168.128.0"), "the one after it");
	ok(!network_list_has(LIST, "192.168.63.255"), "the one before it");
	ok(network_list_has(LIST, "2001:db8:7fff::1"), "an IPv6 network");
	ok(!network_list_has(LIST, "2001:db8:8000::1"), "beyond it");
	ok(!network_list_has(LIST, "::2"), "another");
	ok(!network_list_has(LIST, ""), "no address");
	ok(!network_list_has(LIST, "127.0.0.1/8"), "a network is no address");
	ok(!network_list_has(LIST, "unix:"), "nor is a word");
	ok(!network_list_has("", "127.0.0.1"), "nobody is in an empty list");
	ok(network_list_has("0.0.0.0/0", "203.0.113.9"), "everybody's IPv4");
	ok(!network_list_has("0.0.0.0/0", "2001:db8::1"), "is not IPv6");
	ok(network_list_has("::/0", "2001:db8::1"), "everybody");
}

int
main(void)
{
	test_valid();
	test_has();
	return done_testing();
}
