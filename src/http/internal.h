/*
 * Inside src/http: the FastCGI side of a request, and the steps between
 * accept and the handler. The only includer of fcgiapp.h.
 */
#ifndef COFFER_HTTP_INTERNAL_H
#define COFFER_HTTP_INTERNAL_H

#include <fcgiapp.h>

#include "http/request.h"
#include "http/route.h"

/* "NAME=value" and the length of its name. */
struct param {
	const char *text;
	size_t n;
};

struct transport {
	FCGX_Request fcgx;
	struct param *params; /* those of fcgx.envp, when one is asked for */
	unsigned nparams;
	int64_t budget;     /* ms that the client may still keep us waiting */
	uint64_t received;  /* bytes of the body drawn so far */
	uint64_t limit;     /* most bytes of body that the route takes */
	bool cut_in;        /* no more of the body will come */
	bool wrote;         /* some of the answer may be on its way */
	bool broken;        /* nothing more of the answer will go */
	bool names_request; /* nginx gave no id: the answer carries ours */
};

/* A FastCGI parameter by its name, or NULL; how many there are of the name. */
const char *request_param(const struct request *rq, const char *name);
unsigned request_param_count(const struct request *rq, const char *name);

/* Reads method, path, query and request id from the parameters. */
MUST_CHECK enum err_code request_open(struct request *rq, struct err *e);

/* Whether the answer goes without its content (RFC 9110, section 9.3.2); also
 * before a route was found. */
bool request_is_head(const struct request *rq);

/* Refuses repeated and comma-joined credentials, and two schemes at once
 * (S7): ERR_BAD_REQUEST. */
MUST_CHECK enum err_code auth_headers(const struct request *rq, struct err *e);

/* One of rq->invalid. */
struct invalid_param {
	const char *name, *reason;
	struct invalid_param *next;
};

/* Finds who asks, as the route wants it, and binds account and user.
 * ERR_AUTH, ERR_NO_CONTEXT. */
MUST_CHECK enum err_code auth_open(struct request *rq, struct err *e);

/* Checks type and length of the body; reads it if it is JSON, and opens the
 * workspace that it names. */
MUST_CHECK enum err_code body_open(struct request *rq, struct err *e);

/* Takes back what a handler has said so far: answer, headers, what is invalid,
 * what was read. Nothing of it has left. */
void request_unsay(struct request *rq);

/* Notes a read or a refusal in the audit log, before its answer goes. */
void request_note(struct request *rq, enum err_code rc);

/* Notes a read, if that has not been done: for answers that are streamed. */
void request_note_read(struct request *rq);

/* Cuts connection fd, so that who waits on it goes on, unless it is cleared
 * within ms; one at a time. The set-up comes before the first. */
void deadline_setup(void);
void deadline_set(int fd, int64_t ms);
void deadline_clear(void);

/* Answers an error in the shape of the route's face. */
void problem_answer(struct request *rq, const struct err *e);

/* Sends what is left of the answer. False if the client has gone. */
bool resp_send(struct request *rq);

/* Ends the connection so that nginx sees that the answer is not whole. */
void resp_cut(struct request *rq);

#endif
