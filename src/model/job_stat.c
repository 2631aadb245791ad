#include "model/job_stat.h"

#include <string.h>

#include "base/clock.h"

static void
take(struct db_rows *r, int64_t now, struct job_stat *out)
{
	int64_t since = db_get_int(r, 6);

	out->jobs = (uint64_t)db_get_int(r, 1);
	out->running = (uint64_t)db_get_int(r, 2);
	out->claimed = (uint64_t)db_get_int(r, 3);
	out->due = (uint64_t)db_get_int(r, 4);
	out->delayed = (uint64_t)db_get_int(r, 5);
	if (out->due && now > since)
		out->oldest_ms = now - since;
}

enum err_code
job_stat_read(struct db *db, struct job_stat out[JOB_KINDS], struct err *e)
{
	int64_t now = clock_now_ms(), kind;
	struct db_rows *r;
	enum err_code rc;

	memset(out, 0, JOB_KINDS * sizeof(*out));
	rc = db_query(db, NULL, SQL_JOB_QUEUE_STAT,
	    DB_ARGS(db_int(now), db_int(now)), &r, e);
	if (rc)
		return rc;
	while (db_next(r)) {
		kind = db_get_int(r, 0);
		if (kind >= 0 && kind < JOB_KINDS)
			take(r, now, &out[kind]);
	}
	return db_done(&r, e);
}
