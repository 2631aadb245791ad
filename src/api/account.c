/* GET /v1/account/data-key: the account's own keys, for its own clients. */
#include "http/handlers.h"
#include "http/route.h"
#include "model/account.h"

/* Checks the right of the route: in the workspace that the query names, or
 * else in any of the account. */
static enum err_code
right_check(struct request *rq, struct err *e)
{
	const char *workspace = request_query(rq, "workspace_id");
	unsigned rights;
	enum err_code rc;

	if (workspace)
		return request_workspace(rq, workspace, e);
	rc = user_rights_anywhere(rq->site->db, &rq->ctx, &rights, e);
	if (rc == ERR_OK && !(rights & rq->route->right))
		return err_set(e, ERR_FORBIDDEN, NULL);
	return rc;
}

static void
add_key(uint32_t version, const uint8_t *key, size_t n, void *arg)
{
	struct buf *out = arg;

	buf_addf(out, "%s{\"key_version\":%lu,\"key\":\"", out->len ? "," : "",
	    (unsigned long)version);
	buf_add_b64(out, key, n);
	buf_adds(out, "\"}");
}

/* The answer's own buffer is wiped when it has gone (http/server.c). */
enum err_code
api_account_data_key(struct request *rq, struct err *e)
{
	struct buf keys = {0}, *out;
	uint32_t current;
	enum err_code rc = right_check(rq, e);

	if (rc == ERR_OK)
		rc = account_data_keys_each(
		    rq->site, &rq->ctx, &current, add_key, &keys, e);
	if (rc == ERR_OK) {
		out = resp_json(rq, 200);
		buf_addf(
		    out, "{\"current\":%lu,\"keys\":[", (unsigned long)current);
		buf_add(out, keys.data, keys.len);
		buf_adds(out, "]}");
	}
	buf_free(&keys);
	return rc;
}
