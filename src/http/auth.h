/*
 * Tokens as requests carry them.
 */
#ifndef COFFER_HTTP_AUTH_H
#define COFFER_HTTP_AUTH_H

#include "http/request.h"
#include "model/user.h"
#include "vault/jwt.h"

/* The jti of an access token of ours: the user's tokens_valid_from, which a
 * token must still agree with when it is used, and a UUID. */
void auth_jti(const struct user *u, char out[64]);

/* Verifies the bearer token of a request for use as `typ`, and binds the
 * account and user that it names, looked up anew at every request: a token
 * outlives neither, nor its user's logout, change of password or disabling.
 * ERR_AUTH, ERR_NO_CONTEXT. */
MUST_CHECK enum err_code auth_token(struct request *rq, enum jwt_typ typ,
    struct jwt_claims *claims_out, struct user *user_out, struct err *e);

#endif
