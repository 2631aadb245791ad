/* What ends a user's tokens: logout, another password, disabling. */
#include "base/clock.h"
#include "model/audit.h"
#include "model/user_row.h"

struct ending {
	struct site *site;
	const struct db_context *ctx;
	struct user *user;
	enum audit_action action;
	const char *phc; /* the new password; NULL: the old one stays */
	bool disable;
	bool unchanged; /* fails if the row is not as *user has it */
	int64_t next;   /* tokens_valid_from, once it is known */
};

static enum err_code
end_write(struct ending *n, int64_t now, struct err *e)
{
	struct db *db = n->site->db;
	struct audit_event event = {
	    .action = n->action, .subject = &n->user->uuid};
	enum err_code rc;

	rc = db_exec(db, n->ctx, SQL_USER_END,
	    DB_ARGS(db_int(n->next), db_str(n->phc),
	        n->disable ? db_int(now) : db_null(), db_int(n->user->id)),
	    NULL, NULL, e);
	if (rc == ERR_OK)
		rc = db_exec(db, n->ctx, SQL_REFRESH_END_ALL,
		    DB_ARGS(db_int(now), db_int(n->user->id)), NULL, NULL, e);
	return rc ? rc : audit_change(n->site, n->ctx, &event, 1, e);
}

/* The lock on the user's row keeps new families out (refresh_start) until
 * those that there are have been ended. */
static enum err_code
end_body(struct db *db, void *arg, struct err *e)
{
	struct ending *n = arg;
	int64_t now = clock_now_ms(), last;
	enum err_code rc;

	rc = db_one(db, n->ctx, SQL_USER_LOCK, DB_ARGS(db_int(n->user->id)),
	    db_take_int, &last, e);
	if (rc)
		return rc;
	if (n->unchanged && last != n->user->tokens_valid_from)
		return err_set(e, ERR_CREDENTIALS, NULL);
	n->next = now > last ? now : last + 1;
	return end_write(n, now, e);
}

static enum err_code
end_done(struct db *db, void *arg, struct err *e)
{
	struct ending *n = arg;
	int64_t last = 0;
	enum err_code rc;

	rc = db_one(db, n->ctx, SQL_USER_EPOCH, DB_ARGS(db_int(n->user->id)),
	    db_take_int, &last, e);
	if (rc || last == n->next)
		return rc;
	return err_set(e, ERR_NOT_FOUND, NULL);
}

static enum err_code
end(struct ending *n, struct err *e)
{
	enum err_code rc =
	    db_transaction(n->site->db, end_body, end_done, n, e);

	if (rc == ERR_OK)
		n->user->tokens_valid_from = n->next;
	return rc;
}

enum err_code
user_password_put(struct site *s, const struct db_context *ctx, struct user *u,
    const char *phc, struct err *e)
{
	struct ending n = {.site = s,
	    .ctx = ctx,
	    .user = u,
	    .action = AUDIT_PASSWORD_CHANGE,
	    .phc = phc,
	    .unchanged = true};

	return end(&n, e);
}

enum err_code
user_set_password(struct site *s, const struct db_context *ctx,
    const struct user *u, const char *password, size_t n, struct err *e)
{
	struct user copy = *u;
	char phc[PASSWORD_PHC];
	struct ending end_all = {.site = s,
	    .ctx = ctx,
	    .user = &copy,
	    .action = AUDIT_PASSWORD_CHANGE,
	    .phc = phc};
	enum err_code rc = user_password_fits(n, e);

	if (rc == ERR_OK)
		rc = password_hash(password, n, phc, e);
	if (rc == ERR_OK)
		rc = end(&end_all, e);
	wipe(phc, sizeof(phc));
	return rc;
}

enum err_code
user_disable(struct site *s, const struct db_context *ctx, const struct user *u,
    struct err *e)
{
	struct user copy = *u;
	struct ending n = {.site = s,
	    .ctx = ctx,
	    .user = &copy,
	    .action = AUDIT_USER_DISABLE,
	    .disable = true};

	return end(&n, e);
}

enum err_code
user_logout(struct site *s, const struct db_context *ctx, const struct user *u,
    struct err *e)
{
	struct user copy = *u;
	struct ending n = {
	    .site = s, .ctx = ctx, .user = &copy, .action = AUDIT_LOGOUT};

	return end(&n, e);
}

static enum err_code
enable_body(struct db *db, void *arg, struct err *e)
{
	struct ending *n = arg;
	struct audit_event event = {
	    .action = n->action, .subject = &n->user->uuid};
	enum err_code rc;

	rc = db_exec(db, n->ctx, SQL_USER_ENABLE, DB_ARGS(db_int(n->user->id)),
	    NULL, NULL, e);
	return rc ? rc : audit_change(n->site, n->ctx, &event, 1, e);
}

enum err_code
user_enable(struct site *s, const struct db_context *ctx, const struct user *u,
    struct err *e)
{
	struct user copy = *u;
	struct ending n = {
	    .site = s, .ctx = ctx, .user = &copy, .action = AUDIT_USER_ENABLE};

	return db_transaction(s->db, enable_body, NULL, &n, e);
}

enum err_code
user_by_email(struct db *db, const struct db_context *ctx, const char *email,
    struct user *out, struct err *e)
{
	char folded[EMAIL_MAX + 1];

	if (!user_email_fold(email, folded))
		return err_set(e, ERR_NOT_FOUND, NULL);
	return db_one(db, ctx, SQL_USER_ANY_BY_EMAIL, DB_ARGS(db_str(folded)),
	    user_take, out, e);
}
