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
#include "model/site.h"

enum audit_action {
#define X(name, text, level) AUDIT_##name,
#include "tbl/audit_actions.h"
#undef X
	AUDIT_ACTIONS
};

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
 * fall with the change. May be called several times in one; outside of one it
 * makes its own. s: site_of(db), where a function has the connection alone. */
MUST_CHECK enum err_code audit_change(struct site *s,
    const struct db_context *ctx, const struct audit_event *list, unsigned n,
    struct err *e);

/* Notes what changes nothing. Does not fail the request: a file that cannot
 * be written is an error in the log. Refusals of nobody (no user in the
 * context) are bounded: AUDIT_ANONYMOUS a minute and process, after which one
 * entry tells how many were left out. */
#define AUDIT_ANONYMOUS 60
void audit_note(struct site *s, const struct db_context *ctx,
    const struct audit_event *event);

/* From now on notes go to the database at once, in the transaction that is
 * open or in one of their own: for cofferctl, which has no worker to bring
 * them in and may be another user than the programs. */
void audit_direct(struct site *s);

/* Checks that notes can be written to [audit] dir, which is made if it is not
 * there. ERR_BAD_REQUEST, with a text that says what to do. */
MUST_CHECK enum err_code audit_dir_check(const struct conf *c, struct err *e);

/* Inside src/model: what a site keeps for its log. Reads audit.key: errors as
 * audit_key_load. */
struct audit;
MUST_CHECK enum err_code audit_open(struct site *s, struct err *e);
void audit_close(struct audit **a);

#endif
