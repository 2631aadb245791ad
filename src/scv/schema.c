/* /scv/schema: the workspace's fields as a JSON Schema document. */
#include "http/handlers.h"
#include "model/schema_doc.h"
#include "work/wake.h"

enum err_code
scv_schema_show(struct request *rq, struct err *e)
{
	const struct schema *s;
	enum err_code rc;

	rc = site_schema(rq->site, &rq->ctx, &rq->state, &s, e);
	if (rc)
		return rc;
	request_audit(rq, NULL, "{\"fields\":%u}", s->n);
	schema_doc_write(resp_json(rq, 200), s);
	return ERR_OK;
}

static const char *
job_address(struct request *rq, const struct job *job)
{
	return arena_printf(rq->arena, "https://%s",
	    job_id(rq->site->conf, rq->account_code, job, rq->arena));
}

/* Each fault with its place; a conversion that runs already with its job. */
static enum err_code
refuse(struct request *rq, const struct schema_put *put, enum err_code rc,
    struct err *e)
{
	const struct schema_fault *f;

	for (f = put->faults.first; f; f = f->next)
		request_invalid(rq, f->pointer, "%s", f->reason);
	if (rc == ERR_CONFLICT && put->converting)
		return err_set(e, rc,
		    "another change of the fields is being carried out by the "
		    "job %s",
		    job_address(rq, &put->job));
	return rc;
}

enum err_code
scv_schema_put(struct request *rq, struct err *e)
{
	struct schema_put put;
	struct schema now;
	enum err_code rc;

	rc = schema_put(rq->site, &rq->ctx, rq->json, rq->arena, &put, e);
	if (rc)
		return refuse(rq, &put, rc, e);
	rc = schema_load(rq->site->db, &rq->ctx, rq->arena, &now, e);
	if (rc)
		return rc;
	schema_doc_write(resp_json(rq, put.converting ? 202 : 200), &now);
	schema_release(&now);
	if (put.converting) {
		resp_header(rq, "Location", job_address(rq, &put.job));
		wake_send(rq->site->conf, put.job.chunks_left);
	}
	return ERR_OK;
}
