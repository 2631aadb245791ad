/* Spool: what was written comes back, and no plaintext is on the disk (S24). */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "ingest/spool.h"
#include "t/tap.h"
#include "vault/rand.h"

#define SIZE (3 * SPOOL_RECORD + 1000)

static char dir[] = "/tmp/coffer-spool-XXXXXX";
static char text[SIZE], back[SIZE + 1];

/* The unlinked file of this process in `dir`; -1 if there is none. */
static int
open_spooled(void)
{
	char path[64], target[4096];
	int fd, found = -1;
	ssize_t n;

	for (fd = 3; fd < 64 && found < 0; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n > 0 && !strncmp(target, dir, strlen(dir)))
			found = open(path, O_RDWR);
	}
	return found;
}

static unsigned
files_in_dir(void)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n - 2;
}

static void
fill_text(void)
{
	for (size_t i = 0; i < SIZE; i++)
		text[i] = "ann@example.com,"[i % 16];
	memcpy(text + SIZE - 4, "END\n", 4);
}

static enum err_code
write_all(struct spool *s, size_t n, size_t step, struct err *e)
{
	enum err_code code = ERR_OK;

	for (size_t at = 0; at < n && !code; at += step)
		code =
		    spool_write(s, text + at, at + step < n ? step : n - at, e);
	return code;
}

static bool
reads_back(struct spool *s, size_t want, size_t step)
{
	size_t at = 0, n = 1;
	struct err e;

	spool_rewind(s);
	while (n && at <= want) {
		if (spool_read(s, back + at,
		        step < SIZE + 1 - at ? step : SIZE + 1 - at, &n, &e))
			return false;
		at += n;
	}
	return at == want && !memcmp(back, text, want);
}

static void
test_round_trips(void)
{
	static const size_t sizes[] = {0, 1, SPOOL_RECORD - 1, SPOOL_RECORD,
	    SPOOL_RECORD + 1, 2 * SPOOL_RECORD, SIZE};
	static const size_t steps[] = {997, SPOOL_RECORD, SIZE};
	struct err e;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		bool same = true;

		for (size_t j = 0; j < 3; j++) {
			struct spool *s = spool_new(dir);

			same = same && !write_all(s, sizes[i], steps[j], &e) &&
			       spool_length(s) == sizes[i] &&
			       reads_back(s, sizes[i], steps[2 - j]) &&
			       reads_back(s, sizes[i], steps[j]);
			spool_free(&s);
		}
		ok(same, "%zu bytes come back, twice", sizes[i]);
	}
}

/* Looks for plaintext in the file that holds the records. */
static void
test_disk(void)
{
	static uint8_t disk[4 * SPOOL_RECORD];
	struct spool *s = spool_new(dir);
	struct err e;
	ssize_t n;
	int fd;

	is_int(write_all(s, SPOOL_RECORD, 4096, &e), ERR_OK, "one record");
	is_int(open_spooled(), -1, "needs no file");
	is_int(write_all(s, SIZE, 4096, &e), ERR_OK, "more of them");
	fd = open_spooled();
	ok(fd >= 0, "do need one");
	is_int(files_in_dir(), 0, "which has no name");
	n = pread(fd, disk, sizeof(disk), 0);
	ok(n > 3 * SPOOL_RECORD, "and holds %zd bytes", n);
	ok(!memmem(disk, (size_t)n, "ann@", 4) &&
	        !memmem(disk, (size_t)n, "example", 7),
	    "S24: none of them plaintext");
	ok(memcmp(disk + 12, disk + SPOOL_RECORD + 28 + 12, SPOOL_RECORD) != 0,
	    "S24: equal records do not look alike");
	close(fd);
	spool_free(&s);
	ok(!s && open_spooled() == -1, "the file goes with the spool");
}

/* What is done to the file behind our back: code of the reading. */
static enum err_code
read_after(void (*damage)(int fd))
{
	struct spool *s = spool_new(dir);
	enum err_code code;
	struct err e;
	size_t n = 1;
	int fd;

	code = write_all(s, SIZE, SIZE, &e);
	fd = open_spooled();
	damage(fd);
	close(fd);
	spool_rewind(s);
	while (!code && n)
		code = spool_read(s, back, SIZE, &n, &e);
	spool_free(&s);
	return code;
}

static void
flip(int fd)
{
	char c;

	if (pread(fd, &c, 1, SPOOL_RECORD + 100) == 1) {
		c ^= 1;
		if (pwrite(fd, &c, 1, SPOOL_RECORD + 100) != 1)
			abort();
	}
}

static void
repeat(int fd)
{
	static char record[SPOOL_RECORD + 28];

	if (pread(fd, record, sizeof(record), 0) != sizeof(record) ||
	    pwrite(fd, record, sizeof(record), sizeof(record)) < 0)
		abort();
}

static void
cut(int fd)
{
	if (ftruncate(fd, SPOOL_RECORD))
		abort();
}

static void
test_damage(void)
{
	is_int(read_after(flip), ERR_CRYPTO, "S18: a flipped bit is found");
	is_int(read_after(repeat), ERR_CRYPTO,
	    "S19: a record in another's place is found");
	is_int(read_after(cut), ERR_INTERNAL, "a cut is found");
}

static void
is_full(const char *where, const char *name)
{
	struct spool *s = spool_new(where);
	struct err e = {0};

	is_int(write_all(s, SIZE, SIZE, &e), ERR_UNAVAILABLE, "%s", name);
	is_str(err_text(&e), "no room to take the upload in, try again later",
	    "S41: and says so");
	spool_free(&s);
}

static void
test_no_room(void)
{
	struct rlimit old, small;

	is_full("/nonexistent/coffer", "S41: no directory");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = SPOOL_RECORD + 5000;
	setrlimit(RLIMIT_FSIZE, &small);
	is_full(dir, "S41: no room for the second record");
	setrlimit(RLIMIT_FSIZE, &old);
	is_int(files_in_dir(), 0, "S41: nothing stays behind");
}

int
main(void)
{
	vault_setup();
	if (!mkdtemp(dir) || !log_open("test", "/dev/null", LOG_ERROR))
		return 1;
	fill_text();
	test_round_trips();
	test_disk();
	test_damage();
	test_no_room();
	rmdir(dir);
	return done_testing();
}
