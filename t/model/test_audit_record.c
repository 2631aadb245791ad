/* The audit log's records: their form, damage, and files that have it. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"
#include "base/bytes.h"
#include "model/audit_record.h"
#include "model/job.h"

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

/* Opens the file of this process, which is the only part of its chain. */
static int
own_file(void)
{
	char owner[JOB_OWNER_MAX], name[AUDIT_NAME_MAX], path[300];
	int fd;

	job_owner(owner);
	audit_part_name(name, owner, site.audit->file.head.chain, 1);
	snprintf(path, sizeof(path), "%s/%s", audit_dir, name);
	fd = open(path, O_RDWR);
	if (fd < 0)
		_exit(1);
	return fd;
}

/* Notes five entries and flips bits of the second. */
static void
flip(size_t at, uint8_t bits)
{
	uint8_t byte;
	off_t place;
	int fd;

	note(5);
	fd = own_file();
	place = lseek(fd, 0, SEEK_END) / 5 + (off_t)at;
	if (pread(fd, &byte, 1, place) != 1)
		_exit(1);
	byte ^= bits;
	if (pwrite(fd, &byte, 1, place) != 1 || close(fd))
		_exit(1);
}

static void
child_breaks_length(void)
{
	flip(0, '{');
}

static void
child_lengthens(void)
{
	flip(2, 7);
}

static void
child_shortens(void)
{
	flip(3, 4);
}

static void
child_breaks_text(void)
{
	flip(AT_LEVEL + 2, 0x80);
}

static void
child_breaks_chain(void)
{
	flip(4, 1);
}

static void
child_breaks_end(void)
{
	off_t size;
	int fd;

	note(3);
	fd = own_file();
	size = lseek(fd, 0, SEEK_END);
	if (pwrite(fd, "rubbish and more of it", 22, size) != 22 || close(fd))
		_exit(1);
}

/* Files that were put aside, which are removed. */
static unsigned
take_aside(void)
{
	char path[400];
	struct dirent *f;
	unsigned n = 0;
	DIR *d = opendir(audit_dir);

	while (d && (f = readdir(d))) {
		if (!strstr(f->d_name, ".bad"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", audit_dir, f->d_name);
		n += !unlink(path);
	}
	if (d)
		closedir(d);
	return n;
}

static void
imports(void (*child)(void), unsigned want, unsigned aside, const char *what)
{
	struct audit_import *im = audit_import_new(&site);

	in_child(child);
	is_int((intmax_t)import(im), want, "%s: %u entries", what, want);
	is_int(take_aside(), aside, "%s: %s", what,
	    aside ? "the file is put aside" : "the file goes");
	is_int((intmax_t)import(im), 0, "%s: once", what);
	audit_import_free(&im);
}

static void
test_bad_files(void)
{
	imports(child_breaks_length, 4, 1, "a length that is none");
	imports(child_lengthens, 4, 1, "one that goes past the end");
	imports(child_shortens, 4, 1, "one that is too short");
	imports(child_breaks_text, 4, 1, "a text that is none");
	imports(child_breaks_chain, 4, 1, "an entry of another chain");
	imports(child_breaks_end, 3, 1, "rubbish at the end");
}

/* Cuts its file within the last of three. */
static void
child_is_killed(void)
{
	int fd;

	note(3);
	fd = own_file();
	if (ftruncate(fd, lseek(fd, 0, SEEK_END) - 1) || close(fd))
		_exit(1);
}

static void
child_is_killed_early(void)
{
	int fd;

	note(1);
	fd = own_file();
	if (ftruncate(fd, 2) || close(fd))
		_exit(1);
}

/* A disk that is full within the third of five. */
static void
child_has_no_room(void)
{
	struct rlimit limit;
	rlim_t most;

	note(2);
	if (getrlimit(RLIMIT_FSIZE, &limit) ||
	    signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		_exit(1);
	most = limit.rlim_cur;
	limit.rlim_cur = site.audit->file.size + 50;
	if (setrlimit(RLIMIT_FSIZE, &limit))
		_exit(1);
	note(1);
	limit.rlim_cur = most;
	if (site.audit_failures != 1 || setrlimit(RLIMIT_FSIZE, &limit))
		_exit(1);
	note(2);
}

static void
test_torn_files(void)
{
	imports(child_is_killed, 2, 0, "S39: a torn last record");
	imports(child_is_killed_early, 0, 0, "a torn length");
	imports(child_has_no_room, 4, 0,
	    "S39: a record that the disk had no room for, and two after it");
	is_int(verify(), ERR_INVALID,
	    "what the damaged files lack is missed in the log");
}

/* A line as versions before records wrote it. */
static void
old_line(FILE *f, struct audit_head *head, unsigned second)
{
	struct audit_entry en = {.at = INT64_C(1795392000000) + second * 1000,
	    .account_id = one.account_id,
	    .user_id = 3,
	    .has_subject = true,
	    .level = text_of("info", 4),
	    .action = text_of("group.read", 10),
	    .request = text_of("old-1", 5),
	    .detail = text_of("{\"a\":\"\\n\"}", 10)};
	char chain[AUDIT_CHAIN_TEXT], mac[2 * MAC_LEN + 1], id[UUID_TEXT];

	memcpy(en.subject, workspace_one.b, sizeof(en.subject));
	audit_entry_chain(site.audit->key, head, &en);
	hex_encode(en.chain, sizeof(en.chain), chain);
	hex_encode(en.mac, sizeof(en.mac), mac);
	uuid_format(&workspace_one, id);
	fprintf(f,
	    "{\"chain\":\"%s\",\"n\":%llu,\"time\":"
	    "\"2026-11-23T00:00:%02u.000Z\",\"level\":\"info\","
	    "\"action\":\"group.read\",\"account_id\":%u,\"workspace_id\":0,"
	    "\"user_id\":3,\"subject\":\"%s\",\"request_id\":\"old-1\","
	    "\"mac\":\"%s\",\"detail\":\"{\\\"a\\\":\\\"\\\\n\\\"}\"}\n",
	    chain, (unsigned long long)en.n, second, one.account_id, id, mac);
}

static void
old_file(unsigned n, const char *end)
{
	char owner[JOB_OWNER_MAX], name[AUDIT_NAME_MAX], path[300];
	struct audit_head head;
	unsigned i;
	FILE *f;

	audit_head_new(&head);
	job_owner(owner);
	audit_part_name(name, owner, head.chain, 1);
	snprintf(path, sizeof(path), "%s/%s", audit_dir, name);
	mkdir(audit_dir, 0700);
	f = fopen(path, "w");
	for (i = 0; f && i < n; i++)
		old_line(f, &head, i);
	if (!f || fputs(end, f) < 0 || fclose(f))
		_exit(1);
}

static void
child_was_old(void)
{
	old_file(3, "");
}

static void
child_was_old_and_killed(void)
{
	old_file(2, "{\"chain\":\"torn");
}

static void
child_was_old_and_bad(void)
{
	old_file(2, "nonsense\n");
}

static void
test_old_files(void)
{
	imports(child_was_old, 3, 0, "lines of an older version");
	imports(child_was_old_and_killed, 2, 0, "with a torn one");
	imports(child_was_old_and_bad, 2, 1, "with one that is none");
	is_int(verify(), ERR_OK, "all is whole: %s", wrong.data);
}

int
main(void)
{
	test_form();
	test_round();
	test_damage();
	test_any_byte();
	audit_begin();
	test_old_files();
	test_bad_files();
	test_torn_files();
	return audit_end();
}
