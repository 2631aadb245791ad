/*
 * Segments (customer groups): named, ordered sets of customers. The built-in
 * segment `all` has id 0 and holds every customer: a customer's seq is its
 * position there, and no member rows are kept for it.
 *
 * Positions only grow. Live members are counted in buckets of 1024 positions
 * and blocks of 32 buckets, so that a total and the start of any page come from
 * sums over some dozen rows, and a page's rows from one range read.
 */
#ifndef COFFER_MODEL_SEGMENT_H
#define COFFER_MODEL_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/json.h"
#include "db/db.h"

struct site;

#define SEGMENT_ALL 0
#define SEGMENT_CODE_MAX 64
#define BUCKET_SIZE 1024 /* positions */
#define BLOCK_SIZE 32    /* buckets */

struct segment {
	uint32_t id;
	struct uuid uuid;
};

/* Makes the built-in segment of a new workspace (inside its transaction). */
MUST_CHECK enum err_code segment_create_all(
    struct db *db, const struct db_context *ctx, struct err *e);

/* Makes a segment. code: ^[a-z0-9][a-z0-9_-]{0,63}$; name 1 to 200
 * characters; description up to 1000 (NULL: ""). ERR_BAD_REQUEST,
 * ERR_CONFLICT if the code is taken. */
MUST_CHECK enum err_code segment_create(struct db *db,
    const struct db_context *ctx, const char *code, const char *name,
    const char *description, struct segment *out, struct err *e);

/* By the text of its UUID; unknown, foreign or malformed: ERR_NO_CUSTOMERS. */
MUST_CHECK enum err_code segment_find(struct db *db,
    const struct db_context *ctx, const char *text, struct segment *out,
    struct err *e);

/* By its code; ERR_NOT_FOUND. */
MUST_CHECK enum err_code segment_find_code(struct db *db,
    const struct db_context *ctx, const char *code, struct segment *out,
    struct err *e);

/* By its id; ERR_NO_CUSTOMERS. */
MUST_CHECK enum err_code segment_read(struct db *db,
    const struct db_context *ctx, uint32_t id, struct segment *out,
    struct err *e);

/* Appends the groups of the workspace as the JSON array of POST /v1/cg, in
 * order of code, with their live members counted. */
MUST_CHECK enum err_code segment_list_write(struct db *db,
    const struct db_context *ctx, struct buf *out, struct err *e);

/* Appends "customer_group_id CODE NAME\n" for every group, in that order. */
MUST_CHECK enum err_code segment_list(struct db *db,
    const struct db_context *ctx, struct buf *out, struct err *e);

/* Appends one group as PUT /v1/cg answers it. */
MUST_CHECK enum err_code segment_write(struct db *db,
    const struct db_context *ctx, const struct segment *s, struct buf *out,
    struct err *e);

/* Takes n positions: *first_out and the n - 1 after it. A row lock is held
 * until the transaction ends, so this comes late in it, `all` before others. */
MUST_CHECK enum err_code segment_reserve(struct db *db,
    const struct db_context *ctx, uint32_t segment_id, uint32_t n,
    uint64_t *first_out, struct err *e);

/* A member that has come: its place, and the customer. `fresh`: the customer is
 * new, and its seq was taken together with the place. */
struct member {
	uint64_t position, seq;
	bool fresh;
};

/* Adds to the live counts: members[0..n) of ascending positions; as the last
 * step before COMMIT. The segment then stays until the transaction ends;
 * ERR_FORBIDDEN if it has been deleted. */
MUST_CHECK enum err_code segment_count_add(struct db *db,
    const struct db_context *ctx, uint32_t segment_id,
    const struct member *members, unsigned n, struct err *e);

/* Takes from the live counts members that have left with their customers; does
 * nothing if the segment has been deleted. */
MUST_CHECK enum err_code segment_count_remove(struct db *db,
    const struct db_context *ctx, uint32_t segment_id,
    const struct member *members, unsigned n, struct err *e);

/* The same where the customers stay: their positions have no seqs in step any
 * more. ERR_NOT_FOUND if the segment has been deleted. */
MUST_CHECK enum err_code segment_count_leave(struct db *db,
    const struct db_context *ctx, uint32_t segment_id,
    const struct member *members, unsigned n, struct err *e);

/* Puts one customer into a segment, or takes it out: in a transaction of its
 * own that the audit log is told in. Who is in (or out of) it already stays so,
 * with the date at which it came. It is no change of the customer: neither its
 * revision nor updated_at moves, and no event is kept. ERR_NOT_FOUND if there
 * is no such customer, or the segment has been deleted; ERR_BAD_REQUEST for
 * `all`. */
