/*
 * Changing and deleting fields while customers are stored.
 *
 * A change is one transaction that keeps writers of customers out: it looks at
 * what is stored if the change is one that stored values may not fit, writes
 * the new definition down, and, if profiles or digests have to follow, leaves
 * the old one beside it (field.was) and starts the job that converts them
 * (work/convert). From then on every writer writes the new form and every
 * reader gives it.
 */
#ifndef COFFER_MODEL_FIELD_CHANGE_H
#define COFFER_MODEL_FIELD_CHANGE_H

#include "base/arena.h"
#include "base/json.h"
#include "model/field.h"
#include "model/job.h"
#include "model/site.h"

/* Stored values that do not fit: `total` customers, the first of them named. */
#define OFFENDERS_MAX 100
struct offences {
	uint64_t total;
	unsigned n;
	struct offender {
		struct uuid customer;
		enum row_code code;
		const char *text; /* in the arena; never the value */
	} list[OFFENDERS_MAX];
};

/* What came of it. */
struct field_change {
	struct field field; /* as it is now */
	bool converting;    /* `job` is the job that was started, or, with
	                       ERR_CONFLICT, the one that runs already */
	struct job job;
	struct offences offences; /* with ERR_INVALID */
};

/* Stores a new field; gives f its id. If customers have values of the system
 * attribute whose role it has, it takes them over, by a job, if they fit.
 * ERR_CONFLICT if the name or the role is taken or a header could mean this
 * field as well as another one; ERR_BAD_REQUEST over FIELDS_MAX; ERR_INVALID. A
 * required field may be created while customers exist: it binds later uploads.
 */
MUST_CHECK enum err_code field_add(struct site *s, const struct db_context *ctx,
    struct field *f, struct arena *a, struct field_change *out, struct err *e);

/* Changes a field by the body of PATCH /v1/cpf: members as in a definition;
 * those not given stay as they are, null is the default; a new type drops what
 * it cannot have. What points anywhere in *out is in the arena.
 * ERR_MISSING_FIELDS, ERR_BAD_REQUEST, ERR_NOT_FOUND (no such field),
 * ERR_INVALID (stored values do not fit), ERR_CONFLICT. */
MUST_CHECK enum err_code field_change(struct site *s,
    const struct db_context *ctx, const json_t *body, struct arena *a,
    struct field_change *out, struct err *e);

/* Deletes the field that "field_name" names, and all stored values of it: at
 * once if there are no customers, else by a job. Errors as above. */
MUST_CHECK enum err_code field_delete(struct site *s,
    const struct db_context *ctx, const json_t *body, struct arena *a,
    struct field_change *out, struct err *e);

/* Ends the change that the job carries out, within the transaction of its last
 * chunk. */
MUST_CHECK enum err_code field_change_finish(struct db *db,
    const struct db_context *ctx, const struct uuid *job, struct err *e);

/* A definition made of an old one and the members of `body`. */
MUST_CHECK enum err_code field_redefine(const json_t *body,
    const struct field *old, struct arena *a, struct field *out, struct err *e);

/* Whether a value that keeps the old rules may break the new ones. */
bool field_may_break(const struct field *old, const struct field *f);

/* Whether the change has to do with values: while those of a field are being
 * converted it changes in nothing of the kind. */
bool field_disturbs(const struct field *old, const struct field *f);

/* Looks at what is stored of `old` (of schema s), whether it fits `f`; the
 * caller holds the schema. `customers`: how many there are, about. */
struct scan {
	const struct schema *schema;
	const struct field *old, *f;
	bool values; /* they must fit f */
	bool required, unique;
	uint64_t customers;
};
MUST_CHECK enum err_code field_scan(struct site *s,
    const struct db_context *ctx, const struct scan *what, struct arena *a,
    struct offences *out, struct err *e);

#endif
