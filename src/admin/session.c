/* cofferctl session. */
#include <string.h>

#include "admin/admin.h"
#include "base/bytes.h"
#include "model/session.h"

enum err_code
ctl_session_open(struct ctl *c, struct err *e)
{
	const char *customer = c->options[OPTION_CUSTOMER];
	char id[SESSION_ID_TEXT], handle[UUID_TEXT];
	enum err_code rc;
	struct db_context ctx;
	struct session s;
	struct uuid uuid;

	rc = ctl_workspace(c, &ctx, e);
	if (rc)
		return rc;
	rc = ERR_NOT_FOUND;
	if (uuid_parse(customer, strlen(customer), &uuid))
		rc = session_open(&c->site, &ctx, &uuid, NULL, id, &s, e);
	if (rc == ERR_NOT_FOUND)
		return err_set(
		    e, rc, "the workspace has no customer of this id");
	if (rc)
		return rc;
	buf_addf(&c->out, "%s\n", id);
	wipe(id, sizeof(id));
	uuid_format(&s.handle, handle);
	ctl_say("the id is shown this once; its handle is %s", handle);
	return ERR_OK;
}

enum err_code
ctl_session_close(struct ctl *c, struct err *e)
{
	enum err_code rc;
	struct db_context ctx;
	struct uuid handle;

	rc = ctl_workspace(c, &ctx, e);
	if (rc)
		return rc;
	rc = ERR_NOT_FOUND;
	if (uuid_parse(c->argument, strlen(c->argument), &handle))
		rc = session_close(&c->site, &ctx, &handle, e);
	if (rc == ERR_NOT_FOUND)
		return err_set(e, rc,
		    "the workspace has no session of this handle: it has "
		    "ended, or was never there");
	return rc;
}
