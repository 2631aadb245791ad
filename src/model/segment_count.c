/* Live members of a segment, counted in buckets and blocks of positions. */
#include <assert.h>
#include <stdlib.h>

#include "model/segment.h"

#define BATCH 64 /* counts added to by one statement */

enum level { LEVEL_BUCKET, LEVEL_BLOCK };
static const uint64_t SPANS[] = {
    [LEVEL_BUCKET] = BUCKET_SIZE, [LEVEL_BLOCK] = BUCKET_SIZE * BLOCK_SIZE};

/* Cells of SEGMENT_BUCKET_ADD. */
enum {
	CELL_SEGMENT,
	CELL_LEVEL,
	CELL_BUCKET,
	CELL_LIVE,
	CELL_LOW,
	CELL_HIGH,
	CELL_DELTA,
	CELLS
};

/* How many of members[0..n) lie in the span of the first. */
static unsigned
run_length(const struct member *members, unsigned n, uint64_t span)
{
	uint64_t bucket = members[0].position / span;
	unsigned i = 1;

	while (i < n && members[i].position / span == bucket) {
		assert(members[i].position > members[i - 1].position);
		i++;
	}
	return i;
}

/* The one difference of seq and position in a run of fresh members. */
static struct db_val
delta_of(const struct member *members, unsigned n)
{
	uint64_t delta = members[0].seq - members[0].position;
	unsigned i;

	for (i = 0; i < n; i++)
		if (!members[i].fresh ||
		    members[i].seq - members[i].position != delta)
			return db_null();
	return db_int((int64_t)delta);
}

static void
fill_cells(struct db_val *cells, enum level level, uint32_t segment_id,
    const struct member *run, unsigned n)
{
	cells[CELL_SEGMENT] = db_int(segment_id);
	cells[CELL_LEVEL] = db_int(level);
	cells[CELL_BUCKET] = db_int((int64_t)(run[0].position / SPANS[level]));
	cells[CELL_LIVE] = db_int(n);
	cells[CELL_LOW] = db_int((int64_t)run[0].position);
	cells[CELL_HIGH] = db_int((int64_t)run[n - 1].position + 1);
	cells[CELL_DELTA] =
	    level == LEVEL_BUCKET ? delta_of(run, n) : db_null();
}

/* st: SEGMENT_BUCKET_ADD, _TAKE or _LEAVE. */
static enum err_code
move_level(struct db *db, const struct db_context *ctx, enum stmt st,
    enum level level, uint32_t segment_id, const struct member *members,
    unsigned n, struct err *e)
{
	struct db_val cells[BATCH * CELLS];
	unsigned run, rows;
	enum err_code rc = ERR_OK;

	while (rc == ERR_OK && n) {
		for (rows = 0; n && rows < BATCH; rows++) {
			run = run_length(members, n, SPANS[level]);
			fill_cells(&cells[rows * CELLS], level, segment_id,
			    members, run);
			members += run;
			n -= run;
		}
		rc = db_bulk(db, ctx, st, cells, rows, CELLS, e);
	}
	return rc;
}

/* One member's bucket and block, by one statement. */
static enum err_code
move_one(struct db *db, const struct db_context *ctx, enum stmt st,
    uint32_t segment_id, const struct member *member, struct err *e)
{
	struct db_val cells[2 * CELLS];

	fill_cells(cells, LEVEL_BUCKET, segment_id, member, 1);
	fill_cells(cells + CELLS, LEVEL_BLOCK, segment_id, member, 1);
	return db_bulk(db, ctx, st, cells, 2, CELLS, e);
}

/* Counts of a group are moved while it cannot be deleted: ERR_NOT_FOUND if it
 * is. Whoever deletes it waits for those who have come this far, and nobody
 * who comes later leaves a member or a count behind. */
static enum err_code
move(struct db *db, const struct db_context *ctx, enum stmt st,
    uint32_t segment_id, const struct member *members, unsigned n,
    struct err *e)
{
	enum err_code rc = ERR_OK;

	if (segment_id != SEGMENT_ALL)
		rc = db_one(db, ctx, SQL_SEGMENT_HOLD,
		    DB_ARGS(db_int(segment_id)), NULL, NULL, e);
	if (rc == ERR_OK && n == 1)
		return move_one(db, ctx, st, segment_id, members, e);
	if (rc == ERR_OK)
		rc = move_level(
		    db, ctx, st, LEVEL_BUCKET, segment_id, members, n, e);
	if (rc == ERR_OK)
		rc = move_level(
		    db, ctx, st, LEVEL_BLOCK, segment_id, members, n, e);
	return rc;
}

enum err_code
segment_count_add(struct db *db, const struct db_context *ctx,
    uint32_t segment_id, const struct member *members, unsigned n,
    struct err *e)
{
	enum err_code rc =
	    move(db, ctx, SQL_SEGMENT_BUCKET_ADD, segment_id, members, n, e);

	if (rc == ERR_NOT_FOUND)
		return err_fault(e, ERR_FORBIDDEN, "the group is gone");
	return rc;
}

enum err_code
segment_count_remove(struct db *db, const struct db_context *ctx,
    uint32_t segment_id, const struct member *members, unsigned n,
    struct err *e)
{
	enum err_code rc =
	    move(db, ctx, SQL_SEGMENT_BUCKET_TAKE, segment_id, members, n, e);

