/* The handlers, each a row of tbl/routes.h: those of /v1 and of operations are
 * in src/api, those of /scv in src/scv. */
#ifndef COFFER_HTTP_HANDLERS_H
#define COFFER_HTTP_HANDLERS_H

#include "http/request.h"

#define ROUTE(method, path, face, auth, right, body, reads, handler) \
	enum err_code handler(struct request *rq, struct err *e);
#include "tbl/routes.h"
#undef ROUTE

#endif
