/* POST /v1/customer/check and PATCH /v1/customer: rows are validated, and
 * queued or done. */
#include <stdio.h>

#include "http/handlers.h"
#include "http/etag.h"
#include "base/log.h"
#include "http/route.h"
#include "ingest/form.h"
#include "ingest/upload.h"
#include "model/segment.h"
#include "work/apply.h"
#include "work/wake.h"

static enum err_code
read_form(struct request *rq, struct form *f, struct err *e)
{
	const struct conf *c = rq->site->conf;
	const char *type = request_header(rq, "content-type");

	if (request_is_type(rq, "application/json"))
		return form_read_json(request_read, rq, c, f, e);
	return form_read_multipart(
	    request_read, rq, type ? type : "", c, rq->arena, f, e);
}

/* What the upload is called when it comes again. */
static enum err_code
read_key(struct request *rq, struct idempotency *out, struct err *e)
{
	out->route = rq->route->name;
	out->key = request_header(rq, "idempotency-key");
	return out->key ? idempotency_key_check(out->key, e) : ERR_OK;
}

static void
send_answer(struct request *rq, const struct upload *u)
{
	struct buf *out = resp_json(rq, u->status);

	buf_add(out, u->answer.data, u->answer.len);
}

/* A change under a precondition is never left to the worker: what could not be
 * done now is not done. */
static enum err_code
give_up(struct request *rq, struct upload *u, enum err_code code, struct err *e)
{
	struct err fault;

	if (job_fail(rq->site, &rq->ctx, &u->claim, code, &fault))
		log_err("ending a job", &fault);
	if (code == ERR_PRECONDITION)
		return code;
	log_err("a change under a precondition", e);
	return err_set(e, ERR_RETRY, NULL);
}

/* A row that was right when it was looked at, and is wrong now. */
static enum err_code
refuse(const struct applied *done, struct err *e)
{
	if (done->wrong == ROW_UNKNOWN)
		return err_set(e, ERR_PRECONDITION, NULL);
	return err_set(e, ERR_CONFLICT,
	    "another change has just taken a unique value of this one");
}

/* Does a small upload at once. What meets a conflict or a fault is left to the
 * worker, with the answer as it is; the database is as sound as before. */
static enum err_code
apply(struct request *rq, struct upload *u, struct err *e)
{
	struct applied *done = arena_alloc(rq->arena, sizeof(*done));
	enum err_code code = work_apply(rq->site, &u->claim, done, e);
	struct err fault;

	if (code && u->condition)
		return give_up(rq, u, code, e);
	if (code == ERR_WAITING) {
		job_chunk_wait(rq->site, &rq->ctx, &u->claim);
		return ERR_OK;
	}
	if (code) {
		log_err("an upload within its request", e);
		job_chunk_retry(rq->site, &rq->ctx, &u->claim);
		wake_send(rq->site->conf, 1);
		return ERR_OK;
	}
	if (done->failed)
		return u->condition ? refuse(done, e) : ERR_OK;
	code = upload_completed(
	    rq->site, &rq->ctx, u, done->ids, done->created, rq->arena, &fault);
	if (code)
		log_err("keeping the answer of an upload", &fault);
	if (done->revision)
		etag_header(rq, done->revision);
	return ERR_OK;
}

/* What is only looked at, or refused for its rows, tells which unique values
 * are taken: a read. */
static void
note_check(struct request *rq, const struct upload *u, enum err_code code)
{
	char detail[48];

	if (code != ERR_INVALID && (code || !u->validate_only))
		return;
	snprintf(detail, sizeof(detail), "{\"rows\":%u}", u->job.rows);
	audit_note(rq->site, &rq->ctx,
	    &(struct audit_event){AUDIT_CUSTOMER_CHECK, NULL, detail});
}

static enum err_code
run(struct request *rq, struct upload *u, struct err *e)
{
	enum err_code code = upload_run(rq->site, &rq->ctx, u, rq->arena, e);

	note_check(rq, u, code);
	if (!code && u->claimed)
		code = apply(rq, u, e);
	else if (!code && !u->validate_only)
		wake_send(rq->site->conf, u->job.chunks_left);
	if (!code || (code == ERR_INVALID && u->answer.len)) {
		send_answer(rq, u);
		code = ERR_OK;
	}
	return code;
}

static enum err_code
find_group(
    struct request *rq, const struct form *f, struct upload *u, struct err *e)
{
	struct segment segment = {0};
	enum err_code code = segment_find(
	    rq->site->db, &rq->ctx, f->customer_group_id, &segment, e);

	u->segment_id = segment.id;
	return code;
}

/* What a request asks for: the form and the headers. */
static enum err_code
read_wishes(struct request *rq, const struct form *f, struct upload *u,
    struct precondition *condition, struct err *e)
{
	bool given = false;
	enum err_code code = find_group(rq, f, u, e);

	u->match_by = f->match_by;
	if (!code)
		code = read_key(rq, &u->again, e);
	if (!code && u->kind == JOB_KIND_UPDATE)
		code = etag_if_match(rq, &given, condition, e);
	u->condition = given ? condition : NULL;
	return code;
}

static enum err_code
take(struct request *rq, const struct form *f, struct err *e)
{
	struct schema schema = {0};
	struct precondition condition = {0};
	struct upload u = {.account_code = rq->account_code,
	    .schema = &schema,
	    .kind = f->update ? JOB_KIND_UPDATE : JOB_KIND_UPLOAD,
	    .validate_only = f->validate_only,
	    .on_existing = f->on_existing,
	    .file = f->file,
	    .data = f->data};
	enum err_code code = request_workspace(rq, f->workspace_id, e);

	u.workspace = rq->workspace;
	if (!code)
		code =
		    schema_load(rq->site->db, &rq->ctx, rq->arena, &schema, e);
	if (!code && schema_is_empty(&schema))
		code = err_set(e, ERR_NO_WORKSPACE, NULL);
	if (!code)
		code = read_wishes(rq, f, &u, &condition, e);
	if (!code)
		code = run(rq, &u, e);
	upload_free(&u);
	schema_release(&schema);
	return code;
}

static enum err_code
serve(struct request *rq, bool update, struct err *e)
{
	struct form form = {.update = update};
	enum err_code code = read_form(rq, &form, e);

	if (!code)
		code = take(rq, &form, e);
	form_free(&form);
	return code;
}

enum err_code
api_customer_check(struct request *rq, struct err *e)
{
	return serve(rq, false, e);
}

enum err_code
api_customer_update(struct request *rq, struct err *e)
{
	return serve(rq, true, e);
}
