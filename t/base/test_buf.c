#include "base/buf.h"
#include "t/tap.h"

#include <stdlib.h>

static void
test_append(void)
{
	struct buf b = {.max = 0};
	int i;

	buf_add(&b, NULL, 0);
	is_str(b.data, "", "an empty append ends with NUL");
	buf_adds(&b, "ab");
	buf_addc(&b, 'c');
	buf_addf(&b, "%d", 12);
	buf_add_u64(&b, UINT64_MAX);
	buf_addc(&b, ' ');
	buf_add_i64(&b, INT64_MIN);
	buf_add_u64(&b, 0);
	buf_add_i64(&b, -1);
	is_str(b.data, "abc1218446744073709551615 -92233720368547758080-1",
	    "appends");
	for (i = 0; i < 10000; i++)
		buf_adds(&b, "0123456789");
	is_int(b.len, 100049, "grows");
	is_int(b.data[b.len], 0, "NUL at the end");
	buf_reset(&b);
	is_str(b.data, "", "reset");
	ok(b.data[1] == 0 && b.data[50000] == 0, "reset wipes");
	buf_free(&b);
	ok(!b.data && !b.len && !b.cap, "free");
}

static void
test_max(void)
{
	struct buf b = {.max = 5};

	buf_adds(&b, "12345");
	ok(!b.overflow, "max bytes fit");
	buf_addc(&b, '6');
	ok(b.overflow, "one more does not");
	is_str(b.data, "12345", "what is there stays");
	buf_reset(&b);
	ok(!b.overflow, "reset clears overflow");
	buf_adds(&b, "123456");
	buf_addc(&b, '1');
	is_int(b.len, 0, "nothing is taken after an overflow");
	ok(!buf_room(&b, 1), "no room either");
	buf_reset(&b);
	ok(!buf_room(&b, SIZE_MAX), "no room for everything");
	buf_reset(&b);
	buf_add_json(&b, "abcd", 4);
	buf_add_b64(&b, "abcd", 4);
	buf_add_time(&b, 0);
	ok(b.overflow, "json, b64 and time heed max");
	buf_free(&b);
	is_int(b.max, 5, "free keeps max");
}

static void
is_json(const char *s, size_t n, const char *want, const char *name)
{
	struct buf b = {.max = 0};

	buf_add_json(&b, s, n);
	is_str(b.data, want, "json: %s", name);
	is_int(b.len, strlen(want), "json: %s: length", name);
	buf_free(&b);
}

/* Every byte at every place of strings around the word size, against the
 * rule of RFC 8259 written down byte by byte. */
static void
test_json_places(void)
{
	struct buf b = {.max = 0}, want = {.max = 0};
	char s[20];
	size_t n, at, wrong = 0;
	int c;

	for (c = 0; c < 256; c++) {
		for (n = 1; n < sizeof(s); n++) {
			for (at = 0; at < n; at++) {
				size_t i;

				memset(s, 'x', n);
				s[at] = (char)c;
				buf_reset(&b);
				buf_reset(&want);
				buf_add_json(&b, s, n);
				buf_addc(&want, '"');
				for (i = 0; i < n; i++) {
					if (s[i] == '"' || s[i] == '\\')
						buf_addf(&want, "\\%c", s[i]);
					else if (s[i] &&
					         strchr("\b\t\n\f\r", s[i]))
						buf_addf(&want, "\\%c",
						    "btn?fr"[s[i] - '\b']);
					else if ((unsigned char)s[i] < 0x20)
						buf_addf(
						    &want, "\\u%04x", s[i]);
					else
						buf_addc(&want, s[i]);
				}
				buf_addc(&want, '"');
				wrong += b.len != want.len ||
				         memcmp(b.data, want.data, b.len);
			}
		}
	}
	is_int(wrong, 0, "json: every byte at every place");
	buf_free(&b);
	buf_free(&want);
}

static void
test_json(void)
{
	is_json("", 0, "\"\"", "empty");
	is_json(NULL, 0, "\"\"", "NULL");
	is_json("plain", 5, "\"plain\"", "plain");
	is_json("a\"b\\c/\n\r\t\b\f\x01\x1f\x7f", 14,
	    "\"a\\\"b\\\\c/\\n\\r\\t\\b\\f\\u0001\\u001f\x7f\"", "escapes");
	is_json("\"\"", 2, "\"\\\"\\\"\"", "escapes alone");
	is_json("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x92\xa9", 15,
	    "\"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x92\xa9\"", "UTF-8");
	test_json_places();
}

static void
test_b64(void)
{
	static const char *const CASES[][2] = {{"", ""}, {"f", "Zg=="},
	    {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
	    {"\xff\xef\xbe\xff\xff", "/+++//8="}};
	struct buf b = {.max = 0};
	size_t i;

	for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		buf_reset(&b);
		buf_add_b64(&b, CASES[i][0], strlen(CASES[i][0]));
		is_str(b.data, CASES[i][1], "base64: RFC 4648 case %zu", i);
	}
	buf_free(&b);
}

static void
test_csv(void)
{
	static const char *const CASES[][2] = {{"", ""}, {"plain", "plain"},
	    {"a b", "a b"}, {"a,b", "\"a,b\""}, {"\"", "\"\"\"\""},
	    {"say \"hi\"", "\"say \"\"hi\"\"\""}, {"a\nb", "\"a\nb\""},
	    {"a\rb", "\"a\rb\""}, {" a", "\" a\""}, {"a\t", "\"a\t\""},
	    {"=1+1", "=1+1"}};
	struct buf b = {.max = 0};
	size_t i;

	for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		buf_reset(&b);
		buf_add_csv(&b, CASES[i][0], strlen(CASES[i][0]));
		is_str(b.data, CASES[i][1], "csv: case %zu", i);
	}
	buf_free(&b);
}

/* Every byte at every place of every length up to 20. */
static void
test_csv_plain(void)
{
	unsigned wrong = 0, c;
	char s[20];
	size_t n, at;
	bool edge;

	for (n = 1; n <= sizeof(s); n++) {
		for (at = 0; at < n; at++) {
			for (c = 0; c < 256; c++) {
				memset(s, 'x', sizeof(s));
				s[at] = (char)c;
				edge = c == ' ' && (at == 0 || at == n - 1);
				wrong += csv_is_plain(s, n) !=
				         (c >= 0x20 && c != '"' && c != ',' &&
				             c != '\\' && !edge);
			}
		}
	}
	is_int(wrong, 0, "csv: what is plain");
	ok(csv_is_plain("", 0), "csv: nothing is plain");
}

static void
test_members(void)
{
	struct buf b = {.max = 1000};

	buf_add_member(&b, "a", "x\"y");
	buf_add_member(&b, "b", NULL);
	buf_add_member_time(&b, "c", 1795306800123);
	buf_add_member_time(&b, "d", 0);
	is_str(b.data,
	    ",\"a\":\"x\\\"y\",\"b\":null,"
	    "\"c\":\"2026-11-22T00:20:00.123Z\",\"d\":null",
	    "members");
	buf_free(&b);
}

int
main(void)
{
	struct buf b = {.max = 24};

	test_append();
	test_max();
	test_json();
	test_b64();
	test_csv();
	test_csv_plain();
	test_members();
	buf_add_time(&b, 1795306800123);
	is_str(b.data, "2026-11-22T00:20:00.123Z", "time");
	buf_free(&b);
	return done_testing();
}
