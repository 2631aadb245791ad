#include "model/audit_import.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "model/audit_own.h"
#include "model/audit_record.h"
#include "model/job.h"

#define LOCK "lock"
#define BLOCK 262144 /* read at a time: more than any entry is long */
#define BATCH 1000   /* entries of a transaction */

/* The last entry of a part: its number, 0 if there is none yet, and where in
 * the part it ends. */
struct last {
	uint64_t n, end;
};

/* How far a part has been read. */
struct part {
	char name[AUDIT_NAME_MAX];
	uint64_t offset;
	struct last last;
	bool lines; /* of an older version, not records */
	bool bad;   /* something in it is no entry */
	bool told;  /* that it cannot be read */
	bool seen;  /* in this round */
};

struct audit_import {
	struct site *site;
	int lock; /* -1: not ours */
	struct part *parts;
	unsigned nparts, cap;
	/* The chain in hand. */
	struct audit_head head;
	bool known;       /* head is what the database has */
	struct last last; /* of the part in hand, with what is not stored yet */
	struct arena *arena;
	struct audit_entry entries[BATCH];
	unsigned n;
	uint64_t imported;
	char block[BLOCK + 1];
};

struct audit_import *
audit_import_new(struct site *s)
{
	struct audit_import *im = calloc(1, sizeof(*im));

	if (!im)
		abort();
	im->site = s;
	im->lock = -1;
	im->arena = arena_new(65536);
	return im;
}

void
audit_import_free(struct audit_import **imp)
{
	struct audit_import *im = *imp;

	if (!im)
		return;
	if (im->lock >= 0)
		close(im->lock);
	arena_free(&im->arena);
	free(im->parts);
	free(im);
	*imp = NULL;
}

static bool
path_of(const struct audit_import *im, const char *name, const char *suffix,
    char out[4096])
{
	return snprintf(out, 4096, "%s/%s%s", im->site->conf->audit_dir, name,
	           suffix) < 4096;
}

/* Takes the lock of the directory, which is made if it is not there. */
static bool
take_lock(struct audit_import *im)
{
	const char *dir = im->site->conf->audit_dir;
	char path[4096];
	int fd = -1;

	if (im->lock >= 0)
		return true;
	if ((!mkdir(dir, 0700) || errno == EEXIST) &&
	    path_of(im, LOCK, "", path))
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		log_error(
		    "the audit log's files: %s: %s", dir, strerror(errno));
		return false;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return false;
	}
	im->lock = fd;
	return true;
}

static struct part *
part_find(struct audit_import *im, const char *name)
{
	unsigned i;

	for (i = 0; i < im->nparts; i++)
		if (!strcmp(im->parts[i].name, name))
			return &im->parts[i];
	if (im->nparts == im->cap) {
		im->cap = im->cap ? 2 * im->cap : 16;
		im->parts = realloc(im->parts, im->cap * sizeof(*im->parts));
		if (!im->parts)
			abort();
	}
	im->parts[im->nparts] = (struct part){.offset = 0};
	snprintf(im->parts[im->nparts].name, AUDIT_NAME_MAX, "%s", name);
	return &im->parts[im->nparts++];
}

static void
take_head(struct db_rows *r, void *arg)
{
	struct audit_head *head = arg;

	head->n = (uint64_t)db_get_int(r, 0);
}

/* How far the chain in hand has come in the database. */
static enum err_code
find_head(struct audit_import *im, struct err *e)
{
	enum err_code rc;

	im->head.n = 0;
	rc = db_one(im->site->db, NULL, SQL_AUDIT_LAST,
	    DB_ARGS(db_bytes(im->head.chain, AUDIT_CHAIN)), take_head,
	    &im->head, e);
	im->known = !rc || rc == ERR_NOT_FOUND;
	return im->known ? ERR_OK : rc;
}

static enum err_code
store_body(struct db *db, void *arg, struct err *e)
{
	struct audit_import *im = arg;

	return audit_store(db, im->entries, im->n, e);
}

static enum err_code
store_done(struct db *db, void *arg, struct err *e)
{
	struct audit_import *im = arg;

	return db_one(db, NULL, SQL_AUDIT_MAC,
	    DB_ARGS(db_bytes(im->head.chain, AUDIT_CHAIN),
	        db_int((int64_t)im->head.n)),
	    NULL, NULL, e);
}

static enum err_code
store(struct audit_import *im, struct err *e)
{
	enum err_code rc = ERR_OK;

	if (im->n)
		rc =
		    db_transaction(im->site->db, store_body, store_done, im, e);
	if (rc)
		im->known = false;
	else
		im->imported += im->n;
	im->n = 0;
	arena_reset(im->arena);
	return rc;
}