MUST_CHECK enum err_code segment_member_add(struct site *s,
    const struct db_context *ctx, const struct segment *segment,
    const struct uuid *customer, struct err *e);
MUST_CHECK enum err_code segment_member_remove(struct site *s,
    const struct db_context *ctx, const struct segment *segment,
    const struct uuid *customer, struct err *e);

/* Up to n ids of segments from `from` on, upward, or below it, downward. Ids
 * are given in the order in which segments are made; `all` has the first. */
MUST_CHECK enum err_code segment_ids(struct db *db,
    const struct db_context *ctx, bool down, uint32_t from, unsigned n,
    uint32_t *out, unsigned *n_out, struct err *e);

/* Appends the segments with ids from `first` to `last` as segment_write does,
 * with commas between, and calls `flush` after each, which may send them. */
typedef enum err_code segment_flush(void *arg, struct err *e);
MUST_CHECK enum err_code segment_range_write(struct db *db,
    const struct db_context *ctx, uint32_t first, uint32_t last,
    struct buf *out, segment_flush *flush, void *arg, struct err *e);

/* Deletes the member rows at n ascending positions; no count is touched.
 * *affected_out may be NULL. */
MUST_CHECK enum err_code segment_members_delete(struct db *db,
    const struct db_context *ctx, uint32_t segment_id,
    const uint64_t *positions, unsigned n, uint64_t *affected_out,
    struct err *e);

/* Deletes the member rows at positions from `first` to before `end`, likewise.
 * For segments that are deleted. */
MUST_CHECK enum err_code segment_clear(struct db *db,
    const struct db_context *ctx, uint32_t segment_id, uint64_t first,
    uint64_t end, uint64_t *affected_out, struct err *e);

/* Where a segment's members are: live ones from position `first` on (of their
 * bucket), before `end`. */
struct segment_extent {
	uint64_t members, first, end;
};
MUST_CHECK enum err_code segment_extent(struct db *db,
    const struct db_context *ctx, uint32_t segment_id,
    struct segment_extent *out, struct err *e);

/* Members whose positions follow each other, from `first` to before `end`. */
struct segment_stretch {
	uint64_t first, end, live;
	/* By the counts they are the customers with a seq from first + delta to
	 * before end + delta. If those are as many as are live it is so: all of
	 * the members are among them. */
	bool ranged;
	int64_t delta;
};

/* Where a segment's members are, in their order. The caller frees *out
 * (free(3)). */
MUST_CHECK enum err_code segment_stretches(struct db *db,
    const struct db_context *ctx, uint32_t segment_id,
    struct segment_stretch **out, unsigned *n_out, struct err *e);

/* Changes a segment by the text of its UUID; what is NULL stays. The rules are
 * segment_create's. ERR_NO_CUSTOMERS as segment_find; ERR_BAD_REQUEST for
 * `all`; ERR_CONFLICT if the code is taken. */
struct segment_change {
	const char *code, *name, *description;
};
MUST_CHECK enum err_code segment_change(struct site *s,
    const struct db_context *ctx, const char *text,
    const struct segment_change *change, struct segment *out, struct err *e);

/* Deletes a segment and its memberships, never a customer. It is unknown at
 * once; of more than SEGMENT_CLEAR_NOW members the rows go by a job (`queued`,
 * JOB_KIND_CLEAR). Errors as segment_change. */
#define SEGMENT_CLEAR_NOW 10000
struct segment_removal {
	struct segment segment;
	uint64_t members; /* that it had */
	bool queued;
};
MUST_CHECK enum err_code segment_delete(struct site *s,
    const struct db_context *ctx, const char *text, struct segment_removal *out,
    struct err *e);

/* Checks what is given by segment_create's rules. ERR_BAD_REQUEST. */
MUST_CHECK enum err_code segment_texts_check(
    const struct segment_change *texts, struct err *e);

/* Where a page begins. */
struct segment_page {
	uint64_t total;    /* live members of the segment */
	uint64_t position; /* from here on, */
	uint32_t skip;     /* past so many members */
	/* The same as customers, if they lie in one range: those with a seq
	 * from first_seq to before end_seq, past seq_skip of them. */
	bool ranged;
	uint64_t first_seq, end_seq;
	uint32_t seq_skip;
};

/* Finds the page of `length` members that begins after first_member others.
 * Past the last member it is empty: position is INT64_MAX. */
MUST_CHECK enum err_code segment_seek(struct db *db,
    const struct db_context *ctx, uint32_t segment_id, uint64_t first_member,
    uint32_t length, struct segment_page *out, struct err *e);

#endif
