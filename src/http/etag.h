/*
 * Entity tags of customers (RFC 9110, section 8.8.3): a customer's revision,
 * strong.
 */
#ifndef COFFER_HTTP_ETAG_H
#define COFFER_HTTP_ETAG_H

#include "http/request.h"
#include "ingest/intake.h"

/* Adds the ETag of a revision to the answer. */
void etag_header(struct request *rq, uint32_t revision);

/* Reads the If-Match of a request. *given says whether there is one. A tag that
 * no customer can have matches nothing. ERR_BAD_REQUEST if it is malformed or
 * has more than PRECONDITION_MAX tags. */
MUST_CHECK enum err_code etag_if_match(const struct request *rq, bool *given,
    struct precondition *out, struct err *e);

/* Whether a request that may create a customer says `If-None-Match: *`, that
 * there must be none yet. ERR_BAD_REQUEST if it says something else. */
MUST_CHECK enum err_code etag_if_none(
    const struct request *rq, bool *given, struct err *e);

/* Whether If-None-Match names the revision, by weak comparison; false if it is
 * not there or malformed. */
bool etag_none_match(const struct request *rq, uint32_t revision);

#endif
