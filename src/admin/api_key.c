/* cofferctl api-key. */
#include <string.h>

#include "admin/admin.h"
#include "model/api_key.h"
#include "model/user.h"

enum err_code
ctl_api_key_create(struct ctl *c, struct err *e)
{
	const char *name = c->options[OPTION_NAME];
	char key[API_KEY_TEXT], id_text[UUID_TEXT];
	struct db_context ctx;
	struct uuid id;
	enum err_code rc;

	rc = ctl_workspace(c, &ctx, e);
	if (rc == ERR_OK)
		rc = api_key_create(&c->site, &ctx, name ? name : "",
		    c->options[OPTION_PRIVILEGES], key, &id, e);
	if (rc)
		return rc;
	buf_addf(&c->out, "%s\n", key);
	wipe(key, sizeof(key));
	uuid_format(&id, id_text);
	ctl_say("the key is shown this once; \"cofferctl api-key revoke %s\" "
	        "ends it",
	    id_text);
	return ERR_OK;
}

enum err_code
ctl_api_key_list(struct ctl *c, struct err *e)
{
	struct db_context ctx;
	enum err_code rc;

	rc = ctl_workspace(c, &ctx, e);
	return rc ? rc : api_key_list(c->site.db, &ctx, &c->out, e);
}

enum err_code
ctl_api_key_revoke(struct ctl *c, struct err *e)
{
	struct uuid id;
	enum err_code rc = ERR_NOT_FOUND;

	if (uuid_parse(c->argument, strlen(c->argument), &id))
		rc = api_key_revoke(&c->site, &id, e);
	if (rc == ERR_NOT_FOUND)
		return err_set(e, rc,
		    "no API key has this id: \"cofferctl api-key list "
		    "--workspace ID\" lists them");
	return rc;
}
