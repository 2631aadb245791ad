/* cofferctl account. */
#include "admin/admin.h"
#include "model/account.h"
#include "model/audit.h"

enum err_code
ctl_account_create(struct ctl *c, struct err *e)
{
	uint32_t id;
	enum err_code rc;

	rc = account_create(
	    &c->site, c->argument, c->options[OPTION_NAME], &id, e);
	if (rc == ERR_OK)
		buf_addf(&c->out, "%s\n", c->argument);
	return rc;
}

enum err_code
ctl_account_list(struct ctl *c, struct err *e)
{
	enum err_code rc = account_list(c->site.db, &c->out, e);

	return rc ? rc : ctl_say_accounts(c, e);
}

enum err_code
ctl_account_data_key(struct ctl *c, struct err *e)
{
	struct db_context ctx;
	enum err_code rc;

	rc = ctl_account(c, c->argument, &ctx, e);
	if (rc == ERR_OK)
		rc = account_data_keys(&c->site, &ctx, &c->out, e);
	if (rc == ERR_OK)
		ctl_say("these keys open the personal data of account %s: "
		        "hand them to nobody else",
		    c->argument);
	return rc;
}
