#include "http/handlers.h"

#include "base/log.h"
#include "model/site.h"

static enum err_code
answer_status(struct request *rq, const char *status)
{
	buf_addf(resp_json(rq, 200), "{\"status\":\"%s\"}", status);
	return ERR_OK;
}

/* The process is up; nothing else is asked. */
enum err_code
ops_healthz(struct request *rq, struct err *e)
{
	(void)e;
	return answer_status(rq, "ok");
}

/* Whatever is not ready, a key or the database, is 503: try again later. */
enum err_code
ops_readyz(struct request *rq, struct err *e)
{
	if (site_ready(rq->site, e)) {
		log_err("readyz", e);
		return err_set(e, ERR_UNAVAILABLE, "not ready");
	}
	return answer_status(rq, "ready");
}
