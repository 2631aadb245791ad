/* The audit log's records: their form, and what is refused. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "model/audit_record.h"
#include "t/tap.h"

static struct err e;
static char many[AUDIT_DETAIL_MAX + 1];

static struct audit_text
text_of(const char *s, size_t n)
{
	return (struct audit_text){s, n};
}

static struct audit_entry
full(void)
{
	struct audit_entry en = {.n = INT64_MAX,
	    .at = INT64_C(253402300799999),
	    .account_id = UINT32_MAX,
	    .workspace_id = UINT32_MAX - 1,
	    .user_id = UINT32_MAX - 2,
	    .has_subject = true};

	memset(many, 'x', sizeof(many) - 1);
	memcpy(many, "\xc3\xa4", 2);
	memset(en.chain, 0xff, sizeof(en.chain));
	memset(en.subject, 0xfe, sizeof(en.subject));
	memset(en.mac, 0xfd, sizeof(en.mac));
	en.level = text_of(many, AUDIT_LEVEL_MAX);
	en.action = text_of(many, AUDIT_ACTION_MAX);
	en.request = text_of(many, AUDIT_REQUEST_MAX);
	en.detail = text_of(many, AUDIT_DETAIL_MAX);
	return en;
}

static struct audit_entry
empty(void)
{
	return (struct audit_entry){.n = 1,
	    .level = text_of("", 0),
	    .action = text_of("", 0),
	    .request = text_of(NULL, 0),
	    .detail = text_of("", 0)};
}

/* One as they are. */
static struct audit_entry
usual(void)
{
	struct audit_entry en = {.n = 258,
	    .at = INT64_C(1795392000123),
	    .account_id = 7,
	    .workspace_id = 0x01020304,
	    .level = text_of("info", 4),
	    .action = text_of("group.read", 10),
	    .request = text_of("r-1", 3),
	    .detail = text_of("{\"a\":1}", 7)};

	memset(en.chain, 1, sizeof(en.chain));
	memset(en.mac, 2, sizeof(en.mac));
	return en;
}

static bool
same_text(const struct audit_text *a, const struct audit_text *b)
{
	return a->n == b->n && (!a->n || !memcmp(a->s, b->s, a->n));
}

static bool
same(const struct audit_entry *a, const struct audit_entry *b)
{
	return !memcmp(a->chain, b->chain, AUDIT_CHAIN) && a->n == b->n &&
	       a->at == b->at && a->account_id == b->account_id &&
	       a->workspace_id == b->workspace_id && a->user_id == b->user_id &&
	       same_text(&a->level, &b->level) &&
	       same_text(&a->action, &b->action) &&
	       same_text(&a->request, &b->request) &&
	       same_text(&a->detail, &b->detail) &&
	       a->has_subject == b->has_subject &&
	       !memcmp(a->subject, b->subject, AUDIT_SUBJECT) &&
	       !memcmp(a->mac, b->mac, MAC_LEN);
}

/* Reads n bytes, of which not one more can be had. */
static enum err_code
read_exactly(
    const char *s, size_t n, const struct audit_entry *want, size_t *used_out)
{
	char *room = malloc(n ? n : 1);
	struct audit_entry en;
	enum err_code rc;

	if (!room)
		abort();
	memcpy(room, s, n);
	rc = audit_record_read(room, n, &en, used_out, &e);
	if (!rc && *used_out && want && !same(&en, want))
		rc = ERR_INTERNAL;
	free(room);
	return rc;
}

static void
goes_round(struct audit_entry en, size_t length, const char *what)
{
	struct buf b = {0};
	size_t used, short_of = 0, i;

	audit_record_write(&b, &en);
	is_int((intmax_t)b.len, (intmax_t)length, "%s: its length", what);
	is_int(b.data[0], 0, "%s: the first byte is 0", what);
	is_int(read_exactly(b.data, b.len, &en, &used), ERR_OK,
	    "%s: read as it was", what);
	is_int((intmax_t)used, (intmax_t)b.len, "%s: all of it", what);
	for (i = 0; i < b.len; i++)
		short_of += !read_exactly(b.data, i, NULL, &used) && !used;
	is_int((intmax_t)short_of, (intmax_t)b.len,
	    "%s: cut anywhere it is a beginning", what);
	audit_record_write(&b, &en);
	buf_adds(&b, "{");
	is_int(read_exactly(b.data, b.len, &en, &used), ERR_OK,
	    "%s: read before others", what);
	is_int((intmax_t)used, (intmax_t)length, "%s: it alone", what);
	buf_free(&b);
}

