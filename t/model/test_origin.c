/* Origins: which text is one, and a workspace's list (S11). */
#include "model/origin.h"
#include "tenant.h"

static bool
reads(const char *text, const char *want)
{
	char got[ORIGIN_TEXT] = "";

	return origin_parse(text, strlen(text), got) && !strcmp(got, want);
}

static bool
refuses(const char *text)
{
	char got[ORIGIN_TEXT];

	return !origin_parse(text, strlen(text), got);
}

static void
test_parse(void)
{
	static const char *const SAME[] = {"https://example.com",
	    "https://shop.example.com:8443", "https://localhost",
	    "https://192.0.2.1:1", "https://[2001:db8::1]:444",
	    "https://xn--bcher-kva.example"};
	static const char *const NONE[] = {"", "null", "*", "https://",
	    "https://*", "https://*.example.com", "http://example.com",
	    "example.com", "https://example.com/", "https://example.com/x",
	    "https://example.com?x", "https://example.com#x",
	    "https://u@example.com",
	    "https://example.com:", "https://example.com:0",
	    "https://example.com:65536", "https://example.com:080",
	    "https://example.com:4x", "https://exa mple.com", "https://-a.com",
	    "https://a-.com", "https://a..com", "https://.com",
	    "https://a.com.",
	    "https://b\xc3\xbc"
	    "cher.example",
	    "https://[::1", "https://[1]", "https://::1",
	    "https://a.com,https://b.com", "https://[::1]x",
	    "ftp://example.com", "https:///example.com"};

	for (size_t i = 0; i < sizeof(SAME) / sizeof(SAME[0]); i++)
		ok(reads(SAME[i], SAME[i]), "%s", SAME[i]);
	for (size_t i = 0; i < sizeof(NONE) / sizeof(NONE[0]); i++)
		ok(refuses(NONE[i]), "no origin: \"%s\"", NONE[i]);
	ok(reads("HTTPS://Example.COM:443", "https://example.com"),
	    "written as browsers do");
}

static bool
allowed(const struct db_context *ctx, const char *origin)
{
	bool yes;

	must(origin_allowed(site.db, ctx, origin, &yes, &e), "allowed");
	return yes;
}

static bool
known(const char *account, const char *origin)
{
	bool yes;

	must(origin_known(site.db, account, origin, &yes, &e), "known");
	return yes;
}

static bool
lists(const char *want)
{
	struct buf b = {0};
	bool same;

	must(origin_list(site.db, &one, &b, &e), "list");
	same = !strcmp(b.data ? b.data : "", want);
	buf_free(&b);
	return same;
}

static void
test_list(void)
{
	char many[ORIGIN_TEXT + 20];

	must(origin_set(&site, &one,
	         "https://b.example,https://A.example,"
	         "https://a.example:443",
	         &e),
	    "set");
	ok(lists("https://a.example\nhttps://b.example\n"),
	    "in order, each once");
	ok(allowed(&one, "https://a.example"), "one of them");
	ok(!allowed(&one, "https://a.example:8443"), "S11: another port");
	ok(!allowed(&one, "https://c.a.example"), "S11: a subdomain");
	ok(!allowed(&one, "https://A.example"), "S11: as browsers never do");
	ok(!allowed(&two, "https://a.example"), "S12: another workspace");
	ok(known(NULL, "https://a.example"), "known");
	ok(known("one", "https://a.example"), "to its account");
	ok(!known("two", "https://a.example"), "not to another");
	memset(many, 'a', sizeof(many));
	many[sizeof(many) - 1] = '\0';
	ok(!allowed(&one, many) && !known(NULL, many), "a long one");
	ok(!allowed(&one, "https://\xff") && !known(NULL, "a\r\nb"), "junk");
	is_int(origin_set(&site, &one, "https://c.example,*", &e),
	    ERR_BAD_REQUEST, "a list with something else");
	ok(strstr(err_text(&e), "\"*\"") != NULL, "is refused by name");
	ok(allowed(&one, "https://a.example"), "and changes nothing");
	must(origin_set(&site, &one, "", &e), "set");
	ok(lists("") && !allowed(&one, "https://a.example"), "an empty list");
}

int
main(void)
{
	tenant_begin();
	test_parse();
	test_list();
	return tenant_end();
}