/* Something in a part is no entry of its chain. */
static void
set_bad(struct part *p)
{
	if (!p->bad)
		log_error("the audit log: %s: a %s is no entry of it; the file "
		          "is kept",
		    p->name, p->lines ? "line" : "record");
	p->bad = true;
}

static bool
is_ours(const struct audit_import *im, const struct audit_entry *en)
{
	return !memcmp(en->chain, im->head.chain, AUDIT_CHAIN);
}

/* Takes the entry behind the batch into it, unless the database has it. */
static enum err_code
add_entry(struct audit_import *im, struct err *e)
{
	const struct audit_entry *en = &im->entries[im->n];

	if (en->n <= im->head.n)
		return ERR_OK;
	im->head.n = en->n;
	return ++im->n == BATCH ? store(im, e) : ERR_OK;
}

/* Takes the whole lines of a block; *used_out is their length. */
static enum err_code
add_lines(struct audit_import *im, struct part *p, size_t n, size_t *used_out,
    struct err *e)
{
	char *s = im->block, *end = s + n, *line_end;
	enum err_code rc = ERR_OK;

	while (!rc && (line_end = memchr(s, '\n', (size_t)(end - s)))) {
		struct audit_entry *en = &im->entries[im->n];

		*line_end = '\0';
		if (audit_line_read(
		        s, (size_t)(line_end - s), im->arena, en, NULL, e) ||
		    !is_ours(im, en))
			set_bad(p);
		else
			rc = add_entry(im, e);
		s = line_end + 1;
	}
	*used_out = (size_t)(s - im->block);
	return rc;
}

/* Whether an entry's number is one that it may have `between` bytes of damage
 * behind the last one of its part: a number that is too high would pass off
 * those after it as stored already. */
static bool
follows(
    const struct audit_import *im, const struct audit_entry *en, size_t between)
{
	uint64_t room = between / (AUDIT_RECORD_HEAD + AUDIT_RECORD_LEAST);

	if (!im->last.n)
		return en->n <= im->head.n + 1 + room;
	return en->n > im->last.n && en->n - im->last.n - 1 <= room;
}

/* Whether a record of entry n is there. */
static bool
is_next(const struct audit_import *im, const char *s, size_t len, uint64_t n)
{
	struct audit_entry en;
	size_t used;
	struct err e;

	return !audit_record_read(s, len, &en, &used, &e) && used &&
	       is_ours(im, &en) && en.n == n;
}

/* Whether a record, which ends where len bytes begin, is the next of a part.
 * One that skips some (where a part is lost) must be confirmed by the next. */
static bool
is_good(struct audit_import *im, struct part *p, const struct audit_entry *en,
    const char *s, size_t len, size_t used)
{
	uint64_t end = p->offset + (uint64_t)(s - im->block);

	if (!is_ours(im, en))
		return false;
	if (!follows(im, en, (size_t)(end - used - im->last.end))) {
		if (!is_next(im, s, len, en->n + 1))
			return false;
		if (im->last.n)
			set_bad(p);
	}
	im->last = (struct last){en->n, end};
	return true;
}

/* Takes the whole records of a block; *used_out is their length. */
static enum err_code
add_records(struct audit_import *im, struct part *p, size_t n, size_t *used_out,
    struct err *e)
{
	const char *s = im->block, *end = s + n, *next;
	enum err_code rc = ERR_OK;
	size_t used;

	while (!rc && s < end) {
		struct audit_entry *en = &im->entries[im->n];
		bool bad =
		    audit_record_read(s, (size_t)(end - s), en, &used, e) ||
		    (used && !is_good(im, p, en, s + used,
		                 (size_t)(end - s) - used, used));

		if (!bad && used) {
			rc = add_entry(im, e);
			s += used;
			continue;
		}
		next = audit_record_next(
		    s, (size_t)(end - s), im->head.chain, bad);
		if (!next)
			break;
		set_bad(p);
		s = next;
	}
	*used_out = (size_t)(s - im->block);
	return rc;
}

/* Imports what is whole in a block. The entries may point into it: they are
 * stored before the next is read. */
static enum err_code
add_block(struct audit_import *im, struct part *p, size_t n, size_t *used_out,
    struct err *e)
{
	enum err_code rc;

	if (!p->offset)
		p->lines = !strncmp(im->block, "{\"", 2);
	im->last = p->last;
	rc = p->lines ? add_lines(im, p, n, used_out, e)
	              : add_records(im, p, n, used_out, e);
	return rc ? rc : store(im, e);
}

