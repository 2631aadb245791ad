/* cofferctl group. */
#include "admin/admin.h"
#include "model/segment.h"

enum err_code
ctl_group_create(struct ctl *c, struct err *e)
{
	struct db_context ctx;
	struct segment s;
	enum err_code rc;

	rc = ctl_workspace(c, &ctx, e);
	if (rc == ERR_OK)
		rc = segment_create(c->site.db, &ctx, c->options[OPTION_CODE],
		    c->options[OPTION_NAME], NULL, &s, e);
	if (rc == ERR_OK)
		ctl_put_uuid(c, &s.uuid);
	return rc;
}

enum err_code
ctl_group_list(struct ctl *c, struct err *e)
{
	struct db_context ctx;
	enum err_code rc;

	rc = ctl_workspace(c, &ctx, e);
	return rc ? rc : segment_list(c->site.db, &ctx, &c->out, e);
}
