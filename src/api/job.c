/* The job resource, by its UUID and by its id: shown, cancelled; its wrong
 * rows. */
#include <string.h>

#include "http/handlers.h"
#include "http/route.h"
#include "model/job.h"

/* A job of the caller's account, in whose workspace the user has the right
 * that the route asks. `operation` is as the job's id has it, or NULL for
 * any. ERR_NOT_FOUND, ERR_FORBIDDEN. */
static enum err_code
open_job(struct request *rq, const char *text, const char *operation,
    struct job *out, struct err *e)
{
	struct uuid id;
	unsigned rights;
	enum err_code rc;

	if (!uuid_parse(text, strlen(text), &id))
		return err_set(e, ERR_NOT_FOUND, NULL);
	rc = job_find(rq->site->db, &rq->ctx, &id, rq->arena, out, e);
	if (rc)
		return rc;
	if (operation &&
	    strcmp(operation, arena_printf(rq->arena, "%s_customers",
	                          job_kind_name(out->kind))))
		return err_set(e, ERR_NOT_FOUND, NULL);
	rq->ctx.workspace_id = out->workspace_id;
	request_audit(rq, &out->uuid, "{}");
	rc = user_rights(rq->site->db, &rq->ctx, &rights, e);
	if (!rc && !(rights & rq->route->right))
		return err_set(e, ERR_FORBIDDEN, NULL);
	return rc;
}

static enum err_code
show(struct request *rq, const char *text, const char *operation, struct err *e)
{
	struct job job;
	enum err_code rc = open_job(rq, text, operation, &job, e);

	if (rc)
		return rc;
	request_audit(rq, &job.uuid, "{}");
	return job_write(rq->site, &rq->ctx, rq->account_code, &job, rq->arena,
	    resp_json(rq, 200), e);
}

enum err_code
api_job_show(struct request *rq, struct err *e)
{
	return show(rq, rq->vars[0], NULL, e);
}

enum err_code
api_job_by_id(struct request *rq, struct err *e)
{
	if (strcmp(rq->vars[0], rq->account_code))
		return err_set(e, ERR_NOT_FOUND, NULL);
	return show(rq, rq->vars[2], rq->vars[1], e);
}

/* Whoever may not begin a job of its kind may neither end it nor see the rows
 * that it was given. */
static enum err_code
check_kind(struct request *rq, const struct job *job, struct err *e)
{
	unsigned need = job_kind_right(job->kind), rights;
	enum err_code rc = user_rights(rq->site->db, &rq->ctx, &rights, e);

	if (!rc && need && !(rights & need))
		return err_set(e, ERR_FORBIDDEN, NULL);
	return rc;
}

static enum err_code
cancel(
    struct request *rq, const char *text, const char *operation, struct err *e)
{
	struct job job;
	enum err_code rc = open_job(rq, text, operation, &job, e);

	if (!rc)
		rc = check_kind(rq, &job, e);
	if (!rc)
		rc = job_cancel(rq->site, &rq->ctx, &job, e);
	if (rc)
		return rc;
	return job_write(rq->site, &rq->ctx, rq->account_code, &job, rq->arena,
	    resp_json(rq, 200), e);
}

enum err_code
api_job_cancel(struct request *rq, struct err *e)
{
	return cancel(rq, rq->vars[0], NULL, e);
}

enum err_code
api_job_cancel_by_id(struct request *rq, struct err *e)
{
	if (strcmp(rq->vars[0], rq->account_code))
		return err_set(e, ERR_NOT_FOUND, NULL);
	return cancel(rq, rq->vars[2], rq->vars[1], e);
}

static enum err_code
flush(void *arg, struct err *e)
{
	return resp_flush(arg, e);
}

enum err_code
api_job_errors(struct request *rq, struct err *e)
{
	char id[UUID_TEXT];
	struct job job;
	struct buf *out;
	enum err_code rc = open_job(rq, rq->vars[0], NULL, &job, e);

	if (!rc)
		rc = check_kind(rq, &job, e);
	if (rc)
		return rc;
	request_audit(rq, &job.uuid, "{}");
	uuid_format(&job.uuid, id);
	out = resp_stream(rq, 200, "text/csv; charset=utf-8; header=present");
	resp_header(rq, "Content-Disposition",
	    arena_printf(
	        rq->arena, "attachment; filename=\"errors-%s.csv\"", id));
	return job_errors_csv(
	    rq->site, &rq->ctx, &job, rq->arena, out, flush, rq, e);
}
