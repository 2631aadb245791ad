/*
 * Jobs: work that outlives its request, cut into chunks: of rows that were
 * given, or of a range of numbers (tbl/job_kinds.h). How they are worked off:
 * work/apply.h; in which order: model/job_queue.h.
 *
 * A chunk is claimed by one autocommit UPDATE that compares the attempt
 * number, pushes available_at to the end of the lease and counts the attempt.
 * Whoever holds (owner, attempt) may finish the chunk: its transaction begins
 * by deleting the queue row under that pair, so a superseded worker fails
 * before it has changed anything, and a chunk is applied exactly once. The
 * queue row gone is the mark that a chunk is done.
 */
#ifndef COFFER_MODEL_JOB_H
#define COFFER_MODEL_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "db/db.h"
#include "model/record.h"
#include "model/site.h"

enum job_state {
#define X(name, text) JOB_##name,
#include "tbl/job_states.h"
#undef X
	JOB_STATES
};

enum on_existing {
#define X(name, text) EXISTING_##name,
#include "tbl/on_existing.h"
#undef X
	EXISTING_COUNT
};

/* False if there is no such word. */
bool on_existing_parse(const char *s, enum on_existing *out);

/* What a job does: a row of tbl/job_kinds.h. */
enum job_kind {
#define X(name, text, right, payload, cancel) JOB_KIND_##name,
#include "tbl/job_kinds.h"
#undef X
	JOB_KINDS
};
enum job_payload { JOB_PAYLOAD_ROWS, JOB_PAYLOAD_RANGE, JOB_PAYLOAD_WHOLE };

/* "upload" for JOB_KIND_UPLOAD; it is part of the job's id. */
const char *job_kind_name(enum job_kind kind);
/* JOB_KINDS if there is no such kind. */
enum job_kind job_kind_find(const char *name);
enum job_payload job_kind_payload(enum job_kind kind);
unsigned job_kind_right(enum job_kind kind); /* of enum right */
bool job_kind_is_endless(enum job_kind kind);
/* From this kind on they are background work. */
enum job_kind job_kind_background(void);

#define JOB_DETAIL_MAX 2000
#define JOB_OWNER_MAX 64
#define JOB_ERRORS_LISTED 100
#define JOB_ERRORS_KEPT_MS (7 * 86400 * 1000LL)

struct job {
	struct uuid uuid;
	uint32_t account_id, workspace_id;
	enum job_kind kind;
	enum job_state state;
	uint32_t segment_id, user_id;
	enum on_existing on_existing;
	const char *columns; /* JSON array of field names; lives in an arena */
	const char *detail;  /* what a kind needs to know, or "" */
	uint32_t step;       /* numbers in a chunk of a RANGE job */
	/* Of the fields that the rows were judged by; 0: of none that is. */
	uint32_t schema_version;
	uint32_t rows, processed, succeeded, failed, chunks_left, attempts;
	/* Of uploads: where the rows go. first_seq is also where a range
	 * begins. */
	uint64_t first_seq, first_position;
	int64_t created_at, started_at, finished_at; /* 0: not yet */
};

/* Stores one chunk of a job that is being made: `packed` is sealed for the
 * queue (REST_QUEUE; account, job and n as associated data) and put down,
 * within the caller's transaction. subjects: whom its rows are about, sorted
 * traces (model/trace.h). */
MUST_CHECK enum err_code job_chunk_put(struct site *s,
    const struct db_context *ctx, const struct uuid *job, uint32_t n,
    uint32_t nrows, const struct buf *packed, const struct buf *subjects,
    struct err *e);

/* Stores the job row and its queue rows, the last steps of that transaction:
 * takes the positions of an upload. The caller has filled uuid, kind,
 * segment_id, on_existing, columns, detail (NULL: none) and rows; the rest of
 * *job is filled here, account, workspace and user from the context. With
 * `owner` the chunks are born claimed by it (attempt 1, leased), for work that
 * is done within the request. */
MUST_CHECK enum err_code job_enqueue(struct site *s,
    const struct db_context *ctx, struct job *job, uint32_t nchunks,
    const char *owner, struct err *e);

/* Stores a job that walks the numbers from job->first_seq to before `end`, in
 * chunks of job->step, within the caller's transaction. The caller has filled
 * uuid, kind, segment_id, detail, rows (customers, as far as is known),
 * first_seq and step; the user is the context's. An empty range gives a job
 * that is completed. */