/* A record that was never finished: its writer was killed in it. */
static void
pass_over(const struct part *p, size_t n)
{
	log_warning("the audit log: %s: a torn %s of %zu bytes at its end is "
	            "passed over",
	    p->name, p->lines ? "line" : "record", n);
}

/* Reads a part on to its end; *rest_out is the length of an entry without an
 * end. A block of nothing but such an entry is no file of ours. */
static enum err_code
read_on(struct audit_import *im, struct part *p, int fd, size_t *rest_out,
    struct err *e)
{
	enum err_code rc = ERR_OK;
	size_t used = 1;
	ssize_t n = 0;

	while (!rc && used) {
		n = pread(fd, im->block, BLOCK, (off_t)p->offset);
		if (n <= 0)
			break;
		im->block[n] = '\0';
		if (!im->known)
			rc = find_head(im, e);
		if (!rc)
			rc = add_block(im, p, (size_t)n, &used, e);
		if (!rc) {
			p->offset += used;
			p->last = im->last;
		}
	}
	*rest_out = n > 0 ? (size_t)n : 0;
	if (n < 0 || *rest_out == BLOCK)
		p->bad = true;
	return rc;
}

/* All of a part that grows no more has been read: it goes, or, if something in
 * it was none of ours, it is put aside. */
static void
finish(struct audit_import *im, struct part *p, size_t rest)
{
	char path[4096], aside[4096];

	if (!path_of(im, p->name, "", path) ||
	    !path_of(im, p->name, ".bad", aside))
		return;
	if (rest && !p->bad)
		pass_over(p, rest);
	if (p->bad ? rename(path, aside) : unlink(path))
		log_error("%s: %s", path, strerror(errno));
	p->seen = false;
}

static enum err_code
import_part(
    struct audit_import *im, const char *name, bool whole, struct err *e)
{
	struct part *p = part_find(im, name);
	char path[4096];
	enum err_code rc;
	size_t rest;
	int fd = -1;

	p->seen = true;
	if (path_of(im, name, "", path))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		if (!p->told)
			log_error("%s: %s", path, strerror(errno));
		p->told = true;
		return ERR_OK;
	}
	audit_part_parse(name, im->head.chain);
	im->known = false;
	rc = read_on(im, p, fd, &rest, e);
	close(fd);
	if (!rc && whole)
		finish(im, p, rest);
	return rc;
}

static int
is_part(const struct dirent *d)
{
	uint8_t chain[AUDIT_CHAIN];

	return audit_part_parse(d->d_name, chain) > 0;
}

/* Whether a part will grow no more: another of its process follows it, or the
 * process is gone. */
static bool
is_whole(struct dirent **names, int i, int n)
{
	const char *name = names[i]->d_name;
	uint8_t chain[AUDIT_CHAIN];
	size_t stem = audit_part_parse(name, chain);

	if (i + 1 < n && !strncmp(name, names[i + 1]->d_name, stem + 1))
		return true;
	return job_owner_gone(name, stem - AUDIT_CHAIN_TEXT);
}

/* Forgets the parts that are there no more. */
static void
forget(struct audit_import *im)
{
	unsigned i, n = 0;

	for (i = 0; i < im->nparts; i++) {
		if (!im->parts[i].seen)
			continue;
		im->parts[n] = im->parts[i];
		im->parts[n++].seen = false;
	}
	im->nparts = n;
}

static enum err_code
import_all(struct audit_import *im, struct err *e)
{
	struct dirent **names;
	enum err_code rc = ERR_OK;
	int n, i;

	n = scandir(im->site->conf->audit_dir, &names, is_part, alphasort);
	if (n < 0)
		return err_fault(e, ERR_INTERNAL, "%s: %s",
		    im->site->conf->audit_dir, strerror(errno));
	for (i = 0; i < n && !rc; i++)
		rc =
		    import_part(im, names[i]->d_name, is_whole(names, i, n), e);
	for (i = 0; i < n; i++)
		free(names[i]);
	free(names);
	if (!rc)
		forget(im);
	return rc;
}

enum err_code
audit_import_run(struct audit_import *im, bool *ours_out, uint64_t *entries_out,
    struct err *e)
{
	enum err_code rc;

	*entries_out = 0;
	*ours_out = take_lock(im);
	if (!*ours_out)
		return ERR_OK;
	im->imported = 0;
	rc = import_all(im, e);
	*entries_out = im->imported;
	return rc;
}
