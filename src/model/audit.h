/*
 * The audit log: who did what to which record, and when. It never holds a
 * value of a personal field.
 *
 * Changes are written in the transaction that makes them (audit_change);
 * reads, logins and refusals go to this process's own file by one write(2)
 * (audit_note), which survives kill -9 and which the worker brings into the
 * database. Entries of one writer are a chain: each carries an HMAC over
 * itself and the one before.
 */
#ifndef COFFER_MODEL_AUDIT_H
#define COFFER_MODEL_AUDIT_H

#include "base/bytes.h"
#include "base/err.h"
#include "db/db.h"

enum audit_action {
#define X(name, text, level) AUDIT_##name,
#include "tbl/audit_actions.h"
#undef X
	AUDIT_ACTIONS
};

struct site;

/* One entry. Account, workspace and user come from the context, the request
 * id from the log (log_request), time and level are filled in. */
struct audit_event {
	enum audit_action action;
	const struct uuid *subject; /* customer, job, field...: NULL if none */
	/* A JSON object: names, ids and counts, no values of fields; at most
	 * AUDIT_DETAIL_MAX bytes. NULL: none. */
	const char *detail;
};
#define AUDIT_DETAIL_MAX 2000

/* Writes n entries within the caller's transaction, which thereby stand or
 * fall with the change. May be called several times in one. */
MUST_CHECK enum err_code audit_change(struct site *s,
    const struct db_context *ctx, const struct audit_event *list, unsigned n,
    struct err *e);

/* Notes what changes nothing. Does not fail the request: a file that cannot
 * be written is an error in the log. */
void audit_note(struct site *s, const struct db_context *ctx,
    const struct audit_event *event);

#endif
