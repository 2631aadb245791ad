/*
 * Segments (customer groups): named, ordered sets of customers. The built-in
 * segment `all` has id 0 and holds every customer: a customer's seq is its
 * position there, and no member rows are kept for it.
 *
 * Positions only grow. Live members are counted in buckets of 1024 positions,
 * so that a total and the start of any page come from a sum over small rows,
 * and a page's rows from one range read.
 */
#ifndef COFFER_MODEL_SEGMENT_H
#define COFFER_MODEL_SEGMENT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/json.h"
#include "db/db.h"

#define SEGMENT_ALL 0
#define SEGMENT_CODE_MAX 64
#define BUCKET_SIZE 1024

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

/* Adds to the live counts: positions[0..n), ascending; as the last step before
 * COMMIT. */
MUST_CHECK enum err_code segment_count_add(struct db *db,
    const struct db_context *ctx, uint32_t segment_id,
    const uint64_t *positions, unsigned n, struct err *e);

/* Where a page begins: the position of the bucket that holds its first
 * member, and how many live members of that bucket come before it. Past the
 * last member: the end of the last bucket. */
struct segment_page {
	uint64_t total; /* live members of the segment */
	uint64_t position;
	uint32_t skip;
};
MUST_CHECK enum err_code segment_seek(struct db *db,
    const struct db_context *ctx, uint32_t segment_id, uint64_t first_member,
    struct segment_page *out, struct err *e);

#endif
