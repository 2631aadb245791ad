/*
 * Intake: takes the records of an upload one by one, looks for values that
 * must be unique and are not, packs the records into the chunks of a job, and
 * keeps a digest of what it was given.
 *
 * All of it happens inside one transaction. With the first wrong row the
 * storing stops, while the looking goes on, and the caller rolls back.
 */
#ifndef COFFER_INGEST_INTAKE_H
#define COFFER_INGEST_INTAKE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "model/job.h"
#include "model/precondition.h"
#include "model/record.h"
#include "model/site.h"
#include "vault/mac.h"

/* A chunk is cut when it has so many bytes: it is in memory some four times
 * over while it is sealed and sent, and a process has 32 MB. */
#define INTAKE_CHUNK_BYTES (3u << 20)

struct intake_options {
	const struct schema *schema;
	struct uuid workspace;
	struct uuid job;
	enum on_existing on_existing;
	/* Of an update: the group, and the revisions of which the one customer
	 * must have one (NULL: none is asked). */
	bool update;
	uint32_t segment_id;
	const struct precondition *condition;
	bool store;  /* else rows are looked at, and nothing is put down */
	bool digest; /* intake_digest is wanted */
};

struct intake;

/* Never NULL. What is pointed to stays the caller's; errors are listed in
 * errs, their texts live in the arena. Ends with intake_free. */
struct intake *intake_new(struct site *site, const struct db_context *ctx,
    const struct intake_options *options, struct row_errors *errs,
    struct arena *a);
void intake_free(struct intake **in);

/* The schema has been loaded anew, in place: before the next intake_start. */
void intake_renew(struct intake *in);

/* Begins, or begins anew when the transaction is run again: forgets all that
 * was taken. Inside the transaction. */
MUST_CHECK enum err_code intake_start(struct intake *in, struct err *e);

/* Takes a record, with its row from 1 (of an update: r->revision is set here);
 * `right` is false if it has errors that are listed already. ERR_BAD_REQUEST
 * past DIGEST_SET_MAX unique values, for a second row under a precondition, and
 * where rows that hand unique values to each other do not fit in a chunk. */
MUST_CHECK enum err_code intake_add(
    struct intake *in, struct record *r, bool right, struct err *e);

/* Ends the taking: what was held back is looked up and put down. */
MUST_CHECK enum err_code intake_end(struct intake *in, struct err *e);

/* After intake_end of an update: rows that must stay together are in several
 * chunks. The taking has to begin anew, and will keep them together; it does so
 * a second time only if the store has changed in between. */
bool intake_again(const struct intake *in);

/* After intake_end: the customer has none of the revisions that are asked. */
bool intake_stale(const struct intake *in);

/* After intake_end: how many chunks were put; whether all that is wrong is
 * that the store has values already, or a customer no more (which an upload
 * that is sent a second time may find); the digest of the records and of
 * nothing else of the upload, the same for the same values however they were
 * written (if it was asked for). */
uint32_t intake_chunks(const struct intake *in);
bool intake_only_existing(const struct intake *in);
const uint8_t *intake_digest(const struct intake *in);

#endif
