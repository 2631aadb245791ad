/* Inside src/model: reading rows to the end, or to the first that is wrong. */
#ifndef COFFER_MODEL_ROWS_H
#define COFFER_MODEL_ROWS_H

#include "db/db.h"

/* Ends a reading that stopped with `rc`: that error, or else what db_done
 * says. */
static inline enum err_code
rows_end(enum err_code rc, struct db_rows **r, struct err *e)
{
	struct err end;
	enum err_code rc_end = db_done(r, &end);

	if (rc || !rc_end)
		return rc;
	*e = end;
	return rc_end;
}

#endif
