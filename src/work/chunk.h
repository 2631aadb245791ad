/* Inside src/work: a chunk in hand. */
#ifndef COFFER_WORK_CHUNK_H
#define COFFER_WORK_CHUNK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "model/customer.h"
#include "model/job.h"
#include "model/record.h"
#include "work/apply.h"

enum fate {
	FATE_NEW,   /* becomes a customer */
	FATE_JOIN,  /* its customer joins the group */
	FATE_MERGE, /* and takes the row's values */
	FATE_WRONG  /* becomes an error of the job */
};

/* A row of the chunk. Row i of the job has its place: customer first_seq + i,
 * position first_position + i. */
struct row {
	const uint8_t *packed;
	enum fate fate;
	uint64_t seq; /* of its customer; CUSTOMER_NONE: not known yet */
	uint64_t place, position;
	struct uuid uuid; /* of its customer, if new */
	unsigned wrong_field;
	enum row_code wrong;
};

/* A unique value that a row gives. */
struct claimed_key {
	struct customer_key key; /* seq: of the row's customer */
	unsigned row, field;     /* index in rows; in schema->fields */
	bool kept;               /* its customer has it already */
};

/* What the fields as they are now have against a row. */
struct verdict {
	bool wrong;
	unsigned field; /* in schema->fields */
	enum row_code code;
};

struct chunk {
	struct site *site;
	const struct claim *claim;
	struct db_context ctx;
	struct job job;
	struct uuid workspace;
	char workspace_text[UUID_TEXT];
	struct schema schema;
	uint32_t
	    judged_by; /* the schema's version that `packed` is judged by */
	struct verdict *verdicts; /* of its rows; NULL: all are right */
	bool waits; /* gives values of a field whose index is being made */
	struct buf packed;   /* the opened payload */
	struct arena *arena; /* as long as the chunk */
	bool careful;        /* look every unique value up */
	bool doubtful;       /* COMMIT was answered by the mark */
	uint64_t sealed;     /* values, over all tries */

	/* Made anew by each try. */
	struct arena *try, *row; /* row: reset with each row */
	struct keyring *ring;
	int64_t now;
	struct row *rows;
	unsigned nrows;
	struct buf keys;    /* struct claimed_key, by (field id, digest) */
	struct buf cleared; /* struct claimed_key of values given as null */
	struct buf profiles, old;
	struct customer *created; /* of FATE_NEW rows, in their order */
	struct customer *merged;  /* of FATE_MERGE rows, by seq */
	unsigned ncreated, nmerged;
	struct applied *out;
};

static inline struct claimed_key *
chunk_keys(struct buf *b, unsigned *n_out)
{
	*n_out = (unsigned)(b->len / sizeof(struct claimed_key));
	return (struct claimed_key *)(void *)b->data;
}

/* Holds the fields as they are now, and judges the rows by them. */
MUST_CHECK enum err_code chunk_fields(struct chunk *c, struct err *e);

/* Unpacks a row; the record lives until the next call. */
MUST_CHECK enum err_code chunk_unpack(
    struct chunk *c, const struct row *row, struct record *out, struct err *e);

/* Decides what becomes of each row by what the store has. */
MUST_CHECK enum err_code chunk_resolve(struct chunk *c, struct err *e);

/* Builds the profiles of new and of changed customers. */
MUST_CHECK enum err_code chunk_build(struct chunk *c, struct err *e);

/* Writes everything down. ERR_DUPLICATE: a unique value is taken. */
MUST_CHECK enum err_code chunk_store(struct chunk *c, struct err *e);

#endif
