/* cofferctl key rotate. */
#include "admin/admin.h"
#include "model/rotate.h"
#include "work/wake.h"

enum err_code
ctl_key_rotate(struct ctl *c, struct err *e)
{
	bool index = c->options[OPTION_INDEX] != NULL;
	const char *code = c->options[OPTION_ACCOUNT];
	struct db_context ctx;
	enum err_code rc = ctl_account(c, code, &ctx, e);

	if (!rc)
		rc = rotate_start(&c->site, &ctx, code,
		    index ? KEY_INDEX : KEY_DATA, &c->out, e);
	if (rc)
		return rc;
	wake_send(c->conf, (unsigned)c->conf->worker_processes);
	ctl_say("the new key is in use; the worker now brings what is stored "
	        "under it: \"cofferctl job show ID\" shows how far it is");
	return ERR_OK;
}
