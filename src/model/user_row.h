/* Inside src/model: a user's row, with what proves who it is. */
#ifndef COFFER_MODEL_USER_ROW_H
#define COFFER_MODEL_USER_ROW_H

#include "model/user.h"
#include "vault/password.h"

struct user_row {
	struct user user;
	char email[EMAIL_MAX + 1]; /* folded */
	char phc[PASSWORD_PHC];    /* wiped by the caller */
};

/* A live user by e-mail; ERR_NOT_FOUND. */
MUST_CHECK enum err_code user_row_find(struct db *db,
    const struct db_context *ctx, const char *email, struct user_row *out,
    struct err *e);

/* Reads id, uuid and tokens_valid_from, the first columns of a user, into a
 * struct user. */
void user_take(struct db_rows *r, void *arg);

/* The form in which an e-mail is stored and compared; false if there is none:
 * it is not UTF-8, or too long. */
bool user_email_fold(const char *email, char out[EMAIL_MAX + 1]);

/* Whether a password may have n bytes: ERR_BAD_REQUEST. */
MUST_CHECK enum err_code user_password_fits(size_t n, struct err *e);

/* Gives a user another password, by its PHC string, and ends all tokens; *u is
 * then as the row is. ERR_CREDENTIALS if the user has changed since *u was
 * read. */
MUST_CHECK enum err_code user_password_put(struct site *s,
    const struct db_context *ctx, struct user *u, const char *phc,
    struct err *e);

#endif
