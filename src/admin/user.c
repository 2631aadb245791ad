/* cofferctl user. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "model/account.h"
#include "model/user.h"

#define INPUT_MAX 2048 /* more than any password has */

/* Reads a password from standard input to its end, without the newline after
 * it. The caller wipes out. */
static enum err_code
password_read(char out[INPUT_MAX], size_t *n_out, struct err *e)
{
	size_t n = 0;
	ssize_t got = 1;

	while (n < INPUT_MAX && got > 0) {
		got = read(STDIN_FILENO, out + n, INPUT_MAX - n);
		if (got > 0)
			n += (size_t)got;
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	if (got < 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "standard input cannot be read: %s", strerror(errno));
	if (n && out[n - 1] == '\n')
		n--;
	if (n && out[n - 1] == '\r')
		n--;
	*n_out = n;
	return ERR_OK;
}

/* Binds the account, and the workspace within it. */
static enum err_code
bind(struct ctl *c, struct db_context *out, struct err *e)
{
	struct db_context workspace = {0};
	enum err_code rc;

	rc = ctl_account(c, c->options[OPTION_ACCOUNT], out, e);
	if (rc == ERR_OK)
		rc = ctl_workspace(c, &workspace, e);
	if (rc == ERR_OK && workspace.account_id != out->account_id)
		return err_set(e, ERR_NO_WORKSPACE,
		    "the workspace belongs to another account");
	out->workspace_id = workspace.workspace_id;
	return rc;
}

enum err_code
ctl_user_create(struct ctl *c, struct err *e)
{
	char password[INPUT_MAX];
	struct db_context ctx;
	struct uuid uuid;
	size_t n = 0;
	enum err_code rc;

	rc = bind(c, &ctx, e);
	if (rc == ERR_OK)
		rc = password_read(password, &n, e);
	if (rc == ERR_OK)
		rc = user_create(&c->site, &ctx, c->options[OPTION_EMAIL],
		    password, n, c->options[OPTION_ROLE], &uuid, e);
	wipe(password, sizeof(password));
	if (rc == ERR_OK)
		ctl_put_uuid(c, &uuid);
	return rc;
}

enum err_code
ctl_user_grant(struct ctl *c, struct err *e)
{
	struct db_context ctx;
	enum err_code rc = bind(c, &ctx, e);

	if (rc)
		return rc;
	return user_grant(&c->site, &ctx, c->options[OPTION_EMAIL],
	    c->options[OPTION_ROLE], e);
}

enum err_code
ctl_user_list(struct ctl *c, struct err *e)
{
	struct db_context ctx;
	enum err_code rc;

	rc = ctl_account(c, c->options[OPTION_ACCOUNT], &ctx, e);
	return rc ? rc : user_list(c->site.db, &ctx, &c->out, e);
}

/* A user by e-mail, in one account or in whichever has it. */
struct search {
	const char *email;
	struct db_context ctx;
	struct user user;
	unsigned found;
};

static enum err_code
look(struct db *db, const struct db_context *ctx, const char *code, void *arg,
    struct err *e)
{
	struct search *s = arg;
	struct user user;
	enum err_code rc = user_by_email(db, ctx, s->email, &user, e);

	(void)code;
	if (rc)
		return rc;
	s->user = user;
	s->ctx = *ctx;
	s->found++;
	return ERR_NOT_FOUND; /* on to the next account */
}

static enum err_code
find(struct ctl *c, struct search *s, struct err *e)
{
	const char *code = c->options[OPTION_ACCOUNT];
	enum err_code rc;

	*s = (struct search){.email = c->argument};
	if (code) {
		rc = ctl_account(c, code, &s->ctx, e);
		if (rc == ERR_OK)
			rc = look(c->site.db, &s->ctx, code, s, e);
	} else {
		rc = account_walk(c->site.db, look, s, e);
	}
	if (rc != ERR_NOT_FOUND || (!s->found && e->text[0]))
		return rc;
	if (s->found == 1)
		return ERR_OK;
	if (s->found)
		return err_set(e, ERR_BAD_REQUEST,
		    "%u accounts have a user of this e-mail: name one by "
		    "--account CODE",
		    s->found);
	return err_set(e, rc,
	    "no user has this e-mail: \"cofferctl user list --account CODE\" "
	    "lists them");
}

enum err_code
ctl_user_disable(struct ctl *c, struct err *e)
{
	struct search s;
	enum err_code rc = find(c, &s, e);

	return rc ? rc : user_disable(&c->site, &s.ctx, &s.user, e);
}

enum err_code
ctl_user_enable(struct ctl *c, struct err *e)
{
	struct search s;
	enum err_code rc = find(c, &s, e);

	return rc ? rc : user_enable(&c->site, &s.ctx, &s.user, e);
}

enum err_code
ctl_user_set_password(struct ctl *c, struct err *e)
{
	char password[INPUT_MAX];
	struct search s;
	size_t n = 0;
	enum err_code rc = find(c, &s, e);

	if (rc == ERR_OK)
		rc = password_read(password, &n, e);
	if (rc == ERR_OK)
		rc = user_set_password(
		    &c->site, &s.ctx, &s.user, password, n, e);
	wipe(password, sizeof(password));
	return rc;
}