	return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

enum err_code
segment_count_leave(struct db *db, const struct db_context *ctx,
    uint32_t segment_id, const struct member *members, unsigned n,
    struct err *e)
{
	return move(
	    db, ctx, SQL_SEGMENT_BUCKET_LEAVE, segment_id, members, n, e);
}

/* Sums the blocks: the total, and the block in which `first` lies with the
 * members before it. *found_out is false past the last member. */
static enum err_code
find_block(struct db *db, const struct db_context *ctx, uint32_t segment_id,
    uint64_t first, uint64_t *total_out, uint64_t *block_out,
    uint64_t *before_out, bool *found_out, struct err *e)
{
	struct db_rows *r;
	uint64_t live, total = 0;
	enum err_code rc;

	*found_out = false;
	rc = db_query(
	    db, ctx, SQL_SEGMENT_BLOCKS, DB_ARGS(db_int(segment_id)), &r, e);
	if (rc)
		return rc;
	while (db_next(r)) {
		live = (uint64_t)db_get_int(r, 1);
		if (!*found_out && first < total + live) {
			*found_out = true;
			*block_out = (uint64_t)db_get_int(r, 0);
			*before_out = total;
		}
		total += live;
	}
	*total_out = total;
	return db_done(&r, e);
}

/* A row of SEGMENT_BUCKETS. */
struct bucket {
	uint64_t number, live, low, high;
	int64_t delta;
	bool ranged;
};

static struct bucket
read_bucket(struct db_rows *r)
{
	return (struct bucket){.number = (uint64_t)db_get_int(r, 0),
	    .live = (uint64_t)db_get_int(r, 1),
	    .low = (uint64_t)db_get_int(r, 2),
	    .high = (uint64_t)db_get_int(r, 3),
	    .delta = db_get_int(r, 4),
	    .ranged = !db_is_null(r, 4)};
}

/* The page begins in this bucket, past `skip` of its members. In a bucket
 * without holes that is a seq. */
static void
begin_page(struct segment_page *page, const struct bucket *b, uint32_t skip)
{
	bool dense = b->live == b->high - b->low;

	page->position = b->number * BUCKET_SIZE;
	page->skip = skip;
	page->ranged = b->ranged;
	page->first_seq = b->low + (uint64_t)b->delta + (dense ? skip : 0);
	page->seq_skip = dense ? 0 : skip;
}

enum err_code
segment_seek(struct db *db, const struct db_context *ctx, uint32_t segment_id,
    uint64_t first_member, uint32_t length, struct segment_page *out,
    struct err *e)
{
	uint64_t block = 0, before = 0;
	struct bucket b = {0}, start = {0};
	bool found = false, begun = false;
	struct db_rows *r;
	enum err_code rc;

	*out = (struct segment_page){.position = INT64_MAX};
	rc = find_block(db, ctx, segment_id, first_member, &out->total, &block,
	    &before, &found, e);
	if (rc || !found)
		return rc;
	rc = db_query(db, ctx, SQL_SEGMENT_BUCKETS,
	    DB_ARGS(db_int(segment_id), db_int((int64_t)(block * BLOCK_SIZE))),
	    &r, e);
	if (rc)
		return rc;
	while (before < first_member + length && db_next(r)) {
		b = read_bucket(r);
		before += b.live;
		if (!begun && first_member < before) {
			begun = true;
			start = b;
			begin_page(out, &b,
			    (uint32_t)(first_member - (before - b.live)));
		}
		if (begun && (!b.ranged || b.delta != start.delta))
			out->ranged = false;
		out->end_seq = b.high + (uint64_t)b.delta;
	}
	/* The rows may have ended before the page did. */
	if (before < first_member + length && before < out->total)
		out->ranged = false;
	return db_done(&r, e);
}

/* Lengthens a stretch by the bucket after it, if it is of the same kind. */
static bool
lengthen(struct segment_stretch *s, const struct bucket *b)
{
	if (s->ranged != b->ranged ||
	    (b->ranged && (s->delta != b->delta || s->end != b->low)))
		return false;
	s->end = b->high;
	s->live += b->live;
	return true;
}

enum err_code
segment_stretches(struct db *db, const struct db_context *ctx,
    uint32_t segment_id, struct segment_stretch **out, unsigned *n_out,
    struct err *e)
{
	struct segment_stretch *list = NULL;
	unsigned n = 0, room = 0;
	struct bucket b;
	struct db_rows *r;
	enum err_code rc;

	*out = NULL;
	rc = db_query(db, ctx, SQL_SEGMENT_BUCKETS_ALL,
	    DB_ARGS(db_int(segment_id)), &r, e);
	if (rc)
		return rc;
	while (db_next(r)) {
		b = read_bucket(r);
		if (n && lengthen(&list[n - 1], &b))
			continue;
		if (n == room) {
			room = room ? 2 * room : 16;
			list = realloc(list, room * sizeof(*list));
			if (!list)
				abort();
		}
		list[n++] = (struct segment_stretch){
		    b.low, b.high, b.live, b.ranged, b.delta};
	}
	*out = list;
	*n_out = n;
	rc = db_done(&r, e);
	if (rc) {
		free(list);
		*out = NULL;
	}
	return rc;
}
