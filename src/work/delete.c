/* Deletion of a group's members, a range of their positions at a time. */
#include "base/log.h"
#include "model/customer_delete.h"
#include "work/range.h"

enum err_code
delete_body(struct range *r, struct err *e)
{
	struct segment group;
	enum err_code err;

	err = segment_read(r->site->db, &r->ctx, r->job.segment_id, &group, e);
	if (err == ERR_NO_CUSTOMERS)
		return err_fault(e, ERR_FORBIDDEN, "the group is gone");
	if (!err)
		err = customer_delete_range(r->site, &r->ctx, &group, r->first,
		    r->end, r->job.created_at, r->arena, &r->succeeded, e);
	return err;
}

/* Members may have been deleted otherwise meanwhile: in the end the rows of
 * the job are those that it deleted. */
enum err_code
delete_finish(struct range *r, struct err *e)
{
	return customer_delete_settle(r->site->db, &r->ctx, &r->job.uuid, e);
}
