#include "base/buf.h"
#include "base/bytes.h"
#include "t/tap.h"

#define TEXT "0f8fad5b-d9cb-469f-a165-70867728950e"

static void
test_uuid(void)
{
	static const char *const BAD[] = {"",
	    "0f8fad5b-d9cb-469f-a165-70867728950",
	    "0f8fad5b-d9cb-469f-a165-70867728950e0",
	    "0f8fad5b-d9cb-169f-a165-70867728950e",
	    "0f8fad5b-d9cb-469f-c165-70867728950e",
	    "0f8fad5bd-9cb-469f-a165-70867728950e",
	    "0f8fad5b-d9cb-469f-a165-7086772895 e",
	    "gf8fad5b-d9cb-469f-a165-70867728950e",
	    "0f8fad5b0d9cb0469f0a165070867728950e",
	    "{f8fad5b-d9cb-469f-a165-70867728950}"};
	struct uuid u, before;
	char s[UUID_TEXT];
	size_t i;

	ok(uuid_parse(TEXT, 36, &u), "a version 4 UUID");
	uuid_format(&u, s);
	is_str(s, TEXT, "written as it was read");
	ok(uuid_parse("0F8FAD5B-D9CB-469F-A165-70867728950E", 36, &before),
	    "upper case");
	ok(!memcmp(&u, &before, sizeof(u)), "case makes no difference");
	for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		ok(!uuid_parse(BAD[i], strlen(BAD[i]), &u), "refused: %s",
		    BAD[i]);
	ok(!memcmp(&u, &before, sizeof(u)), "unchanged when refused");
	memset(&u, 0xff, sizeof(u));
	uuid_stamp_v4(&u);
	uuid_format(&u, s);
	is_str(s, "ffffffff-ffff-4fff-bfff-ffffffffffff", "stamped");
	ok(uuid_parse(s, 36, &u), "a stamped UUID is read");
}

static void
test_b64(void)
{
	static const char *const BAD[] = {"A", "AA", "AAA",
	    "A===", "====", "AA=A", "AAA=AAAA", "AA==\n",
	    "AB==", "AAB=", "AA-_", "A A=", "\xff\xff\xff\xff", "AAAAA"};
	uint8_t out[64];
	size_t n, i;

	ok(b64_decode("Zm9vYmFy", 8, out, &n) && n == 6 &&
	        !memcmp(out, "foobar", 6),
	    "base64: whole groups");
	ok(b64_decode("Zm9vYg==", 8, out, &n) && n == 4, "base64: ==");
	ok(b64_decode("Zm9vYmE=", 8, out, &n) && n == 5 && out[4] == 'a',
	    "base64: =");
	ok(b64_decode("", 0, out, &n) && n == 0, "base64: empty");
	ok(b64_decode("/+++//8=", 8, out, &n) && n == 5 &&
	        !memcmp(out, "\xff\xef\xbe\xff\xff", 5),
	    "base64: + and /");
	for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		ok(!b64_decode(BAD[i], strlen(BAD[i]), out, &n),
		    "base64: refused, case %zu", i);
	ok(!b64_decode("AA\0A", 4, out, &n), "base64: NUL refused");
}

/* Long texts are decoded many digits at once: every byte at every place. */
static void
test_b64_long(void)
{
	static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                             "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[65];
	uint8_t out[64];
	struct buf again = {0};
	unsigned wrong = 0, at, c;
	size_t n;
	bool right;

	for (at = 0; at < 64; at++) {
		for (c = 0; c < 256; c++) {
			memcpy(text, DIGITS, sizeof(text));
			text[at] = (char)c;
			right = b64_decode(text, 64, out, &n);
			wrong += right != (c && strchr(DIGITS, (int)c));
			if (!right)
				continue;
			buf_reset(&again);
			buf_add_b64(&again, out, n);
			wrong += n != 48 || memcmp(again.data, text, 64);
		}
	}
	is_int(wrong, 0, "base64: every byte at every place of a long one");
	buf_free(&again);
}

static void
test_b64_lengths(void)
{
	uint8_t in[100], out[104];
	struct buf text = {0};
	unsigned wrong = 0;
	size_t n, len, i, room;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 89 + 3);
	for (n = 0; n <= sizeof(in); n++) {
		buf_reset(&text);
		buf_add_b64(&text, in, n);
		room = text.len / 4 * 3;
		memset(out, 0x5a, sizeof(out));
		wrong += !b64_decode(text.data, text.len, out, &len) ||
		         len != n || memcmp(in, out, n);
		for (i = room; i < sizeof(out); i++)
			wrong += out[i] != 0x5a;
	}
	is_int(wrong, 0, "base64: every length, and nothing past its room");
	buf_free(&text);
}

static void
test_equal(void)
{
	uint8_t a[40] = {0}, b[40] = {0};
	unsigned wrong = 0;
	size_t n, bit;

	for (n = 1; n <= sizeof(a); n++) {
		wrong += !bytes_equal_ct(a, b, n);
		for (bit = 0; bit < 8 * sizeof(a); bit++) {
			b[bit / 8] = (uint8_t)(1 << bit % 8);
			wrong += bytes_equal_ct(a, b, n) != (bit / 8 >= n);
			b[bit / 8] = 0;
		}
	}
	is_int(wrong, 0, "every bit counts at every length");
}

static void
test_b64url(void)
{
	static const char *const BAD[] = {
	    "A", "AA==", "AAA=", "AB", "AAB", "AA+/", "AAAAA", "A.AA"};
	uint8_t in[40], out[40];
	char s[60];
	size_t n, i, wrong = 0, len;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(255 - i * 37);
	for (n = 0; n <= sizeof(in); n++) {
		b64url_encode(in, n, s);
		wrong += strlen(s) != (n * 4 + 2) / 3 ||
		         !b64url_decode(s, strlen(s), out, &len) || len != n ||
		         memcmp(in, out, n);
	}
	is_int(wrong, 0, "base64url: there and back at every length");
	b64url_encode((const uint8_t *)"\xff\xef\xbe\xff", 4, s);
	is_str(s, "_---_w", "base64url: - and _");
	for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		ok(!b64url_decode(BAD[i], strlen(BAD[i]), out, &n),
		    "base64url: refused, case %zu", i);
}

int
main(void)
{
	uint8_t p[4];
	char s[9];

	test_uuid();
	test_b64();
	test_b64_long();
	test_b64_lengths();
	test_b64url();
	test_equal();
	put_u32(p, 0x89abcdefu);
	ok(!memcmp(p, "\xef\xcd\xab\x89", 4), "put_u32 is little-endian");
	is_int(get_u32(p), 0x89abcdefu, "get_u32");
	hex_encode(p, 4, s);
	is_str(s, "efcdab89", "hex");
	is_int(hex_digit('0'), 0, "a hex digit");
	is_int(hex_digit('f'), 15, "of lower case");
	is_int(hex_digit('A'), 10, "of upper case");
	is_int(hex_digit('g'), -1, "none");
	ok(bytes_equal_ct("same", "same", 4), "equal");
	ok(bytes_equal_ct("a", "b", 0), "nothing equals nothing");
	ok(!bytes_equal_ct("same", "sane", 4), "not equal");
	ok(!bytes_equal_ct("\x80", "\x00", 1), "not equal in the top bit");
	wipe(p, sizeof(p));
	is_int(get_u32(p), 0, "wiped");
	wipe(NULL, 0);
	return done_testing();
}
