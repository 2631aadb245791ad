/* Inside src/work: a chunk in hand. */
#ifndef COFFER_WORK_CHUNK_H
#define COFFER_WORK_CHUNK_H

#include <limits.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "model/customer.h"
#include "model/job.h"
#include "model/record.h"
#include "model/search.h"
#include "work/apply.h"

enum fate {
	FATE_NEW,   /* becomes a customer */
	FATE_JOIN,  /* its customer joins the group */
	FATE_MERGE, /* and takes the row's values; every row of an update */
	FATE_WRONG  /* becomes an error of the job */
};

/* A row of the chunk. Row i of the job has its place: customer first_seq + i,
 * position first_position + i. */
struct row {
	const uint8_t *packed;
	enum fate fate;
	uint64_t seq; /* of its customer; CUSTOMER_NONE: not known yet */
	uint64_t place, position;
	struct uuid uuid;  /* of its customer, if new or of an update */
	bool given;        /* a new customer gets this one, not a random one */
	uint32_t revision; /* that it must have, or 0 */
	unsigned named;    /* the field that names it, or FIELD_CUSTOMER_ID */
	bool changed;      /* a value of its customer became another */
	/* A bit a field of the schema: unique fields that the row gives or
	 * clears, and those of them whose digests have to move. */
	uint8_t *says, *moves;
	unsigned wrong_field;
	enum row_code wrong;
};

/* In place of the index of a field: customer_id. */
#define FIELD_CUSTOMER_ID UINT_MAX

static inline bool
bit_get(const uint8_t *bits, unsigned i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

static inline void
bit_set(uint8_t *bits, unsigned i)
{
	bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << (i % 8));
}

/* A row and its customer. */
struct place {
	uint64_t seq;
	unsigned row;
};

/* A unique value that a row gives. */
struct claimed_key {
	struct customer_key key; /* seq: of the row's customer */
	unsigned row, field;     /* index in rows; in schema->fields */
	uint64_t owner;          /* who has it, or CUSTOMER_NONE */
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
	const struct claim *claim; /* NULL: a single customer's, of no job */
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
	unsigned given;      /* values that a single customer's row gives */
	bool careful;        /* look every unique value up */
	bool doubtful;       /* COMMIT was answered by the mark */
	uint64_t sealed;     /* values, over all tries */

	/* Made anew by each try. */
	struct arena *try, *row; /* row: reset with each row */
	struct keyring *ring;
	int64_t now;
	struct buf list; /* struct row: */
	struct row *rows;
	unsigned nrows;
	struct buf keys;    /* struct claimed_key, by (field id, digest) */
	struct buf cleared; /* struct claimed_key of values given as null */
	struct buf profiles, old;
	struct customer *created; /* of FATE_NEW rows, in their order */
	struct customer *merged;  /* of FATE_MERGE rows, by seq */
	unsigned ncreated, nmerged;
	bool *dirty;               /* which of `merged` are to be rewritten, */
	bool *restated;            /* and have another searched text */
	struct search_batch texts; /* of customers made and changed */
	struct place *places;      /* of an update: rows by customer */
	unsigned nplaces;
	struct applied *out;
};

static inline struct claimed_key *
chunk_keys(struct buf *b, unsigned *n_out)
{
	*n_out = (unsigned)(b->len / sizeof(struct claimed_key));
	return (struct claimed_key *)(void *)b->data;
}

/* Sets up what lasts for all tries, of which one takes about so many bytes;
 * ends with chunk_release, which wipes and leaves the schema. chunk_begin
 * starts a try; chunk_read takes in the rows of `packed`, after the fields and
 * the keyring are there (ERR_WAITING). */
void chunk_init(struct chunk *c, size_t bytes);
void chunk_release(struct chunk *c);
void chunk_begin(struct chunk *c);
MUST_CHECK enum err_code chunk_read(struct chunk *c, struct err *e);

/* Holds the fields as they are now, and judges the rows by them. */
MUST_CHECK enum err_code chunk_fields(struct chunk *c, struct err *e);

/* Unpacks a row; the record lives until the next call. */
MUST_CHECK enum err_code chunk_unpack(
    struct chunk *c, const struct row *row, struct record *out, struct err *e);

/* Decides what becomes of each row of an upload by what the store has, and
 * locks the customers that it has. */
MUST_CHECK enum err_code chunk_resolve(struct chunk *c, struct err *e);

/* The same for an update. ERR_PRECONDITION. */
MUST_CHECK enum err_code chunk_resolve_update(struct chunk *c, struct err *e);

/* Judges the values of an update's rows by those that are not wrong: again when
 * one has become so. */
void chunk_judge_values(struct chunk *c);

/* For both. A row is wrong, unless it was before. */
void chunk_wrong(
    struct chunk *c, unsigned row, unsigned field, enum row_code code);
/* Values that an earlier row of the chunk gives as well make rows wrong. */
void chunk_find_twins(struct chunk *c);
/* Finds the owners of all unique values. */
MUST_CHECK enum err_code chunk_look_up(struct chunk *c, struct err *e);
/* Reads and locks `merged`, whose seqs are there, in that order; those that
 * are gone are left out. Also allocates `dirty`. */
MUST_CHECK enum err_code chunk_read_merged(struct chunk *c, struct err *e);
/* The place of a customer in `merged`; NULL if it is not there. */
struct customer *chunk_merged(const struct chunk *c, uint64_t seq);

/* Builds the profiles of new and of changed customers. A row that makes one
 * too long is wrong, and so is who relied on it. */
MUST_CHECK enum err_code chunk_build(struct chunk *c, struct err *e);

/* The entry of a single customer, which names it. */
MUST_CHECK enum err_code chunk_audit_single(struct chunk *c, struct err *e);

/* Writes everything down, but for the entry of a new single customer.
 * ERR_DUPLICATE: a unique value is taken. */
MUST_CHECK enum err_code chunk_store(struct chunk *c, struct err *e);

#endif
