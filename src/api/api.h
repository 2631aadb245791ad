/* The handlers of /v1 and of operations, each a row of tbl/routes.h. */
#ifndef COFFER_API_API_H
#define COFFER_API_API_H

#include "http/request.h"

#define ROUTE(method, path, face, auth, right, body, reads, handler) \
	enum err_code handler(struct request *rq, struct err *e);
#include "tbl/routes.h"
#undef ROUTE

#endif
