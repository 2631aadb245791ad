/*
 * Inside src/model: changes of a workspace's fields, one or many, carried out
 * as one: in one transaction, and, if stored values have to follow, by one
 * job. What each is for the outside: model/field_change.h.
 */
#ifndef COFFER_MODEL_FIELD_EDIT_H
#define COFFER_MODEL_FIELD_EDIT_H

#include "model/field_change.h"

enum edit_kind { EDIT_DELETE, EDIT_CHANGE, EDIT_CREATE, EDIT_NONE };

struct field_edit {
	enum edit_kind kind;
	/* The definition that stored values follow: the field's own, of the
	 * schema; of a new field that of the system attribute whose values it
	 * takes over, or NULL (found by field_edits_apply). */
	const struct field *old;
	struct field f; /* as it is to be; the same as old of EDIT_DELETE */
	bool converts;  /* what is stored has to follow */
	/* Stored values that do not fit; NULL: none. */
	struct offences *offences;
};

struct field_edits {
	struct site *site;
	const struct db_context *ctx;
	struct arena *arena;

	/* From field_edits_begin on: the fields, locked, and how many
	 * customers there are (seqs are below `end`). */
	struct schema schema;
	uint64_t end, customers;
	uint32_t next_id;

	struct field_edit *list;
	unsigned n, room;
	const char *words; /* of the workspace, as they are to be */
	bool whole;        /* the document was put: an entry for that, too */

	int64_t now;     /* when it was stored */
	bool changed;    /* something was stored */
	bool converting; /* as in struct field_change */
	struct job job;
	const struct field_edit *culprit; /* of an ERR_CONFLICT, or NULL */
};

/* Within a transaction, whenever it is run: locks and reads the fields, and
 * forgets what another run has made. */
MUST_CHECK enum err_code field_edits_begin(
    struct field_edits *c, struct err *e);

/* A further change; `f` is the caller's to fill. Valid until the next. */
struct field_edit *field_edits_add(
    struct field_edits *c, enum edit_kind kind, const struct field *old);

/* Carries them out, all or none. ERR_INVALID (offences), ERR_CONFLICT
 * (culprit; converting), ERR_BAD_REQUEST over FIELDS_MAX. */
MUST_CHECK enum err_code field_edits_apply(
    struct field_edits *c, struct err *e);

/* Gives schema and regexes back; at the end, outside of the transaction too. */
void field_edits_end(struct field_edits *c);

/* The last step of field_edits_apply. */
MUST_CHECK enum err_code field_edits_store(
    struct field_edits *c, struct err *e);

#endif
