/* What requests leave in the audit log: reads and refusals (S35). Changes are
 * the model's to write. */
#include <assert.h>
#include <string.h>

#include "http/internal.h"

static void
note(struct request *rq, enum audit_action action, const struct uuid *subject,
    const char *detail)
{
	audit_note(
	    rq->site, &rq->ctx, &(struct audit_event){action, subject, detail});
}

void
request_note_read(struct request *rq)
{
	assert(!rq->proof.owed);
	if (rq->audit_done || !rq->route || rq->route->reads == AUDIT_NONE)
		return;
	rq->audit_done = true;
	note(rq, rq->route->reads,
	    rq->audit_has_subject ? &rq->audit_subject : NULL,
	    rq->audit_detail);
}

static bool
is_refusal(enum err_code rc)
{
	return rc == ERR_AUTH || rc == ERR_NO_CONTEXT || rc == ERR_FORBIDDEN ||
	       rc == ERR_NO_WORKSPACE || rc == ERR_NO_CUSTOMERS ||
	       rc == ERR_CREDENTIALS || rc == ERR_TOO_MANY_REQUESTS;
}

/* The subject is whom or what the handler has named, or else the workspace that
 * was asked for. */
static void
note_refusal(struct request *rq, enum err_code rc)
{
	static const struct uuid none;
	bool named = memcmp(&rq->workspace, &none, sizeof(none)) != 0;
	struct buf detail = {.max = AUDIT_DETAIL_MAX};

	buf_addf(&detail, "{\"route\":\"%s\",\"status\":%d,\"address\":",
	    rq->route ? rq->route->name : "", err_status(rc));
	buf_add_json(&detail, rq->remote_addr, strlen(rq->remote_addr));
	buf_addc(&detail, '}');
	note(rq, rc == ERR_CREDENTIALS ? AUDIT_LOGIN_FAILED : AUDIT_REFUSED,
	    rq->audit_has_subject ? &rq->audit_subject
	    : named               ? &rq->workspace
	                          : NULL,
	    detail.data);
	buf_free(&detail);
}

void
request_note(struct request *rq, enum err_code rc)
{
	assert(!rq->proof.owed);
	if (is_refusal(rc))
		note_refusal(rq, rc);
	else if (rc == ERR_NOT_FOUND && rq->route &&
	         rq->route->reads != AUDIT_NONE)
		note(rq, rq->route->reads, NULL, "{\"status\":404}");
	else if (!rc || rc == ERR_GONE)
		request_note_read(rq);
}
