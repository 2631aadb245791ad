#include "scv/scv.h"

#include <assert.h>
#include <string.h>

#include "http/etag.h"

#define ATTEMPTS 5

enum err_code
scv_open(struct request *rq, const struct schema **schema_out,
    struct keyring **ring_out, struct err *e)
{
	enum err_code rc =
	    site_keyring_at(rq->site, &rq->ctx, rq->key_epoch, ring_out, e);

	if (rc)
		return rc;
	rq->key_epoch = keyring_epoch(*ring_out);
	rc = site_schema(rq->site, &rq->ctx, &rq->state, schema_out, e);
	if (!rc)
		rq->state.version = (*schema_out)->version;
	return rc;
}

/* Forgets what authentication has read: no epoch is 0. A key that was
 * remembered is looked up. */
static enum err_code
refresh(struct request *rq, struct err *e)
{
	rq->invalid = rq->invalid_end = NULL;
	rq->ninvalid = 0;
	if (rq->proof.owed)
		return request_prove(rq, e);
	rq->key_epoch = 0;
	return schema_state(rq->site->db, &rq->ctx, &rq->state, e);
}

enum err_code
scv_run(struct request *rq, scv_attempt *attempt, void *arg, struct err *e)
{
	enum err_code rc = attempt(rq, arg, e);
	unsigned i;

	for (i = 1; i < ATTEMPTS && rc == ERR_SUPERSEDED; i++) {
		assert(!rq->resp.streaming);
		rc = refresh(rq, e);
		if (!rc)
			rc = attempt(rq, arg, e);
	}
	if (rc == ERR_SUPERSEDED)
		return err_set(e, ERR_UNAVAILABLE,
		    "the schema is being changed, try again later");
	return rc;
}

enum err_code
scv_customer_id(struct request *rq, struct uuid *out, struct err *e)
{
	const char *text = rq->vars[0];

	if (uuid_parse(text, strlen(text), out))
		return ERR_OK;
	request_invalid(rq, "customerid", "must be a UUID of version 4");
	return err_set(e, ERR_BAD_REQUEST, "Invalid parameters");
}

struct answer {
	struct request *rq;
	const struct projection *projection;
	int status;
	bool conditional;
};

static enum err_code
write_answer(void *arg, const struct open_customer *c, struct err *e)
{
	const struct answer *a = arg;

	(void)e;
	if (a->conditional && !a->projection->segments &&
	    etag_none_match(a->rq, c->revision))
		resp_json(a->rq, 304);
	else
		projection_write(resp_json(a->rq, a->status), a->projection, c);
	etag_header(a->rq, c->revision);
	return ERR_OK;
}

enum err_code
scv_answer_customer(struct request *rq, int status, const struct uuid *id,
    const struct projection *p, struct keyring *ring, bool conditional,
    struct err *e)
{
	struct answer a = {rq, p, status, conditional};
	struct customer_wish wish;

	projection_wish(p, ring, &wish);
	wish.proof = &rq->proof;
	return customer_open(
	    rq->site, &rq->ctx, &wish, id, write_answer, &a, e);
}
