/* The member rows of a segment that was deleted, a range of positions at a
 * time. */
#include <string.h>

#include "base/json.h"
#include "model/segment.h"
#include "work/range.h"

/* The segment's id is in the job's detail. */
static enum err_code
read_detail(const char *detail, uint32_t *out, struct err *e)
{
	json_t *v = NULL;
	int64_t id = 0;
	enum err_code err = json_read_mem(detail, strlen(detail), &v, e);

	if (!err && (!jv_int(json_object_get(v, "segment_id"), &id) ||
	                id <= SEGMENT_ALL || id > UINT32_MAX))
		err = err_fault(e, ERR_INTERNAL, "a job without its segment");
	*out = (uint32_t)id;
	json_decref(v);
	return err;
}

enum err_code
clear_body(struct range *r, struct err *e)
{
	uint64_t affected = 0;
	uint32_t id;
	enum err_code err = read_detail(r->job.detail, &id, e);

	if (!err)
		err = segment_clear(
		    r->site->db, &r->ctx, id, r->first, r->end, &affected, e);
	r->succeeded = (uint32_t)affected;
	return err;
}
