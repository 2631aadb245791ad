/*
 * What a body gives of a customer: a flat object of attributes that may be
 * written. Types and formats are those of the fields; dates may be as answers
 * have them, too. `required` is not asked for; null clears.
 */
#ifndef COFFER_SCV_CHANGE_H
#define COFFER_SCV_CHANGE_H

#include "http/request.h"
#include "model/record.h"
#include "scv/projection.h"

struct change {
	struct record record; /* by the schema */
	const char **names;   /* by field: as the body named it, or NULL */
	bool *wrong;          /* by field: room for struct single's */
};

/* Reads rq->json. All that is wrong with it is noted by request_invalid, each
 * attribute by its name, and the answer is ERR_BAD_REQUEST: unknown ones (for a
 * session also those that are closed), those that nobody (or this reader) may
 * write, one given twice under two names, values that are none of the field's,
 * too long ones. Lives in the request's arena. */
MUST_CHECK enum err_code change_read(struct request *rq, const struct schema *s,
    enum projection_reader reader, struct change *out, struct err *e);

/* What the storing of a change has failed by (work/single.h): where values of
 * fields are refused, which change.wrong tells, says so of each under the name
 * that the body gave it. Returns the code to answer with. */
enum err_code change_refused(struct request *rq, const struct schema *s,
    const struct change *c, enum err_code rc, struct err *e);

#endif
