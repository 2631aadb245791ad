/* /scv/customers/{customerid}: one customer. */
#include <string.h>

#include "http/handlers.h"
#include "scv/scv.h"

static enum err_code
show(struct request *rq, void *arg, struct err *e)
{
	const struct uuid *id = arg;
	const struct schema *schema;
	struct projection p;
	struct keyring *ring;
	enum err_code rc = scv_open(rq, &schema, &ring, e);

	if (!rc)
		rc = projection_read(
		    rq, schema, PROJECT_ATTRIBUTES, PROJECT_BACKEND, &p, e);
	if (!rc)
		rc = scv_answer_customer(rq, 200, id, &p, ring, true, e);
	if (!rc)
		request_audit(rq, id, "{\"attributes\":%u}", p.n);
	return rc;
}

enum err_code
scv_customer_show(struct request *rq, struct err *e)
{
	struct uuid id;
	enum err_code rc = scv_customer_id(rq, &id, e);

	return rc ? rc : scv_run(rq, show, &id, e);
}
