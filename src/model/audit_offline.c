/* Verification of an export, without a database. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/audit_verify.h"
#include "model/audit_walk.h"

#define ANCHORED_MAX (1 << 20) /* bytes kept before they are compressed */

typedef unsigned long long ull;

struct reading {
	struct audit_walk walk;
	struct arena *arena;
	struct buf heads; /* struct audit_head: where the chains end */
	uint64_t line;
};

/* The chain in hand has ended. */
static void
end_chain(struct reading *d)
{
	if (d->walk.started)
		buf_add(&d->heads, &d->walk.head, sizeof(d->walk.head));
	if (d->walk.anchored.len > ANCHORED_MAX)
		audit_walk_compress(&d->walk);
}

static void
wrong_line(struct reading *d, const struct err *e)
{
	struct audit_report *r = d->walk.report;
	char text[ERR_TEXT_MAX + 40];

	snprintf(
	    text, sizeof(text), "line %llu: %s", (ull)d->line, err_text(e));
	r->nwrong++;
	r->wrong(r->arg, text);
}

static void
read_line(struct reading *d, char *s, size_t n)
{
	const uint8_t *before;
	struct audit_entry en;
	struct err e;

	d->line++;
	while (n && (s[n - 1] == '\n' || s[n - 1] == '\r'))
		s[--n] = '\0';
	if (!n)
		return;
	arena_reset(d->arena);
	if (audit_line_read(s, n, d->arena, &en, &before, &e)) {
		wrong_line(d, &e);
		return;
	}
	if (memcmp(d->walk.head.chain, en.chain, AUDIT_CHAIN))
		end_chain(d);
	audit_walk_entry(&d->walk, &en, before);
}

static enum err_code
read_lines(struct reading *d, FILE *f, struct err *e)
{
	char *s = NULL;
	size_t cap = 0;
	ssize_t n;

	errno = 0;
	while ((n = getline(&s, &cap, f)) > 0)
		read_line(d, s, (size_t)n);
	free(s);
	end_chain(d);
	if (ferror(f))
		return err_set(e, ERR_BAD_REQUEST,
		    "the file cannot be read: %s", strerror(errno));
	return ERR_OK;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, AUDIT_CHAIN);
}

static void
expect(struct reading *d, const struct audit_head *head)
{
	const struct audit_head *end = NULL;

	if (d->heads.len)
		end = bsearch(head, d->heads.data, d->heads.len / sizeof(*head),
		    sizeof(*head), compare);
	if (!end && !d->walk.part)
		audit_walk_wrong(&d->walk, head->chain,
		    "is missing, with the %llu entries that an anchor names",
		    (ull)head->n);
	else if (end && end->n < head->n)
		audit_walk_wrong(&d->walk, head->chain,
		    "what followed entry %llu was removed from its end: an "
		    "anchor names entries up to %llu",
		    (ull)end->n, (ull)head->n);
	else if (end && end->n == head->n &&
	         memcmp(end->mac, head->mac, MAC_LEN))
		audit_walk_wrong(&d->walk, head->chain,
		    "entry %llu: is not the one that an anchor names",
		    (ull)head->n);
}

static void
expect_anchored(struct reading *d)
{
	const struct audit_head *list;
	size_t n, i;

	audit_walk_compress(&d->walk);
	list = (const void *)d->walk.anchored.data;
	n = d->walk.anchored.len / sizeof(*list);
	if (d->heads.len)
		qsort(d->heads.data, d->heads.len / sizeof(*list),
		    sizeof(*list), compare);
	for (i = 0; i < n; i++)
		expect(d, &list[i]);
}

enum err_code
audit_verify_file(
    struct mac *key, FILE *f, bool part, struct audit_report *r, struct err *e)
{
	struct reading d = {.walk = {.key = key, .report = r, .part = part},
	    .arena = arena_new(16384)};
	enum err_code rc = read_lines(&d, f, e);

	if (!rc) {
		expect_anchored(&d);
		rc = audit_walk_result(&d.walk, e);
	}
	arena_free(&d.arena);
	buf_free(&d.heads);
	buf_free(&d.walk.anchored);
	return rc;
}
