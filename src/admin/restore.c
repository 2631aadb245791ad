/* cofferctl restore. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/child.h"
#include "admin/dump.h"
#include "db/migrate.h"
#include "db/restore.h"
#include "model/audit.h"
#include "vault/mac.h"

#define PIECE 65536

struct restore {
	struct ctl *c;
	const char *path;
	int file, from; /* the backup; its text */
	bool packed;
	struct child gzip, client;
	struct dump_head head;
	char *piece; /* PIECE bytes, behind DUMP_TAIL of what came before */
	uint64_t bytes;
};

static enum err_code
file_error(const struct restore *r, const char *what, struct err *e)
{
	return err_set(e, ERR_BAD_REQUEST, "%s: %s", r->path, what);
}

static enum err_code
open_file(struct restore *r, struct err *e)
{
	uint8_t magic[2];
	size_t n;

	r->file = open(r->path, O_RDONLY | O_CLOEXEC);
	if (r->file < 0 || !child_read(r->file, magic, sizeof(magic), &n))
		return file_error(r, strerror(errno), e);
	r->packed = n == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
	return ERR_OK;
}

/* From the beginning of the text. */
static enum err_code
rewind_text(struct restore *r, struct err *e)
{
	static const char *const argv[] = {"gzip", "-dc", NULL};
	int fds[2];
	enum err_code rc;

	if (lseek(r->file, 0, SEEK_SET))
		return file_error(r, strerror(errno), e);
	r->bytes = 0;
	r->from = r->file;
	if (!r->packed)
		return ERR_OK;
	rc = child_pipe(fds, e);
	if (rc)
		return rc;
	rc = child_start(argv, r->file, fds[1], -1, &r->gzip, e);
	close(fds[1]);
	r->from = fds[0];
	return rc;
}

static enum err_code
end_text(struct restore *r, struct err *e)
{
	if (r->from >= 0 && r->from != r->file)
		close(r->from);
	r->from = -1;
	return r->gzip.pid ? child_wait(&r->gzip, e) : ERR_OK;
}

static enum err_code
not_whole(const struct restore *r, struct err *e)
{
	return file_error(r,
	    "this is no whole backup of cofferctl: it was cut or altered; "
	    "nothing is changed",
	    e);
}

/* Digests the text up to its last line, which is in r->piece at the end. */
static enum err_code
digest_text(struct restore *r, struct sha256 *digest, struct err *e)
{
	size_t n = PIECE, held = 0, whole;

	while (n == PIECE) {
		if (!child_read(r->from, r->piece + held, PIECE, &n))
			return file_error(r, strerror(errno), e);
		if (r->bytes == 0 && !dump_head_read(r->piece, &r->head))
			return not_whole(r, e);
		r->bytes += n;
		held += n;
		whole = held > DUMP_TAIL ? held - DUMP_TAIL : 0;
		sha256_add(digest, r->piece, whole);
		memmove(r->piece, r->piece + whole, held - whole);
		held -= whole;
		ctl_progress("looking at the backup: %llu MB",
		    (unsigned long long)(r->bytes >> 20));
	}
	return held == DUMP_TAIL ? ERR_OK : not_whole(r, e);
}

static enum err_code
check_text(struct restore *r, struct err *e)
{
	struct sha256 *digest = sha256_new();
	char line[DUMP_TAIL + 1];
	uint8_t found[32];
	struct err ignored;
	enum err_code rc = digest_text(r, digest, e);

	sha256_end(&digest, found);
	dump_tail_write(found, line);
	if (rc == ERR_OK && memcmp(line, r->piece, DUMP_TAIL))
		rc = not_whole(r, e);
	if (rc) {
		child_kill(&r->gzip);
		(void)!end_text(r, &ignored);
		return rc;
	}
	return end_text(r, e) ? not_whole(r, e) : ERR_OK;
}

/* Whether this program and these keys can read what it holds. */
static enum err_code
check_head(struct restore *r, struct err *e)
{
	char text[MASTER_ID_TEXT];
	uint8_t id[MASTER_ID];

	if (r->head.schema > SCHEMA_VERSION)
		return file_error(r,
		    "it was made by a newer version of Coffer: install that",
		    e);
	for (unsigned i = 0; i < master_count(r->c->site.masters); i++) {
		master_id(r->c->site.masters, i, id);
		master_id_text(id, text);
		if (!strcmp(text, r->head.master))
			return ERR_OK;
	}
	r->c->in_setup = true;
	return err_set(e, ERR_CRYPTO,
	    "the backup belongs to master key %s, which is not in %s: put back "
	    "the copy of the key directory that belongs to it; nothing is "
	    "changed",
	    r->head.master, r->c->conf->keys_dir);
}

