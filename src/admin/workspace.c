/* cofferctl workspace. */
#include "admin/admin.h"
#include "model/account.h"
#include "model/origin.h"

enum err_code
ctl_workspace_create(struct ctl *c, struct err *e)
{
	struct db_context ctx;
	struct uuid uuid;
	enum err_code rc;

	rc = ctl_account(c, c->options[OPTION_ACCOUNT], &ctx, e);
	if (rc == ERR_OK)
		rc = workspace_create(
		    c->site.db, &ctx, c->options[OPTION_NAME], &uuid, e);
	if (rc == ERR_OK)
		ctl_put_uuid(c, &uuid);
	return rc;
}

/* Binds the workspace that the argument names, and prints its origins once
 * `list` (NULL: what it has) has replaced them. */
static enum err_code
origins(struct ctl *c, const char *list, struct err *e)
{
	struct db_context ctx;
	enum err_code rc;

	c->options[OPTION_WORKSPACE] = c->argument;
	rc = ctl_workspace(c, &ctx, e);
	if (rc == ERR_OK && list)
		rc = origin_set(&c->site, &ctx, list, e);
	return rc ? rc : origin_list(c->site.db, &ctx, &c->out, e);
}

enum err_code
ctl_workspace_set(struct ctl *c, struct err *e)
{
	return origins(c, c->options[OPTION_ORIGINS], e);
}

enum err_code
ctl_workspace_show(struct ctl *c, struct err *e)
{
	return origins(c, NULL, e);
}

enum err_code
ctl_workspace_list(struct ctl *c, struct err *e)
{
	struct db_context ctx;
	enum err_code rc;

	rc = ctl_account(c, c->options[OPTION_ACCOUNT], &ctx, e);
	return rc ? rc : workspace_list(c->site.db, &ctx, &c->out, e);
}