MUST_CHECK enum err_code job_enqueue_range(struct site *s,
    const struct db_context *ctx, struct job *job, uint64_t end, struct err *e);

/* A claim on a chunk. */
struct claim {
	enum job_kind kind;
	uint32_t account_id, workspace_id;
	struct uuid job;
	uint32_t n;
	uint32_t attempt; /* claims, this one included */
	uint32_t faults;  /* tries before that met a fault */
	char owner[JOB_OWNER_MAX];
};

/* The name of this process as an owner: host:pid:start of the process, so that
 * a process id that is used again is told apart. */
void job_owner(char out[JOB_OWNER_MAX]);

/* True if an owner (n characters) is a process of this host that lives no
 * more; of those of other hosts nobody here knows. */
bool job_owner_gone(const char *owner, size_t n);

/* Takes the next chunk that is due, of any account. ERR_NOT_FOUND if there is
 * none; *wait_ms_out (may be NULL) then says in how many milliseconds the next
 * one falls due, or -1 if the queue is empty. The job's start is marked. A
 * chunk whose claims have come to nothing CLAIMS_PER_TRY times as often as
 * [worker] attempts (it ends the processes that try it) fails its job
 * instead, unless that is endless. */
#define CLAIMS_PER_TRY 5
MUST_CHECK enum err_code job_claim(struct site *s, const char *owner,
    struct claim *out, int64_t *wait_ms_out, struct err *e);

/* The same, of kinds before `end` alone. */
MUST_CHECK enum err_code job_claim_before(struct site *s, const char *owner,
    enum job_kind end, struct claim *out, int64_t *wait_ms_out, struct err *e);

/* Whether the job may (still) run (S15): its workspace is the account's and
 * has the segment, and its user lives and has the right to it there (a job of
 * user 0 is the programs' own). ERR_FORBIDDEN if not. *workspace_out: the
 * workspace's UUID. */
MUST_CHECK enum err_code job_check(struct db *db, const struct db_context *ctx,
    const struct job *job, struct uuid *workspace_out, struct err *e);

/* Opens a claimed chunk: the packed rows into `out`, which the caller wipes.
 * After the fence, for until then a deletion may erase rows of it.
 * ERR_SUPERSEDED if the chunk is gone. */
MUST_CHECK enum err_code job_chunk_get(struct site *s,
    const struct db_context *ctx, const struct claim *c, struct buf *out,
    struct err *e);

/* Puts other rows into a chunk that waits, and other subjects, within the
 * transaction of a deletion, which holds its queue row. Of the claim only job
 * and n count. */
MUST_CHECK enum err_code job_chunk_replace(struct site *s,
    const struct db_context *ctx, const struct claim *c,
    const struct buf *packed, const struct buf *subjects, struct err *e);

/* First step of a chunk's transaction: ends the claim. ERR_SUPERSEDED if it is
 * no longer ours (or the chunk is done): roll back and leave it. */
MUST_CHECK enum err_code job_chunk_fence(struct db *db,
    const struct db_context *ctx, const struct claim *c, struct err *e);

/* A wrong row found while applying; `record` is sealed and kept 7 days. */
MUST_CHECK enum err_code job_error_put(struct site *s,
    const struct db_context *ctx, const struct claim *c,
    const struct schema *schema, const struct record *r, const char *field,
    enum row_code code, struct err *e);

/* Last step: the payload goes, the counts move, and the job ends with its last
 * chunk (and the audit log has its counts). */
MUST_CHECK enum err_code job_chunk_done(struct site *s,
    const struct db_context *ctx, const struct claim *c, uint32_t succeeded,
    uint32_t failed, struct err *e);

/* Gives a claim back after a fault: the chunk is due again after backoff with
 * jitter, or, after [worker] attempts faults, the job fails (unless it is
 * endless) and its queue and payloads go. Best effort: if the database is away
 * the lease runs out instead. */
void job_chunk_retry(
    struct site *s, const struct db_context *ctx, const struct claim *c);

/* Gives a claim back that has to wait for a conversion (ERR_WAITING). That is
 * no fault; the chunk is due when the conversion is done, or after a while that
 * grows with each claim. Best effort. */
