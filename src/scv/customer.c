/* /scv/customers/{customerid}: one customer is read or deleted. */

#include "base/log.h"
#include "http/etag.h"
#include "http/handlers.h"
#include "model/customer_delete.h"
#include "scv/query.h"
#include "scv/scv.h"

static const struct query_param params[] = {
    {"retAllProps", true}, {"retProps", true}, {NULL, false}};
static const struct query_param no_params[] = {{NULL, false}};

static enum err_code
show(struct request *rq, void *arg, struct err *e)
{
	const struct schema *schema;
	struct uuid id;
	struct projection p;
	struct keyring *ring;
	struct query query;
	enum err_code rc = scv_open(rq, &schema, &ring, e), also;

	(void)arg;
	if (rc)
		return rc;
	rc = scv_customer_id(rq, &id, e);
	query_read(rq, params, &query);
	also = projection_read(
	    rq, schema, PROJECT_ATTRIBUTES, PROJECT_BACKEND, &p, e);
	if (rc || also)
		return rc ? rc : also;
	rc = query_end(rq, e);
	if (!rc)
		rc = scv_answer_customer(rq, 200, &id, &p, ring, true, e);
	if (!rc)
		request_audit(rq, &id, "{\"attributes\":%u}", p.n);
	return rc;
}

enum err_code
scv_customer_show(struct request *rq, struct err *e)
{
	return scv_run(rq, show, NULL, e);
}

enum err_code
scv_customer_delete(struct request *rq, struct err *e)
{
	struct uuid id;
	struct segment all;
	struct precondition condition;
	bool conditional, gone = false;
	struct deletion d = {
	    .group = &all, .ids = &id, .n = 1, .gone_out = &gone};
	struct query query;
	enum err_code rc = scv_customer_id(rq, &id, e);

	query_read(rq, no_params, &query);
	if (!rc)
		rc = query_end(rq, e);
	if (!rc)
		rc = etag_if_match(rq, &conditional, &condition, e);
	if (!rc && conditional)
		d.condition = &condition;
	if (!rc)
		rc = segment_read(rq->site->db, &rq->ctx, SEGMENT_ALL, &all, e);
	if (!rc)
		rc = customer_delete(rq->site, &rq->ctx, &d, rq->arena, e);
	if (rc)
		return rc;
	if (!gone)
		return err_set(e, ERR_NOT_FOUND, NULL);
	log_warning("customers deleted: 1");
	resp_json(rq, 204);
	return ERR_OK;
}
