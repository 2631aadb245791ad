/* The audit log's files: damaged ones, torn ones, those of older versions. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"
#include "base/bytes.h"
#include "model/audit_import_own.h"
#include "model/audit_record.h"
#include "model/job.h"

#define MANY 4000 /* entries of more than one */

/* Where the number and the text of the level are in a record. */
#define AT_N (AUDIT_RECORD_HEAD + AUDIT_CHAIN)
#define AT_LEVEL (AUDIT_RECORD_HEAD + AUDIT_RECORD_LEAST - 8)

static struct audit_text
text_of(const char *s, size_t n)
{
	return (struct audit_text){s, n};
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

static void
flip_at(uint64_t place, uint8_t bits)
{
	int fd = own_file();
	uint8_t byte;

	if (pread(fd, &byte, 1, (off_t)place) != 1)
		_exit(1);
	byte ^= bits;
	if (pwrite(fd, &byte, 1, (off_t)place) != 1 || close(fd))
		_exit(1);
}

/* Notes five entries and flips bits of the second. */
static void
flip(size_t at, uint8_t bits)
{
	note(5);
	flip_at(site.audit->file.size / 5 + at, bits);
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
	flip(AT_LEVEL, 0x80);
}

static void
child_breaks_chain(void)
{
	flip(4, 1);
}

static void
child_breaks_begin(void)
{
	note(5);
	flip_at(0, '{');
}

static void
child_raises_number(void)
{
	flip(AT_N, 0x40);
}

static void
child_raises_number_a_little(void)
{
	flip(AT_N + 7, 4);
}

static void
child_lowers_number(void)
{
	flip(AT_N + 7, 3);
}

static void
child_raises_first_number(void)
{
	note(5);
	flip_at(AT_N, 0x40);
}

/* Loses the first of its parts, of which the next knows nothing. */
static void
child_loses_part(void)
{
	char owner[JOB_OWNER_MAX], name[AUDIT_NAME_MAX], path[300];

	note(3);
	site.audit->file.size = UINT64_MAX;
	note(2);
	job_owner(owner);
	audit_part_name(name, owner, site.audit->file.head.chain, 1);
	snprintf(path, sizeof(path), "%s/%s", audit_dir, name);
	if (unlink(path))
		_exit(1);
}

/* What the worker reads at a time ends 10 bytes after a record whose length is
 * bad, before the chain of the next. */
static void
child_breaks_where_blocks_meet(void)
{
	char detail[300];
	struct audit_event longer = event;
	uint64_t size;

	note(1);
	size = site.audit->file.size;
	snprintf(detail, sizeof(detail), "{\"a\":\"b%*s\"}",
	    (int)((AUDIT_BLOCK - 10) % size), "");
	longer.detail = detail;
	audit_note(&site, &one, &longer);
	note(MANY - 2);
	flip_at(AUDIT_BLOCK - 10 - size, '{');
}

static void
child_writes_many(void)
{
	note(MANY);
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

static const struct {
	void (*child)(void);
	unsigned want, aside;
	const char *what;
} bad_files[] = {
    {child_breaks_where_blocks_meet, MANY - 1, 1,
        "a length between blocks that is none"},
    {child_breaks_length, 4, 1, "a length that is none"},
    {child_lengthens, 4, 1, "one that goes past the end"},
    {child_shortens, 4, 1, "one that is too short"},
    {child_breaks_text, 4, 1, "a text that is none"},
    {child_breaks_chain, 4, 1, "an entry of another chain"},
    {child_breaks_end, 3, 1, "rubbish at the end"},
    {child_breaks_begin, 4, 1, "a file that begins like lines"},
    {child_raises_number, 4, 1, "a number far too high"},
    {child_raises_number_a_little, 4, 1, "one that is too high"},
    {child_lowers_number, 4, 1, "one that the log has"},
    {child_raises_first_number, 4, 1, "a first one too high"},
    {child_loses_part, 2, 0, "a part that is lost"},
};

static void
test_bad_files(void)
{
	imports(child_writes_many, MANY, 0, "more than is read at a time");
	is_int(verify(), ERR_OK, "all is whole: %s", wrong.data);
	for (unsigned i = 0; i < sizeof(bad_files) / sizeof(*bad_files); i++)
		imports(bad_files[i].child, bad_files[i].want,
		    bad_files[i].aside, bad_files[i].what);
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
	audit_begin();
	test_old_files();
	test_bad_files();
	test_torn_files();
	return audit_end();
}