void job_chunk_wait(
    struct site *s, const struct db_context *ctx, const struct claim *c);

/* The job fails at once, for a fault that no retry mends; what its other
 * chunks have stored stays. `why` is what the job resource then says. */
MUST_CHECK enum err_code job_fail(struct site *s, const struct db_context *ctx,
    const struct claim *c, enum err_code why, struct err *e);

/* Cancels what has not been processed of a job that was found, and reads it
 * again: chunks that are being applied are done and counted before, the others
 * never will be (ERR_SUPERSEDED). ERR_CONFLICT, in words, of a job that has
 * ended, or of a kind that has to come to its end. */
MUST_CHECK enum err_code job_cancel(struct site *s,
    const struct db_context *ctx, struct job *job, struct err *e);

/* Whether a chunk is done, for a COMMIT in doubt: ERR_OK if it is,
 * ERR_NOT_FOUND if not. */
MUST_CHECK enum err_code job_chunk_mark(struct db *db,
    const struct db_context *ctx, const struct claim *c, struct err *e);

/* Frees the claims of an owner that is known to be dead. */
MUST_CHECK enum err_code job_release(
    struct db *db, const char *owner, struct err *e);

/* The same for every owner of this host whose process lives no more. */
MUST_CHECK enum err_code job_release_dead(struct db *db, struct err *e);

/* By UUID within the context's account; ERR_NOT_FOUND. */
MUST_CHECK enum err_code job_find(struct db *db, const struct db_context *ctx,
    const struct uuid *uuid, struct arena *a, struct job *out, struct err *e);

/* The job id: hostname/account/operation_customers/uuid, in the arena. */
const char *job_id(const struct conf *c, const char *account,
    const struct job *job, struct arena *a);

/* Appends the job resource (contract, Jobs), with its first errors. */
MUST_CHECK enum err_code job_write(struct site *s, const struct db_context *ctx,
    const char *account, const struct job *job, struct arena *a,
    struct buf *out, struct err *e);

/* Appends the wrong rows as CSV: the upload's columns, then error_row,
 * error_field, error_code; calls `flush` after each row. */
typedef enum err_code job_flush(void *arg, struct err *e);
MUST_CHECK enum err_code job_errors_csv(struct site *s,
    const struct db_context *ctx, const struct job *job, struct arena *a,
    struct buf *out, job_flush *flush, void *arg, struct err *e);

/* Which jobs a list has: those that were created after one time and before
 * another, of a state and a kind if they are named, and, with a place, those
 * that come behind it. Newest first. */
struct job_filter {
	enum job_state state; /* JOB_STATES: any */
	enum job_kind kind;   /* JOB_KINDS: any */
	int64_t after, before;
	bool has_place;
	struct job_place {
		int64_t created_at;
		struct uuid uuid;
	} place;
};
/* Of all jobs. */
struct job_filter job_filter_all(void);

#define JOB_LIST_MAX 100
struct job_list {
	struct job jobs[JOB_LIST_MAX];
	unsigned n;
	bool more; /* there are others behind the last */
};

/* Lists at most `max` jobs: of the context's workspace if it has one; else of
 * all workspaces of the account where the user has one of `rights` (of enum
 * right), or, without a user, of the account. */
MUST_CHECK enum err_code job_list_read(struct db *db,
    const struct db_context *ctx, const struct job_filter *f, unsigned rights,
    unsigned max, struct arena *a, struct job_list *out, struct err *e);

/* For cofferctl job list: the newest 100 of an account, a line each; of one
 * state if it is not JOB_STATES. */
MUST_CHECK enum err_code job_list(struct db *db, const struct db_context *ctx,
    enum job_state state, struct buf *out, struct err *e);

/* Appends the job resource without the list of its errors. */
void job_write_brief(const struct conf *c, const char *account,
    const struct job *job, struct arena *a, struct buf *out);

const char *job_state_name(enum job_state st);
/* JOB_STATES if there is no such state. */
enum job_state job_state_parse(const char *name);

/* Deletes what has outlived its time in the context's account: error rows, and
 * jobs that ended [jobs] keep_days ago. */
MUST_CHECK enum err_code job_sweep(
    struct site *s, const struct db_context *ctx, struct err *e);

#endif
