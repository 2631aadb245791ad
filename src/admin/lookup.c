/* What commands look up for their options. */
#include <string.h>

#include "admin/admin.h"
#include "model/account.h"

enum err_code
ctl_account(
    struct ctl *c, const char *code, struct db_context *out, struct err *e)
{
	enum err_code rc;

	memset(out, 0, sizeof(*out));
	rc = account_find(c->site.db, code, &out->account_id, e);
	if (rc == ERR_NOT_FOUND)
		return err_set(e, rc,
		    "no account has the code %s: \"cofferctl account list\" "
		    "lists them",
		    code);
	return rc;
}

enum err_code
ctl_workspace(struct ctl *c, struct db_context *out, struct err *e)
{
	const char *text = c->options[OPTION_WORKSPACE];
	struct uuid uuid;
	enum err_code rc = ERR_NO_WORKSPACE;

	memset(out, 0, sizeof(*out));
	if (uuid_parse(text, strlen(text), &uuid))
		rc = workspace_bind(c->site.db, &uuid, out, e);
	if (rc == ERR_NO_WORKSPACE)
		return err_set(e, rc,
		    "no workspace has the id %s: \"cofferctl workspace list "
		    "--account CODE\" lists them",
		    text);
	return rc;
}

void
ctl_put_uuid(struct ctl *c, const struct uuid *u)
{
	char text[UUID_TEXT];

	uuid_format(u, text);
	buf_addf(&c->out, "%s\n", text);
}
