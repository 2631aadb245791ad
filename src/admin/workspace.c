/* cofferctl workspace. */
#include "admin/admin.h"
#include "model/account.h"

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

enum err_code
ctl_workspace_list(struct ctl *c, struct err *e)
{
	struct db_context ctx;
	enum err_code rc;

	rc = ctl_account(c, c->options[OPTION_ACCOUNT], &ctx, e);
	return rc ? rc : workspace_list(c->site.db, &ctx, &c->out, e);
}
