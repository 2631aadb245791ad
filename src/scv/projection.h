/*
 * Projection: which attributes of a customer an answer has (retAllProps,
 * retProps), and the flat JSON object of them. Attributes without a value are
 * left out; $segments and $eventLog always have one. Members are in the order
 * of their names.
 */
#ifndef COFFER_SCV_PROJECTION_H
#define COFFER_SCV_PROJECTION_H

#include <stdbool.h>

#include "base/buf.h"
#include "http/request.h"
#include "model/customer_open.h"
#include "scv/attribute.h"

/* What an answer has if it was not asked for anything. */
enum projection_default {
	PROJECT_NONE,      /* {} */
	PROJECT_ID,        /* $customerid alone */
	PROJECT_ATTRIBUTES /* what the tenant's schema names, no $ ones */
};

/* Who reads: a session sees what the schema's permissions open to it. */
enum projection_reader { PROJECT_BACKEND, PROJECT_SESSION };

struct projection {
	const struct schema *schema;
	struct attribute *list;
	unsigned n;
	bool *fields; /* by field of the schema: it is in the list */
	bool any_field, events, segments;
	bool asked; /* by retAllProps=1 or retProps, not the default */
};

/* Reads what the query asks for. retAllProps=1 is every attribute, and goes
 * before retProps; another value of it asks for nothing. Names that are none
 * are ERR_BAD_REQUEST, each noted by request_invalid; those that are closed to
 * a session are left out. Lives in the request's arena and points into the
 * schema. */
MUST_CHECK enum err_code projection_read(struct request *rq,
    const struct schema *s, enum projection_default d,
    enum projection_reader reader, struct projection *out, struct err *e);

/* What is to be read of customers for it. */
void projection_wish(const struct projection *p, struct keyring *ring,
    struct customer_wish *out);

/* Whether it can be written without reading a customer: $customerid at most. */
bool projection_is_bare(const struct projection *p);

/* Appends the JSON object of a customer. Of a bare projection only the uuid of
 * *c is looked at. */
void projection_write(
    struct buf *out, const struct projection *p, const struct open_customer *c);

#endif
