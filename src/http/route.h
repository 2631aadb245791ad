/*
 * Routes: tbl/routes.h, one row each. A row is all that is to know of a route.
 */
#ifndef COFFER_HTTP_ROUTE_H
#define COFFER_HTTP_ROUTE_H

#include "base/err.h"
#include "http/request.h"
#include "model/audit.h"
#include "model/api_key.h"
#include "model/user.h"

enum route_auth {
	AUTH_NONE,   /* open, or the handler looks at x-api-key itself */
	AUTH_BEARER, /* an access token: a user of an account */
	AUTH_KEY,    /* x-dxp-tenant and x-api-key: a workspace */
	/* The same, by a key that the process may remember: rq->proof is then
	 * owed. The handler gives it with what it reads (customer_open) or in
	 * its transaction, before it changes anything, and starts from scratch
	 * when it is run again; what it has not proven http/server.c proves. */
	AUTH_KEY_REMEMBERED,
	AUTH_SESSION /* the dxp-sessionid cookie: a customer */
};

enum route_body {
	BODY_NONE,
	BODY_JSON,     /* an object, parsed into rq->json; on the face V1 its
	                  "workspace_id" is opened when the route asks a right */
	BODY_OPTIONAL, /* the same; no body is as good as {} */
	BODY_UPLOAD    /* JSON or multipart, read by the handler */
};

/* The shape of errors: /v1, or problem+json for /scv. */
enum route_face { FACE_V1, FACE_SCV };

struct route {
	const char *name; /* of the handler, for logs and idempotency */
	const char *method;
	const char *path; /* "{name}" stands for one segment */
	enum route_face face;
	enum route_auth auth;
	/* BEARER: of enum right, of the user in the workspace; KEY and
	 * KEY_REMEMBERED: of enum privilege, of the key; 0: none asked. */
	unsigned right;
	enum route_body body;
	enum audit_action reads; /* AUDIT_NONE: the model's to write */
	enum err_code (*handler)(struct request *rq, struct err *e);
};

extern const struct route routes[];
extern const unsigned routes_count;

/* Finds the row for method and path and fills rq->route and rq->vars; a HEAD
 * gets the row of GET. ERR_NOT_FOUND, or ERR_METHOD with the Allow header set.
 */
MUST_CHECK enum err_code route_match(struct request *rq, struct err *e);

#endif
