#include "work/auditor.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/audit_anchor.h"
#include "model/audit_import.h"

struct auditor {
	struct site *site;
	struct audit_import *import;
	struct audit_anchors *anchors;
	int64_t import_at, anchor_at; /* of the clock that never goes back */
};

struct auditor *
auditor_new(struct site *s)
{
	struct auditor *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	a->site = s;
	a->import = audit_import_new(s);
	a->anchors = audit_anchors_new(s);
	a->anchor_at = clock_mono_ms() + s->conf->audit_import;
	return a;
}

void
auditor_free(struct auditor **a)
{
	if (!*a)
		return;
	audit_import_free(&(*a)->import);
	audit_anchors_free(&(*a)->anchors);
	free(*a);
	*a = NULL;
}

/* True if it is this process that keeps the log of this host. */
static bool
import(struct auditor *a)
{
	uint64_t entries;
	struct err e;
	bool ours;

	a->import_at = clock_mono_ms() + a->site->conf->audit_import;
	if (audit_import_run(a->import, &ours, &entries, &e))
		log_err("storing the audit log", &e);
	else if (entries)
		log_debug("%llu entries of the audit log stored",
		    (unsigned long long)entries);
	return ours;
}

/* The lease outlives two turns, so that it stays where it is. */
static void
anchor(struct auditor *a)
{
	int64_t turn = a->site->conf->audit_anchor * 1000;
	unsigned heads;
	struct err e;

	a->anchor_at = clock_mono_ms() + turn;
	if (audit_anchor(a->anchors, 2 * turn + turn / 2, &heads, &e))
		log_err("anchoring the audit log", &e);
}

void
auditor_tend(struct auditor *a)
{
	int64_t now = clock_mono_ms();

	if (now < a->import_at)
		return;
	if (import(a) && now >= a->anchor_at)
		anchor(a);
}

void
auditor_settle(struct auditor *a)
{
	if (import(a))
		anchor(a);
}
