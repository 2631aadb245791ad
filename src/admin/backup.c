#include "admin/admin.h"
enum err_code
ctl_backup(struct ctl *c, struct err *e)
{
	(void)c;
	return err_set(e, ERR_INTERNAL, NULL);
}
enum err_code
ctl_restore(struct ctl *c, struct err *e)
{
	(void)c;
	return err_set(e, ERR_INTERNAL, NULL);
}