static void
test_round(void)
{
	goes_round(empty(), 4 + AUDIT_RECORD_LEAST, "empty");
	goes_round(usual(), 4 + AUDIT_RECORD_LEAST + 24, "usual");
	goes_round(full(), 4 + AUDIT_RECORD_MAX, "full");
}

/* A record as the header says it, byte by byte. */
static void
test_form(void)
{
	static const char want[] =
	    "0000006e"
	    "01010101010101010101010101010101"
	    "0000000000000102"
	    "000001a205b3d07b"
	    "00000007"
	    "01020304"
	    "00000000"
	    "0202020202020202020202020202020202020202020202020202020202020202"
	    "0004696e666f"
	    "000a67726f75702e72656164"
	    "0000"
	    "0003722d31"
	    "00077b2261223a317d";
	struct audit_entry en = usual();
	struct buf b = {0}, hex = {0};

	audit_record_write(&b, &en);
	audit_add_hex(&hex, b.data, b.len);
	is_str(hex.data, want, "the layout is that of the header");
	buf_free(&b);
	buf_free(&hex);
}

/* Where the fields are. */
enum {
	AT_N = 4 + AUDIT_CHAIN,
	AT_AT = AT_N + 8,
	AT_LEVEL = 4 + AUDIT_RECORD_LEAST - 10
};

struct damage {
	size_t at;
	const char *bytes;
	size_t n;
	const char *what;
};
#define DAMAGE(at, bytes, what)                    \
	{                                          \
		at, bytes, sizeof(bytes) - 1, what \
	}

static void
test_damage(void)
{
	static const struct damage list[] = {
	    DAMAGE(0, "{\"ch", "a line"),
	    DAMAGE(0, "\0\0\0\0", "length 0"),
	    DAMAGE(0, "\0\0\0\x55", "a length below the least"),
	    DAMAGE(0, "\0\0\0\x6d", "a length that is one short"),
	    DAMAGE(0, "\0\0\0\x6f", "a length that is one too many"),
	    DAMAGE(0, "\0\0\x08\x9f", "a length above the most"),
	    DAMAGE(0, "\xff\xff\xff\xff", "the greatest length"),
	    DAMAGE(AT_N, "\0\0\0\0\0\0\0\0", "number 0"),
	    DAMAGE(AT_N, "\x80", "a number that is none of the database"),
	    DAMAGE(AT_AT, "\xff", "a time before time"),
	    DAMAGE(AT_AT, "\x7f", "a time after all"),
	    DAMAGE(AT_LEVEL, "\0\x03", "a text that is one short"),
	    DAMAGE(AT_LEVEL, "\0\x05", "a text that is one too many"),
	    DAMAGE(AT_LEVEL, "\0\x09", "a text that is longer than its column"),
	    DAMAGE(AT_LEVEL, "\xff\xff", "a text of 65535 bytes"),
	    DAMAGE(AT_LEVEL + 2, "\0", "U+0000"),
	    DAMAGE(AT_LEVEL + 2, "\xc3", "bytes that are not UTF-8"),
	    DAMAGE(AT_LEVEL + 19, "\x01", "a subject of 1 byte"),
	    DAMAGE(AT_LEVEL + 19, "\x10", "a subject that takes from others"),
	    DAMAGE(AT_LEVEL + 26, "\x06", "a detail that leaves a byte"),
	    DAMAGE(AT_LEVEL + 26, "\x08", "a detail that lacks a byte"),
	};
	struct audit_entry en = usual();
	struct buf b = {0};
	size_t i, used;

	for (i = 0; i < sizeof(list) / sizeof(*list); i++) {
		buf_reset(&b);
		audit_record_write(&b, &en);
		buf_adds(&b, "x");
		memcpy(b.data + list[i].at, list[i].bytes, list[i].n);
		is_int(read_exactly(b.data, b.len, NULL, &used),
		    ERR_BAD_REQUEST, "%s is refused", list[i].what);
	}
	buf_free(&b);
}

/* Every byte of a record, one after the other, is every value: what is read
 * stays within it. */
static void
test_any_byte(void)
{
	struct audit_entry en = usual();
	struct buf b = {0};
	unsigned v, wrong_used = 0;
	size_t i, used;

	audit_record_write(&b, &en);
	for (i = 0; i < b.len; i++) {
		char was = b.data[i];

		for (v = 0; v < 256; v += under_valgrind() ? 17 : 1) {
			b.data[i] = (char)v;
			if (!read_exactly(b.data, b.len, NULL, &used))
				wrong_used += used && used != b.len;
		}
		b.data[i] = was;
	}
	is_int((intmax_t)wrong_used, 0, "no byte makes it read elsewhere");
	buf_free(&b);
}

int
main(void)
{
	test_form();
	test_round();
	test_damage();
	test_any_byte();
	return done_testing();
}
