#include "ingest/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "vault/aead.h"
#include "vault/rand.h"

#define SEALED (SPOOL_RECORD + AEAD_OVERHEAD)

/* Records 0 to records-1 are in the file; the last one, which may be short or
 * empty, is `tail`. */
struct spool {
	char *dir;
	int fd; /* -1: no file yet */
	struct aead *key;
	uint64_t records;
	size_t tail_len;

	bool reading;
	uint64_t next;    /* the record to read next */
	const char *from; /* the rest of the one being read */
	size_t left;

	char tail[SPOOL_RECORD], plain[SPOOL_RECORD];
	uint8_t sealed[SEALED];
};

struct spool *
spool_new(const char *dir)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (!s || !(s->dir = strdup(dir)))
		abort();
	s->fd = -1;
	return s;
}

/* The name goes at once where the file system has no files without one. */
static int
open_named(const char *dir)
{
	char path[4096];
	int fd;

	if (strlen(dir) > sizeof(path) - sizeof("/coffer-XXXXXX")) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(path, dir);
	strcat(path, "/coffer-XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static enum err_code
fail(struct err *e, const char *doing, int error)
{
	log_error("spool: %s: %s", doing, strerror(error));
	return err_set(e, ERR_UNAVAILABLE,
	    "no room to take the upload in, try again later");
}

static enum err_code
make_file(struct spool *s, struct err *e)
{
	uint8_t key[AEAD_KEY];

	s->fd = open(s->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (s->fd < 0)
		s->fd = open_named(s->dir);
	if (s->fd < 0)
		return fail(e, "no file in [server] spool_dir", errno);
	rand_bytes(key, sizeof(key));
	s->key = aead_new(key);
	wipe(key, sizeof(key));
	return ERR_OK;
}

/* The record's number, so that none can take another's place. */
static void
associated(uint64_t record, uint8_t ad[8])
{
	put_u32(ad, (uint32_t)record);
	put_u32(ad + 4, (uint32_t)(record >> 32));
}

static enum err_code
put_record(struct spool *s, struct err *e)
{
	off_t at = (off_t)(s->records * SEALED);
	size_t done = 0;
	uint8_t ad[8];
	ssize_t n;

	associated(s->records, ad);
	aead_seal(s->key, ad, sizeof(ad), s->tail, SPOOL_RECORD, s->sealed);
	while (done < SEALED) {
		n = pwrite(
		    s->fd, s->sealed + done, SEALED - done, at + (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(e, "writing", n ? errno : ENOSPC);
		done += (size_t)n;
	}
	s->records++;
	s->tail_len = 0;
	return ERR_OK;
}

enum err_code
spool_write(struct spool *s, const void *p, size_t n, struct err *e)
{
	const char *from = p;
	enum err_code code;
	size_t part;

	assert(!s->reading);
	while (n) {
		if (s->tail_len == SPOOL_RECORD) {
			code = s->fd < 0 ? make_file(s, e) : ERR_OK;
			if (!code)
				code = put_record(s, e);
			if (code)
				return code;
		}
		part = SPOOL_RECORD - s->tail_len;
		part = n < part ? n : part;
		memcpy(s->tail + s->tail_len, from, part);
		s->tail_len += part;
		from += part;
		n -= part;
	}
	return ERR_OK;
}

void
spool_rewind(struct spool *s)
{
	s->reading = true;
	s->next = 0;
	s->left = 0;
}

static enum err_code
get_record(struct spool *s, struct err *e)
{
	off_t at = (off_t)(s->next * SEALED);
	size_t done = 0;
	uint8_t ad[8];
	ssize_t n;

	while (done < SEALED) {
		n = pread(
		    s->fd, s->sealed + done, SEALED - done, at + (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_fault(e, ERR_INTERNAL,
			    "spool: record %llu: %s",
			    (unsigned long long)s->next,
			    n ? strerror(errno) : "cut off");
		done += (size_t)n;
	}
	associated(s->next, ad);
	return aead_open(
	    s->key, ad, sizeof(ad), s->sealed, SEALED, (uint8_t *)s->plain, e);
}

/* Turns to the next record; s->left is 0 after the last. */
static enum err_code
turn(struct spool *s, struct err *e)
{
	enum err_code code;

	if (s->next > s->records)
		return ERR_OK;
	if (s->next == s->records) {
		s->from = s->tail;
		s->left = s->tail_len;
	} else {
		code = get_record(s, e);
		if (code)
			return code;
		s->from = s->plain;
		s->left = SPOOL_RECORD;
	}
	s->next++;
	return ERR_OK;
}

enum err_code
spool_read(void *arg, char *p, size_t n, size_t *n_out, struct err *e)
{
	struct spool *s = arg;
	enum err_code code;

	assert(s->reading);
	if (!s->left) {
		code = turn(s, e);
		if (code)
			return code;
	}
	n = n < s->left ? n : s->left;
	if (n)
		memcpy(p, s->from, n);
	s->from += n;
	s->left -= n;
	*n_out = n;
	return ERR_OK;
}

uint64_t
spool_length(const struct spool *s)
{
	return s->records * SPOOL_RECORD + s->tail_len;
}

void
spool_free(struct spool **s)
{
	if (!*s)
		return;
	if ((*s)->fd >= 0)
		close((*s)->fd);
	aead_free(&(*s)->key);
	free((*s)->dir);
	wipe(*s, sizeof(**s));
	free(*s);
	*s = NULL;
}
