/* Notes: each process has a file of its own in [audit] dir, a record
 * (audit_record.h) an entry by one write(2). When it is large enough the next
 * part follows; a part that has a follower, or whose process is gone, grows no
 * more, and the worker removes it once all of it is in the database
 * (audit_import.c). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/audit_own.h"
#include "model/audit_record.h"
#include "model/job.h"

#define PART_DIGITS 6
#define MINUTE_MS 60000

void
audit_part_name(char out[AUDIT_NAME_MAX], const char *owner,
    const uint8_t chain[AUDIT_CHAIN], unsigned part)
{
	char text[AUDIT_CHAIN_TEXT];

	hex_encode(chain, AUDIT_CHAIN, text);
	snprintf(
	    out, AUDIT_NAME_MAX, "%s.%s.%0*u", owner, text, PART_DIGITS, part);
}

size_t
audit_part_parse(const char *name, uint8_t chain[AUDIT_CHAIN])
{
	const char *part = strrchr(name, '.');
	char text[AUDIT_CHAIN_TEXT];
	size_t n = part ? (size_t)(part - name) : 0;

	if (n < AUDIT_CHAIN_TEXT + 1 || n >= AUDIT_NAME_MAX - PART_DIGITS ||
	    strspn(part + 1, "0123456789") != strlen(part + 1) ||
	    strlen(part + 1) < PART_DIGITS || name[n - AUDIT_CHAIN_TEXT] != '.')
		return 0;
	memcpy(text, part - (AUDIT_CHAIN_TEXT - 1), AUDIT_CHAIN_TEXT - 1);
	text[AUDIT_CHAIN_TEXT - 1] = '\0';
	return audit_hex(text, chain, AUDIT_CHAIN) ? n : 0;
}

void
audit_file_close(struct audit_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

enum err_code
audit_dir_check(const struct conf *c, struct err *e)
{
	const char *dir = c->audit_dir;

	if ((!mkdir(dir, 0700) || errno == EEXIST) &&
	    !access(dir, R_OK | W_OK | X_OK))
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "[audit] dir: %s: %s: make it, for the user of the programs alone",
	    dir, strerror(errno));
}

/* Opens the next part; the directory is made if it is not there. */
static bool
open_part(struct audit *a)
{
	const char *dir = a->site->conf->audit_dir;
	struct audit_file *f = &a->file;
	char owner[JOB_OWNER_MAX], name[AUDIT_NAME_MAX], path[4096];

	audit_file_close(f);
	f->size = 0;
	f->part++;
	job_owner(owner);
	audit_part_name(name, owner, f->head.chain, f->part);
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (mkdir(dir, 0700) && errno != EEXIST)
		return false;
	f->fd = open(
	    path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return f->fd >= 0;
}

/* The file stands for this process and has room. */
static bool
ready(struct audit *a)
{
	struct audit_file *f = &a->file;

	if (f->pid != getpid()) {
		audit_file_close(f);
		f->pid = getpid();
		f->part = 0;
		audit_head_new(&f->head);
	}
	if (f->fd >= 0 && f->size < (uint64_t)a->site->conf->audit_part_bytes)
		return true;
	return open_part(a);
}

/* True if the whole record was written. */
static bool
write_record(int fd, const struct buf *record)
{
	ssize_t n;

	do
		n = write(fd, record->data, record->len);
	while (n < 0 && errno == EINTR);
	if (n >= 0 && (size_t)n != record->len)
		errno = ENOSPC;
	return n == (ssize_t)record->len;
}

/* Appends an entry to the file of this process. After a failure nobody knows
 * what the file's end is: the next entry begins a chain and a file of its own.
 */
static void
add_entry(struct audit *a, struct audit_entry *en)
{
	struct audit_file *f = &a->file;

	buf_reset(&a->record);
	if (ready(a)) {
		audit_entry_chain(a->key, &f->head, en);
		audit_record_write(&a->record, en);
		if (write_record(f->fd, &a->record)) {
			f->size += a->record.len;
			return;
		}
	}
	log_error("the audit log cannot be written, %.*s is not in it: %s: %s",
	    (int)en->action.n, en->action.s, a->site->conf->audit_dir,
	    strerror(errno));
	a->site->audit_failures++;
	audit_file_close(f);
	f->pid = 0;
}

static void
note_direct(struct audit *a, const struct db_context *ctx,
    const struct audit_event *event)
{
	struct err e;

	if (audit_change(a->site, ctx, event, 1, &e))
		log_err("the audit log", &e);
}

static void
note(struct audit *a, const struct db_context *ctx,
    const struct audit_event *event)
{
	struct audit_entry en;
	char room[AUDIT_ROOM];

	if (a->direct) {
		note_direct(a, ctx, event);
		return;
	}
	audit_fill(&en, ctx, event, room);
	add_entry(a, &en);
}

void
audit_file_left(struct audit *a)
{
	uint64_t n = a->bound.left_out;
	char detail[64];
	struct audit_event left = {.action = AUDIT_REFUSED, .detail = detail};

	snprintf(detail, sizeof(detail), "{\"left_out\":%llu}",
	    (unsigned long long)n);
	a->bound.left_out = 0;
	if (n)
		note(a, NULL, &left);
}

/* Begins another minute when one is over. */
static void
turn_minute(struct audit *a)
{
	int64_t now = clock_mono_ms();

	if (a->bound.since && now - a->bound.since < MINUTE_MS)
		return;
	audit_file_left(a);
	a->bound = (struct audit_bound){.since = now};
}

/* Refusals of nobody, of which an attacker may cause any number. */
static bool
is_anonymous(const struct db_context *ctx, enum audit_action action)
{
	return (!ctx || (!ctx->user_id && !ctx->agent)) &&
	       (action == AUDIT_REFUSED || action == AUDIT_LOGIN_FAILED);
}

void
audit_note(struct site *s, const struct db_context *ctx,
    const struct audit_event *event)
{
	struct audit *a = s->audit;

	turn_minute(a);
	if (is_anonymous(ctx, event->action) &&
	    a->bound.used++ >= AUDIT_ANONYMOUS) {
		a->bound.left_out++;
		return;
	}
	note(a, ctx, event);
}
