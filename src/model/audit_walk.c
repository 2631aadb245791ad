#include "model/audit_walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "model/audit_anchor.h"

#define PROGRESS 65536 /* entries */
#define ANCHOR "audit.anchor"

typedef unsigned long long ull;

void
audit_walk_wrong(struct audit_walk *w, const uint8_t chain[AUDIT_CHAIN],
    const char *fmt, ...)
{
	char line[320], name[AUDIT_CHAIN_TEXT];
	va_list ap;
	int n;

	hex_encode(chain, AUDIT_CHAIN, name);
	n = snprintf(line, sizeof(line), "chain %s: ", name);
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	w->report->nwrong++;
	w->report->wrong(w->report->arg, line);
}

/* Begins a chain; one that begins in its middle does so after `before`. */
static void
start_chain(
    struct audit_walk *w, const struct audit_entry *en, const uint8_t *before)
{
	memset(&w->head, 0, sizeof(w->head));
	memcpy(w->head.chain, en->chain, AUDIT_CHAIN);
	w->started = w->known = true;
	w->report->chains++;
	if (!w->part || en->n == 1)
		return;
	w->head.n = en->n - 1;
	w->known = before != NULL;
	if (before)
		memcpy(w->head.mac, before, MAC_LEN);
}

static void
check_place(struct audit_walk *w, const struct audit_entry *en)
{
	uint64_t next = w->head.n + 1;

	if (en->n == next)
		return;
	w->known = false;
	if (en->n < next)
		audit_walk_wrong(w, en->chain, "entry %llu: stands after %llu",
		    (ull)en->n, (ull)w->head.n);
	else if (en->n == next + 1)
		audit_walk_wrong(
		    w, en->chain, "entry %llu: is missing", (ull)next);
	else
		audit_walk_wrong(w, en->chain,
		    "entries %llu to %llu: are missing", (ull)next,
		    (ull)(en->n - 1));
}

static void
check_mac(struct audit_walk *w, const struct audit_entry *en)
{
	uint8_t mac[MAC_LEN];

	if (!w->known)
		return;
	audit_entry_mac(w->key, w->head.mac, en, mac);
	if (!bytes_equal_ct(mac, en->mac, MAC_LEN))
		audit_walk_wrong(w, en->chain,
		    "entry %llu: was altered: its mac is not right",
		    (ull)en->n);
}

static void
take_anchor(struct audit_walk *w, const struct audit_entry *en)
{
	if (en->action.n != strlen(ANCHOR) ||
	    memcmp(en->action.s, ANCHOR, strlen(ANCHOR)))
		return;
	if (!audit_anchor_read(en->detail.s, en->detail.n, &w->anchored))
		audit_walk_wrong(
		    w, en->chain, "entry %llu: is no anchor", (ull)en->n);
}

void
audit_walk_entry(
    struct audit_walk *w, const struct audit_entry *en, const uint8_t *before)
{
	if (!w->started || memcmp(w->head.chain, en->chain, AUDIT_CHAIN))
		start_chain(w, en, before);
	check_place(w, en);
	check_mac(w, en);
	take_anchor(w, en);
	w->head.n = en->n;
	memcpy(w->head.mac, en->mac, MAC_LEN);
	w->known = true;
	if (++w->report->entries % PROGRESS == 0 && w->report->progress)
		w->report->progress(w->report->arg, w->report->entries);
}

/* By chain, the furthest first. */
static int
compare(const void *a, const void *b)
{
	const struct audit_head *x = a, *y = b;
	int d = memcmp(x->chain, y->chain, AUDIT_CHAIN);

	return d ? d : (x->n < y->n) - (x->n > y->n);
}

void
audit_walk_compress(struct audit_walk *w)
{
	struct audit_head *list = (void *)w->anchored.data;
	size_t n = w->anchored.len / sizeof(*list), kept = 0, i;

	if (!n)
		return;
	qsort(list, n, sizeof(*list), compare);
	for (i = 0; i < n; i++)
		if (!i ||
		    memcmp(list[i].chain, list[kept - 1].chain, AUDIT_CHAIN))
			list[kept++] = list[i];
	w->anchored.len = kept * sizeof(*list);
}

enum err_code
audit_walk_result(const struct audit_walk *w, struct err *e)
{
	if (!w->report->nwrong)
		return ERR_OK;
	return err_set(e, ERR_INVALID,
	    "the audit log is not what was written: %llu thing%s wrong",
	    (ull)w->report->nwrong, w->report->nwrong == 1 ? "" : "s");
}
