/*
 * What pages of other origins may do with customers' sessions: CORS (WHATWG
 * Fetch, section 3.3), and no forged requests (S11). Allowed are the server's
 * own origin and those of the workspace (model/origin.h).
 */
#ifndef COFFER_HTTP_CORS_H
#define COFFER_HTTP_CORS_H

#include "http/request.h"

/* For a request of a live session, whose workspace is bound: lets its origin
 * read the answer if it is allowed. ERR_FORBIDDEN if the request changes
 * something and a page of another origin sends it. */
MUST_CHECK enum err_code cors_check(struct request *rq, struct err *e);

/* For one without a session: lets its origin read that, if it is that of any
 * workspace (of the account that the path names). */
MUST_CHECK enum err_code cors_stranger(struct request *rq, struct err *e);

/* Answers a preflight, which comes without a session: 204 for an origin of any
 * workspace, as cors_stranger. ERR_FORBIDDEN. */
MUST_CHECK enum err_code cors_preflight(struct request *rq, struct err *e);

#endif
