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
#include "model/audit_import_own.h"
#include "model/audit_own.h"
#include "model/job.h"

#define LOCK "lock"

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

static struct audit_part *
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
	im->parts[im->nparts] = (struct audit_part){.offset = 0};
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

enum err_code
audit_import_store(struct audit_import *im, struct err *e)
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

/* A record that was never finished: its writer was killed in it. */
static void
pass_over(const struct audit_part *p, size_t n)
{
	log_warning("the audit log: %s: a torn %s of %zu bytes at its end is "
	            "passed over",
	    p->name, p->lines ? "line" : "record", n);
}

/* Reads a part on to its end; *rest_out is the length of an entry without an
 * end. A block of nothing but such an entry is no file of ours. */
static enum err_code
read_on(struct audit_import *im, struct audit_part *p, int fd, size_t *rest_out,
    struct err *e)
{
	enum err_code rc = ERR_OK;
	size_t used = 1;
	ssize_t n = 0;

	while (!rc && used) {
		n = pread(fd, im->block, AUDIT_BLOCK, (off_t)p->offset);
		if (n <= 0)
			break;
		im->block[n] = '\0';
		if (!im->known)
			rc = find_head(im, e);
		if (!rc)
			rc = audit_import_block(im, p, (size_t)n, &used, e);
		if (!rc) {
			p->offset += used;
			p->last = im->last;
		}
	}
	*rest_out = n > 0 ? (size_t)n : 0;
	if (n < 0 || *rest_out == AUDIT_BLOCK)
		p->bad = true;
	return rc;
}

/* All of a part that grows no more has been read: it goes, or, if something in
 * it was none of ours, it is put aside. */
static void
finish(struct audit_import *im, struct audit_part *p, size_t rest)
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
	struct audit_part *p = part_find(im, name);
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
