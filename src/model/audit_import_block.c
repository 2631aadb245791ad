/* The entries in a block of a process's file. */
#include <string.h>

#include "base/log.h"
#include "model/audit_import_own.h"
#include "model/audit_record.h"

/* Something in a part is no entry of its chain. */
static void
set_bad(struct audit_part *p)
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
	return ++im->n == AUDIT_BATCH ? audit_import_store(im, e) : ERR_OK;
}

/* Takes the whole lines of a block; *used_out is their length. */
static enum err_code
add_lines(struct audit_import *im, struct audit_part *p, size_t n,
    size_t *used_out, struct err *e)
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
is_good(struct audit_import *im, struct audit_part *p,
    const struct audit_entry *en, const char *s, size_t len, size_t used)
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
	im->last = (struct audit_last){en->n, end};
	return true;
}

/* Takes the whole records of a block; *used_out is their length. */
static enum err_code
add_records(struct audit_import *im, struct audit_part *p, size_t n,
    size_t *used_out, struct err *e)
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

/* The entries may point into the block: they are stored before the next is
 * read. */
enum err_code
audit_import_block(struct audit_import *im, struct audit_part *p, size_t n,
    size_t *used_out, struct err *e)
{
	enum err_code rc;

	if (!p->offset)
		p->lines = !strncmp(im->block, "{\"", 2);
	im->last = p->last;
	rc = p->lines ? add_lines(im, p, n, used_out, e)
	              : add_records(im, p, n, used_out, e);
	return rc ? rc : audit_import_store(im, e);
}
