/* cofferctl backup. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/child.h"
#include "admin/dump.h"
#include "db/migrate.h"
#include "model/audit.h"
#include "vault/mac.h"

#define PIECE 65536
#define KEPT 256 /* of the dump's end */
#define TABLES_MAX 100

struct backup {
	struct ctl *c;
	const char *path;
	char part[4096]; /* where it is written first; "" before it is there */
	int file, from, to; /* the part, the dump's output, what takes it */
	struct child dump, gzip;
	struct sha256 *digest;
	char kept[KEPT];
	size_t nkept;
	uint64_t bytes; /* of the dump, before it is compressed */
};

static enum err_code
file_error(const struct backup *b, const char *doing, struct err *e)
{
	return err_set(
	    e, ERR_BAD_REQUEST, "%s: %s: %s", b->path, doing, strerror(errno));
}

static enum err_code
make_part(struct backup *b, struct err *e)
{
	if (access(b->path, F_OK) == 0)
		return err_set(e, ERR_CONFLICT,
		    "%s is there already and stays as it is", b->path);
	if (snprintf(b->part, sizeof(b->part), "%s.XXXXXX", b->path) >=
	    (int)sizeof(b->part)) {
		b->part[0] = '\0';
		return err_set(e, ERR_BAD_REQUEST, "the path is too long");
	}
	b->file = mkostemp(b->part, O_CLOEXEC);
	if (b->file >= 0)
		return ERR_OK;
	b->part[0] = '\0';
	return file_error(b, "cannot be made", e);
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

/* What takes the dump: the file, or gzip before it. */
static enum err_code
open_to(struct backup *b, struct err *e)
{
	static const char *const argv[] = {"gzip", "-c", NULL};
	int fds[2];
	enum err_code rc;

	if (!ends_with(b->path, ".gz")) {
		b->to = b->file;
		return ERR_OK;
	}
	rc = child_pipe(fds, e);
	if (rc)
		return rc;
	rc = child_start(argv, fds[0], b->file, -1, &b->gzip, e);
	close(fds[0]);
	b->to = fds[1];
	return rc;
}

/* Tables in the reverse of their list: those of the server, without which
 * nobody signs in, no work is taken and no program is ready, come last. */
static enum err_code
start_dump(struct backup *b, struct err *e)
{
	const char *argv[TABLES_MAX + 12] = {"mariadb-dump",
	    "--defaults-file=" CHILD_FD_PATH, "--single-transaction", "--quick",
	    "--hex-blob", "--skip-triggers", "--default-character-set=utf8mb4",
	    "--max-allowed-packet=1G"};
	int fds[2], login, n = 8;
	enum err_code rc;

	argv[n++] = b->c->conf->database_name;
	for (unsigned i = tables_count; i > 0 && n < TABLES_MAX + 11; i--)
		argv[n++] = tables[i - 1].name;
	rc = child_login(b->c->conf, &login, e);
	if (rc)
		return rc;
	rc = child_pipe(fds, e);
	if (rc == ERR_OK) {
		rc = child_start(argv, -1, fds[1], login, &b->dump, e);
		close(fds[1]);
		b->from = fds[0];
	}
	close(login);
	return rc;
}

/* Passes a piece on, and keeps what may be the end. */
static enum err_code
put(struct backup *b, const char *p, size_t n, struct err *e)
{
	size_t stay = n < KEPT ? KEPT - n : 0;

	if (stay > b->nkept)
		stay = b->nkept;
	memmove(b->kept, b->kept + b->nkept - stay, stay);
	b->nkept = n < KEPT ? n : KEPT;
	memcpy(b->kept + stay, p + n - b->nkept, b->nkept);
	b->nkept += stay;
	b->bytes += n;
	sha256_add(b->digest, p, n);
	if (!child_write(b->to, p, n))
		return file_error(b, "cannot be written", e);
	ctl_progress("%llu MB", (unsigned long long)(b->bytes >> 20));
	return ERR_OK;
}

static enum err_code
put_head(struct backup *b, struct err *e)
{
	struct dump_head head = {.schema = SCHEMA_VERSION};
	uint8_t id[MASTER_ID];
	struct buf line = {0};
	enum err_code rc;

	master_current(b->c->site.masters, id);
	master_id_text(id, head.master);
	dump_head_write(&line, &head);
	rc = put(b, line.data, line.len, e);
	buf_free(&line);
	return rc;
}

static enum err_code
put_dump(struct backup *b, struct err *e)
{
	char *piece = arena_alloc(b->c->arena, PIECE);
	enum err_code rc = ERR_OK;
	size_t n = PIECE;

	while (rc == ERR_OK && n == PIECE) {
		if (!child_read(b->from, piece, PIECE, &n))
			return file_error(b, "the dump was interrupted", e);
		if (n)
			rc = put(b, piece, n, e);
	}
	if (rc == ERR_OK)
		rc = child_wait(&b->dump, e);
	if (rc == ERR_OK && !dump_completed(b->kept, b->nkept))
		rc = err_set(
		    e, ERR_BAD_REQUEST, "mariadb-dump has not come to its end");
	return rc;
}

static enum err_code
put_tail(struct backup *b, struct err *e)
{
	char line[DUMP_TAIL + 1];
	uint8_t digest[32];
	enum err_code rc = ERR_OK;

	sha256_end(&b->digest, digest);
	dump_tail_write(digest, line);
	if (!child_write(b->to, line, DUMP_TAIL))
		return file_error(b, "cannot be written", e);
	if (b->gzip.pid) {
		close(b->to);
		b->to = -1;
		rc = child_wait(&b->gzip, e);
	}
	return rc;
}

/* The whole file gets its name, unless that has been taken meanwhile. */
static enum err_code
give_name(struct backup *b, struct err *e)
{
	char dir[4096];
	int fd;

	if (fsync(b->file))
		return file_error(b, "cannot be written", e);
	if (link(b->part, b->path))
		return file_error(b, "cannot get its name", e);
	snprintf(dir, sizeof(dir), "%s", b->path);
	fd = open(dirname(dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		ctl_say("%s: its directory cannot be synced", b->path);
	if (fd >= 0)
		close(fd);
	return ERR_OK;
}

static void
release(struct backup *b)
{
	uint8_t ignored[32];

	child_kill(&b->dump);
	child_kill(&b->gzip);
	if (b->from >= 0)
		close(b->from);
	if (b->to >= 0 && b->to != b->file)
		close(b->to);
	if (b->file >= 0)
		close(b->file);
	if (b->part[0])
		unlink(b->part);
	if (b->digest)
		sha256_end(&b->digest, ignored);
}

static enum err_code
write_all(struct backup *b, struct err *e)
{
	enum err_code rc = make_part(b, e);

	if (rc == ERR_OK)
		rc = open_to(b, e);
	if (rc == ERR_OK)
		rc = start_dump(b, e);
	if (rc == ERR_OK)
		rc = put_head(b, e);
	if (rc == ERR_OK)
		rc = put_dump(b, e);
	if (rc == ERR_OK)
		rc = put_tail(b, e);
	return rc ? rc : give_name(b, e);
}

enum err_code
ctl_backup(struct ctl *c, struct err *e)
{
	static const struct db_context nobody;
	static const struct audit_event event = {.action = AUDIT_BACKUP};
	struct backup b = {.c = c,
	    .path = c->argument,
	    .file = -1,
	    .from = -1,
	    .to = -1,
	    .digest = sha256_new()};
	enum err_code rc;

	child_signals();
	rc = write_all(&b, e);
	release(&b);
	if (rc)
		return rc;
	audit_note(&c->site, &nobody, &event);
	buf_addf(&c->out, "%s\n", c->argument);
	ctl_say("%llu bytes of SQL. The keys are not in it: keep a copy of %s, "
	        "apart from this file. One without the other is of no use, "
	        "both together open all personal data",
	    (unsigned long long)b.bytes, c->conf->keys_dir);
	return ERR_OK;
}
