/*
 * Exports: the customers of a segment, decrypted into a CSV file. Its record
 * is here; the file (model/export_files.h) is written by work/export.c.
 *
 * No file outlives the deletion of a customer that is in it. A finished export
 * has a bit for each of its customers (export_block), by which the deletion's
 * transaction withdraws it. Of one that is being written nobody knows yet who
 * is in it: there the deletion puts down who goes (export_gone), which the
 * export looks at before it is finished. No deletion falls between the two:
 *
 *   deletion:  counts of `all` locked - exports looked at - COMMIT
 *   export:    "running" committed - waits for those counts - snapshot
 *
 * Whoever looks too early to see "running" has locked its counts by then, and
 * is committed before the snapshot. A deletion holds the running exports that
 * it has seen (shared) until its COMMIT, and the export's last transaction
 * locks its own, so that nothing is put down after it has looked.
 */
#ifndef COFFER_MODEL_EXPORT_H
#define COFFER_MODEL_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "model/job.h"
#include "model/segment.h"
#include "model/seq_set.h"
#include "model/site.h"

enum export_state {
#define X(name, text, live) EXPORT_##name,
#include "tbl/export_states.h"
#undef X
	EXPORT_STATES
};

const char *export_state_name(enum export_state st);

/* "2023-11-01T02:44:15.814Z_85acd": when it was asked for, and the code. */
#define EXPORT_ID_MAX (24 + 1 + SEGMENT_CODE_MAX)

struct export
{
	int64_t id; /* the time in its exportid */
	uint32_t segment_id;
	char code[SEGMENT_CODE_MAX + 1]; /* the segment's, when it was made */
	enum export_state state;
	bool spreadsheet_safe;
	struct uuid job, api_key;
	uint64_t members, written; /* customers: of the segment, in the file */
	uint64_t bytes;            /* of the file */
	uint8_t sha256[32];        /* of it, once there is one: */
	bool has_sha256;
	char message[204]; /* why it has failed or is withdrawn, or "" */
	/* 0: not (yet). expires_at: when the file goes, or has gone. */
	int64_t started_at, finished_at, expires_at;
};

void export_id(const struct export *x, char out[EXPORT_ID_MAX + 1]);

/* Asks for an export of the segment of that code: its record and its job, in
 * one transaction. The key is asked after again when the job runs.
 * ERR_NOT_FOUND if no segment has the code; ERR_TOO_MANY_REQUESTS while
 * [exports] waiting of the workspace wait or run. */
MUST_CHECK enum err_code export_create(struct site *s,
    const struct db_context *ctx, const char *code, bool spreadsheet_safe,
    const struct uuid *api_key, struct export *out, struct err *e);

/* By its exportid; ERR_NOT_FOUND. */
MUST_CHECK enum err_code export_find(struct db *db,
    const struct db_context *ctx, const char *exportid, struct export *out,
    struct err *e);

/* By its job; ERR_NOT_FOUND. */
MUST_CHECK enum err_code export_of_job(struct db *db,
    const struct db_context *ctx, const struct uuid *job, struct export *out,
    struct err *e);

/* The workspace's exports, newest first: at most `max` of those asked for
 * before `id` (INT64_MAX: the newest), or, with `newer`, of those after it, as
 * near to it as can be. */
MUST_CHECK enum err_code export_list(struct db *db,
    const struct db_context *ctx, int64_t id, bool newer, unsigned max,
    struct export *out, unsigned *n_out, struct err *e);

/* How far it is, 0 to 1. */
double export_progress(const struct export *x);

/* Its work: for work/export.c. */

/* Whether the key that asked for it lives and may still export (S15);
 * ERR_FORBIDDEN. */
MUST_CHECK enum err_code export_check(struct db *db,
    const struct db_context *ctx, const struct export *x, struct err *e);

/* Begins (again) to write it: from here on deletions put down who goes. Returns
 * when a snapshot may be taken. ERR_SUPERSEDED if the claim is another's. */
MUST_CHECK enum err_code export_begin(struct site *s,
    const struct db_context *ctx, const struct claim *c, struct export *x,
    struct err *e);

/* Renews the lease, and says how far it is. ERR_SUPERSEDED if the claim is
 * another's, or the job has ended. */
MUST_CHECK enum err_code export_beat(struct site *s,
    const struct db_context *ctx, const struct claim *c, const struct export *x,
    struct err *e);

/* Finishes it, all at once: x has written, bytes and sha256; `temp` is the
 * file, whole and on the disk, and gets its name. *stale_out, with
 * ERR_CONFLICT: one of `members` has been deleted meanwhile, nothing is
 * changed; with `last` the export is then withdrawn instead. */
MUST_CHECK enum err_code export_finish(struct site *s,
    const struct db_context *ctx, const struct claim *c, struct export *x,
    const struct uuid *workspace, const struct seq_set *members,
    const char *temp, bool last, bool *stale_out, struct err *e);

/* Within the transaction that ends a job before its time: so does its export,
 * if it has one. */
MUST_CHECK enum err_code export_end(struct db *db, const struct db_context *ctx,
    const struct job *job, enum export_state state, const char *message,
    struct err *e);

/* Within a deletion's transaction, after it has taken the customers out of the
 * counts of `all`: withdraws the exports that hold one of n ascending seqs.
 * *some_out is set to true if there are such: export_clean_now
 * (model/export_files.h) has something to do then. */
MUST_CHECK enum err_code export_forget(struct site *s,
    const struct db_context *ctx, const uint64_t *seqs, unsigned n,
    bool *some_out, struct err *e);

#endif
