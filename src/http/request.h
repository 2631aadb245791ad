/*
 * A request: what came in, who is asking, and the answer that takes shape.
 * Everything hangs on the request's arena and goes with it.
 */
#ifndef COFFER_HTTP_REQUEST_H
#define COFFER_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/json.h"
#include "db/db.h"
#include "model/api_key.h"
#include "model/field.h"
#include "model/site.h"

struct route;
struct transport; /* the FastCGI side, known to src/http alone */
struct jwt_keys;

#define REQUEST_ID_MAX 64
#define REQUEST_VARS_MAX 4

struct request {
	struct site *site;
	struct jwt_keys *jwt;
	struct arena *arena;
	const struct route *route;
	const char *method;
	const char *path;  /* normalised by nginx, percent-decoded */
	const char *query; /* raw, "" if none: may hold personal data */
	const char *remote_addr;
	char id[REQUEST_ID_MAX + 1];
	/* Variables of the route's path ("{uuid}"), in order. */
	const char *vars[REQUEST_VARS_MAX];

	/* Who asks, once authenticated: account and user are bound in ctx,
	 * the workspace when request_workspace has opened it. */
	struct db_context ctx;
	const char *account_code;
	struct uuid user;
	struct uuid workspace;
	char workspace_text[UUID_TEXT];

	/* Of a request by API key or session: what authentication has read of
	 * the account and the workspace on its way (site_keyring_at,
	 * site_schema); and of a session its handle and customer. */
	uint32_t key_epoch;
	struct schema state;
	unsigned privileges; /* of enum privilege */
	struct uuid api_key, session, customer;
	/* Owed if the key is one that was remembered (AUTH_KEY_REMEMBERED):
	 * nothing leaves before it is given. */
	struct key_proof proof;

	/* What is wrong with it, by parameter: request_invalid. */
	struct invalid_param *invalid, *invalid_end;
	unsigned ninvalid;

	/* What the audit log says beside the route's action. */
	struct uuid audit_subject;
	bool audit_has_subject;
	const char *audit_detail; /* a JSON object; lives in the arena */
	bool audit_done;          /* the read is in the log */

	/* The parsed body of a BODY_JSON route (never NULL there). */
	json_t *json;

	struct transport *transport;
	struct response {
		int status; /* 0: nothing answered yet */
		const char *type;
		struct buf headers; /* "Name: value\r\n" lines */
		struct buf body;
		bool streaming; /* the head is on its way already */
	} resp;
};

/* A request header's value by its lower-case name ("idempotency-key"), or NULL.
 * Never repeated: requests that repeat a header that matters are refused. */
const char *request_header(const struct request *rq, const char *name);

/* The token of "Authorization: Bearer TOKEN", or NULL if there is none of
 * exactly that form (the scheme in any case: RFC 9110, section 11.1). */
const char *request_bearer(const struct request *rq);

/* A parameter of the query, percent-decoded into the arena, or NULL. */
const char *request_query(struct request *rq, const char *name);

/* The parameters one after the other: name and value of the one at *pos (0 at
 * first), which moves on; NULL for what is not text. False at the end. */
bool request_query_next(
    struct request *rq, size_t *pos, const char **name, const char **value);

/* Draws up to n raw bytes of the body; 0 at its end, -1 if the client went
 * away or the body is over `limit` of the route. A json_source. */
long request_read(void *rq, char *p, size_t n);

/* Content-Length as nginx passes it; 0 if there is no body. */
uint64_t request_length(const struct request *rq);

/* True for the media type (parameters such as charset passed over). */
bool request_is_type(const struct request *rq, const char *media_type);

/* Says what is wrong with a parameter or an attribute, for the member
 * invalid-params of the error (RFC 9457) that the handler then returns; names
 * and texts hold no values of fields. At most INVALID_PARAMS_MAX are told. */
#define INVALID_PARAMS_MAX 1000
void request_invalid(struct request *rq, const char *name, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Opens the workspace by its id (a UUID's text; anything else does not exist)
 * for the right that the route asks: binds ctx.workspace_id and the
 * request's workspace. ERR_MISSING_FIELDS (text NULL), ERR_NO_WORKSPACE
 * (unknown or another account's, no difference: S12), ERR_FORBIDDEN. */
MUST_CHECK enum err_code request_workspace(
    struct request *rq, const char *text, struct err *e);

/* Looks the request's API key up, whatever was remembered of it, and binds what
 * it opens now: nothing is owed then. ERR_AUTH (and nobody is bound any more),
 * ERR_FORBIDDEN. */
MUST_CHECK enum err_code request_prove(struct request *rq, struct err *e);

/* Says for the audit log what a route with `reads` has read: a subject (NULL:
 * none) and a JSON object of names, ids and counts, without values of fields.
 * One that streams its answer says it before. */
void request_audit(struct request *rq, const struct uuid *subject,
    const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The answer. A handler answers once, by one of these, or returns an error,
 * which is then answered in the shape of the route's face. */

/* A JSON answer whose body is appended to the returned buf. */
struct buf *resp_json(struct request *rq, int status);

/* A header of the answer; values come from us or are checked: CR, LF and
 * other control characters abort (S29). */
void resp_header(struct request *rq, const char *name, const char *value);

/* A streamed answer: the body is built in the returned buf and leaves
 * whenever resp_flush finds more than 32 KiB in it, so that memory stays
 * bounded. After the first flush an error can only cut the connection. */
struct buf *resp_stream(struct request *rq, int status, const char *type);
MUST_CHECK enum err_code resp_flush(struct request *rq, struct err *e);

#endif