static enum err_code
start_client(struct restore *r, int *to_out, struct err *e)
{
	const char *const argv[] = {"mariadb", "--defaults-file=" CHILD_FD_PATH,
	    "--batch", "--default-character-set=utf8mb4",
	    "--max-allowed-packet=1G", r->c->conf->database_name, NULL};
	int fds[2], login;
	enum err_code rc = child_login(r->c->conf, &login, e);

	if (rc)
		return rc;
	rc = child_pipe(fds, e);
	if (rc == ERR_OK) {
		rc = child_start(argv, fds[0], -1, login, &r->client, e);
		close(fds[0]);
		*to_out = fds[1];
	}
	close(login);
	return rc;
}

static enum err_code
feed(struct restore *r, int to, struct err *e)
{
	size_t n = PIECE;

	while (n == PIECE) {
		if (!child_read(r->from, r->piece, PIECE, &n))
			return file_error(r, strerror(errno), e);
		if (!child_write(to, r->piece, n))
			return file_error(r, "mariadb takes no more of it", e);
		r->bytes += n;
		ctl_progress(
		    "restoring: %llu MB", (unsigned long long)(r->bytes >> 20));
	}
	return end_text(r, e);
}

static enum err_code
load(struct restore *r, struct err *e)
{
	int to = -1;
	struct err why;
	enum err_code rc = rewind_text(r, e);

	if (rc == ERR_OK)
		rc = start_client(r, &to, e);
	if (rc)
		return rc;
	rc = feed(r, to, e);
	close(to);
	/* It has said why it takes no more. */
	if (child_wait(&r->client, &why) && rc == ERR_OK) {
		*e = why;
		rc = e->code;
	}
	return rc;
}

static enum err_code
bring_back(struct restore *r, struct err *e)
{
	struct ctl *c = r->c;
	struct db *db = db_new(c->conf, DB_OWNER);
	bool replace = c->options[OPTION_REPLACE] != NULL;
	unsigned applied = 0;
	enum err_code rc;

	rc = restore_check(db, replace, e);
	if (rc == ERR_OK)
		rc = restore_begin(db, e);
	if (rc == ERR_OK)
		rc = load(r, e);
	if (rc == ERR_OK)
		rc = migrate_up(
		    db, ctl_schema_dir(c), c->conf->database_user, &applied, e);
	if (rc == ERR_OK)
		rc = restore_end(db, e);
	if (rc == ERR_OK && applied)
		ctl_say("schema: %u file%s applied since the backup", applied,
		    applied == 1 ? "" : "s");
	db_free(&db);
	return rc;
}

static enum err_code
restore(struct restore *r, struct err *e)
{
	struct ctl *c = r->c;
	enum err_code rc;

	c->in_setup = true;
	rc = site_open(c->conf, &c->site, e);
	c->in_setup = rc != ERR_OK;
	if (rc == ERR_OK)
		rc = open_file(r, e);
	if (rc == ERR_OK)
		rc = rewind_text(r, e);
	if (rc == ERR_OK)
		rc = check_text(r, e);
	if (rc == ERR_OK)
		rc = check_head(r, e);
	return rc ? rc : bring_back(r, e);
}

/* What is restored, seen as the programs see it. */
static enum err_code
look(struct ctl *c, struct err *e)
{
	static const struct db_context nobody;
	static const struct audit_event event = {.action = AUDIT_RESTORE};
	enum err_code rc;

	c->in_setup = true;
	rc = site_ready(&c->site, e);
	if (rc == ERR_CRYPTO)
		ctl_say("the data are back, but the keys are not theirs: put "
		        "back the copy of %s that belongs to the backup; if "
		        "master.key has been replaced since, \"cofferctl "
		        "master-key replace --new %s/master.key\" with both "
		        "keys there",
		    c->conf->keys_dir, c->conf->keys_dir);
	if (rc)
		return rc;
	c->in_setup = false;
	audit_note(&c->site, &nobody, &event);
	return ctl_say_accounts(c, e);
}

enum err_code
ctl_restore(struct ctl *c, struct err *e)
{
	struct restore r = {
	    .c = c, .path = c->argument, .file = -1, .from = -1};
	enum err_code rc;

	child_signals();
	r.piece = arena_calloc(c->arena, PIECE + DUMP_TAIL + 1, 1);
	rc = restore(&r, e);
	child_kill(&r.client);
	child_kill(&r.gzip);
	if (r.from >= 0 && r.from != r.file)
		close(r.from);
	if (r.file >= 0)
		close(r.file);
	if (rc == ERR_OK)
		rc = look(c, e);
	if (rc == ERR_OK)
		ctl_say(
		    "%s is restored. Restart the programs; what was revoked, "
		    "disabled or erased since the backup has to be so again",
		    c->argument);
	return rc;
}
