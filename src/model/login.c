/* Passwords: who may try one, and whether it is right. */
#include <string.h>

#include "base/bytes.h"
#include "model/throttle.h"
#include "model/user_row.h"

#define BUSY_MS 1000 /* when to come back while too many are at it */

#define PASSWORD_LEAST 8
#define PASSWORD_MOST 1024

enum err_code
user_password_fits(size_t n, struct err *e)
{
	if (n >= PASSWORD_LEAST && n <= PASSWORD_MOST)
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "a password must have %d to %d bytes", PASSWORD_LEAST,
	    PASSWORD_MOST);
}

static void
take_row(struct db_rows *r, void *arg)
{
	struct user_row *row = arg;
	const char *text;
	size_t n;

	user_take(r, &row->user);
	text = db_get_bytes(r, 3, &n);
	if (n < sizeof(row->email))
		memcpy(row->email, text, n + 1);
	text = db_get_bytes(r, 4, &n);
	if (n < sizeof(row->phc))
		memcpy(row->phc, text, n + 1);
}

enum err_code
user_row_find(struct db *db, const struct db_context *ctx, const char *email,
    struct user_row *out, struct err *e)
{
	char folded[EMAIL_MAX + 1] = "";

	if (!user_email_fold(email, folded))
		return err_set(e, ERR_NOT_FOUND, NULL);
	return db_one(db, ctx, SQL_USER_BY_EMAIL, DB_ARGS(db_str(folded)),
	    take_row, out, e);
}

/* The live user of the context; ERR_NOT_FOUND. */
static enum err_code
own_row(struct db *db, const struct db_context *ctx, struct user_row *out,
    struct err *e)
{
	return db_one(db, ctx, SQL_USER_BY_ID, DB_ARGS(db_int(ctx->user_id)),
	    take_row, out, e);
}

/* The buckets that a try counts in. */
enum { OWN, ADDRESS, BUCKETS };

static void
buckets(const struct site *s, const struct db_context *ctx,
    const struct sign_in *in, struct throttle out[BUCKETS])
{
	char folded[EMAIL_MAX + 1];
	bool folds = user_email_fold(in->email, folded);

	throttle_bucket(s, THROTTLE_LOGIN, ctx->account_id,
	    folds ? folded : in->email, in->address, &out[OWN]);
	throttle_bucket(s, THROTTLE_ADDRESS, ctx->account_id, NULL, in->address,
	    &out[ADDRESS]);
}

static enum err_code
forgive(struct site *s, const struct throttle t[BUCKETS], struct err *e)
{
	enum err_code rc = throttle_clear(s, &t[OWN], e);

	return rc ? rc : throttle_give(s, &t[ADDRESS], e);
}

/* Looks at the password, unless there were too many before. What is done does
 * not depend on whether there is such a user. */
static enum err_code
try_password(struct site *s, const struct db_context *ctx,
    const struct sign_in *in, struct user *out, int64_t *wait_out,
    struct err *e)
{
	struct throttle t[BUCKETS];
	struct user_row row = {0};
	enum err_code rc;
	bool right;

	buckets(s, ctx, in, t);
	rc = throttle_take(s, t, BUCKETS, wait_out, e);
	if (rc)
		return rc;
	rc = user_row_find(s->db, ctx, in->email, &row, e);
	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	right = password_verify(in->password, in->n, rc ? NULL : row.phc);
	wipe(row.phc, sizeof(row.phc));
	*out = row.user;
	return right ? forgive(s, t, e) : err_set(e, ERR_CREDENTIALS, NULL);
}

/* A hash takes 60 ms of a processor: some processes are always left for those
 * who have signed in. */
static enum err_code
begin_work(struct site *s, int64_t *wait_out, struct err *e)
{
	*wait_out = BUSY_MS;
	if (slots_take(s->hashers))
		return ERR_OK;
	return err_set(e, ERR_TOO_MANY_REQUESTS,
	    "too many sign-ins at once, try again in a second");
}

enum err_code
user_login(struct site *s, const struct db_context *ctx,
    const struct sign_in *in, struct user *out, int64_t *wait_out,
    struct err *e)
{
	enum err_code rc;

	memset(out, 0, sizeof(*out));
	rc = begin_work(s, wait_out, e);
	if (rc)
		return rc;
	rc = try_password(s, ctx, in, out, wait_out, e);
	slots_give(s->hashers);
	return rc;
}

/* What a user may choose: not what it has, nor what everybody knows of it. */
static enum err_code
fresh_check(const struct user_row *row, const struct sign_in *in,
    const char *fresh, size_t n, struct err *e)
{
	char folded[EMAIL_MAX + 1];
	enum err_code rc = user_password_fits(n, e);

	if (rc)
		return rc;
	if (n == in->n && !memcmp(fresh, in->password, n))
		return err_set(
		    e, ERR_BAD_REQUEST, "the new password must be another one");
	if (user_email_fold(fresh, folded) && !strcmp(folded, row->email))
		return err_set(e, ERR_BAD_REQUEST,
		    "the new password must not be the e-mail address");
	return ERR_OK;
}

static enum err_code
change(struct site *s, const struct db_context *ctx, const struct sign_in *in,
    const char *fresh, size_t n, struct user *out, int64_t *wait_out,
    struct err *e)
{
	char phc[PASSWORD_PHC];
	enum err_code rc = try_password(s, ctx, in, out, wait_out, e);

	if (rc == ERR_OK)
		rc = password_hash(fresh, n, phc, e);
	if (rc)
		return rc;
	rc = user_password_put(s, ctx, out, phc, e);
	wipe(phc, sizeof(phc));
	return rc;
}

enum err_code
user_password_change(struct site *s, const struct db_context *ctx,
    const struct sign_in *in, const char *fresh, size_t nfresh,
    struct user *out, int64_t *wait_out, struct err *e)
{
	struct sign_in own = *in;
	struct user_row row = {0};
	enum err_code rc;

	memset(out, 0, sizeof(*out));
	rc = own_row(s->db, ctx, &row, e);
	wipe(row.phc, sizeof(row.phc));
	if (rc == ERR_NOT_FOUND)
		return err_set(e, ERR_AUTH, NULL);
	if (rc == ERR_OK)
		rc = fresh_check(&row, in, fresh, nfresh, e);
	if (rc == ERR_OK)
		rc = begin_work(s, wait_out, e);
	if (rc)
		return rc;
	own.email = row.email;
	rc = change(s, ctx, &own, fresh, nfresh, out, wait_out, e);
	slots_give(s->hashers);
	return rc;
}
