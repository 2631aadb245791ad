/*
 * What the handlers of the Single Customer View face share.
 */
#ifndef COFFER_SCV_SCV_H
#define COFFER_SCV_SCV_H

#include "http/request.h"
#include "scv/projection.h"

/* The fields and the keys by which the request's workspace is read, without a
 * statement as long as they are what authentication found. Owned by the site:
 * the fields stay for the request (or until scv_run runs it again), the keys
 * until something else asks for some. Not in a transaction. */
MUST_CHECK enum err_code scv_open(struct request *rq,
    const struct schema **schema_out, struct keyring **ring_out, struct err *e);

/* Runs `attempt`, which begins with scv_open and starts from scratch each
 * time; on ERR_SUPERSEDED (fields or keys have changed under it) reads anew
 * what they are and runs it again. ERR_UNAVAILABLE if that does not end. Not
 * once an answer streams. A proof that is owed (rq->proof) is part of it: a key
 * that is gone is ERR_AUTH. */
typedef enum err_code scv_attempt(struct request *rq, void *arg, struct err *e);
MUST_CHECK enum err_code scv_run(
    struct request *rq, scv_attempt *attempt, void *arg, struct err *e);

/* The customer that the path names ({customerid}, its first variable).
 * ERR_BAD_REQUEST, noted by request_invalid, if that is no UUID of version 4.
 */
MUST_CHECK enum err_code scv_customer_id(
    struct request *rq, struct uuid *out, struct err *e);

/* Answers with one customer under a projection, and its ETag. ERR_NOT_FOUND,
 * ERR_SUPERSEDED. With `conditional`, If-None-Match is obeyed (304), but where
 * the projection has $segments: who joins or leaves one keeps the revision. */
MUST_CHECK enum err_code scv_answer_customer(struct request *rq, int status,
    const struct uuid *id, const struct projection *p, struct keyring *ring,
    bool conditional, struct err *e);

#endif
