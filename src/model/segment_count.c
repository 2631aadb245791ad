/* Live members of a segment, counted in buckets of positions. */
#include <assert.h>

#include "model/segment.h"

#define BATCH 128 /* buckets added to by one statement */
#define COLS 3

/* How many of positions[0..n) lie in the bucket of the first. */
static unsigned
run_length(const uint64_t *positions, unsigned n)
{
	uint64_t bucket = positions[0] / BUCKET_SIZE;
	unsigned i = 1;

	while (i < n && positions[i] / BUCKET_SIZE == bucket) {
		assert(positions[i] > positions[i - 1]);
		i++;
	}
	assert(i == n || positions[i] > positions[i - 1]);
	return i;
}

enum err_code
segment_count_add(struct db *db, const struct db_context *ctx,
    uint32_t segment_id, const uint64_t *positions, unsigned n, struct err *e)
{
	struct db_val cells[BATCH * COLS];
	unsigned run, rows;
	enum err_code rc = ERR_OK;

	while (rc == ERR_OK && n) {
		for (rows = 0; n && rows < BATCH; rows++) {
			run = run_length(positions, n);
			cells[rows * COLS] = db_int(segment_id);
			cells[rows * COLS + 1] =
			    db_int((int64_t)(positions[0] / BUCKET_SIZE));
			cells[rows * COLS + 2] = db_int(run);
			positions += run;
			n -= run;
		}
		rc = db_bulk(
		    db, ctx, SQL_SEGMENT_BUCKET_ADD, cells, rows, COLS, e);
	}
	return rc;
}

enum err_code
segment_seek(struct db *db, const struct db_context *ctx, uint32_t segment_id,
    uint64_t first_member, struct segment_page *out, struct err *e)
{
	uint64_t bucket, live, end = 0;
	bool found = false;
	struct db_rows *r;
	enum err_code rc;

	*out = (struct segment_page){0};
	rc = db_query(
	    db, ctx, SQL_SEGMENT_BUCKETS, DB_ARGS(db_int(segment_id)), &r, e);
	if (rc)
		return rc;
	while (db_next(r)) {
		bucket = (uint64_t)db_get_int(r, 0);
		live = (uint64_t)db_get_int(r, 1);
		if (!found && first_member < out->total + live) {
			found = true;
			out->position = bucket * BUCKET_SIZE;
			out->skip = (uint32_t)(first_member - out->total);
		}
		out->total += live;
		end = (bucket + 1) * BUCKET_SIZE;
	}
	if (!found)
		out->position = end;
	return db_done(&r, e);
}
