/*
 * One customer, created or changed at once: no job, one transaction, by the
 * code that applies chunks (work/chunk.h), with all that uploads guarantee.
 */
#ifndef COFFER_WORK_SINGLE_H
#define COFFER_WORK_SINGLE_H

#include "base/bytes.h"
#include "base/err.h"
#include "ingest/intake.h"
#include "model/record.h"
#include "model/site.h"

enum single_mode {
	SINGLE_CREATE, /* a new customer */
	SINGLE_UPDATE, /* customer `id` takes the values; null clears */
	SINGLE_MERGE   /* the same, or a new customer with that id */
};

struct single {
	/* The caller's. */
	enum single_mode mode;
	const struct schema *schema; /* that the record was read by */
	const struct record *record; /* its values alone are looked at */
	const struct precondition *condition; /* or NULL */
	/* Of the API key with which the schema came, or NULL: what it owes is
	 * given by the transaction. */
	struct key_proof *proof;
	/* Of SINGLE_CREATE, or NULL: an Idempotency-Key and the route it is
	 * for, by whoever `who` is: keys of others are others. */
	const char *key, *route;
	const struct uuid *who;
	struct uuid id; /* of SINGLE_CREATE it comes out */

	/* What came of it. */
	bool created;
	bool again;        /* by an earlier request of the same key */
	uint32_t revision; /* 0: not known */
	bool *wrong;       /* the caller's, by field: its value is refused */
};

/* ERR_NOT_FOUND: there is no such customer. ERR_PRECONDITION. ERR_CONFLICT:
 * other customers have the values of the fields marked in o->wrong; or, with
 * none marked, the Idempotency-Key was used with other content. ERR_TOO_LARGE:
 * the profile would be too long by the value of the one marked. ERR_SUPERSEDED:
 * the fields are not those of o->schema any more, or the key that owes a proof
 * is not what it was: read the record anew.
 * ERR_UNAVAILABLE also while the index of a value's field is being made.
 * Nothing is changed then. */
MUST_CHECK enum err_code work_single(struct site *s,
    const struct db_context *ctx, struct single *o, struct err *e);

#endif
