#include "model/seq.h"

#include <assert.h>

#include "model/segment.h"
#include "model/seq_cache.h"

struct refill {
	struct site *site;
	const struct db_context *ctx;
	struct seq_slot *slot;
	struct seq_look look; /* before the range was reserved */
	uint64_t first;
	uint32_t epoch;
};

/* The counter has gone back, behind what was drawn: somebody has set it, or a
 * backup was brought back. It is moved to where no seq was drawn; the lock on
 * it is held. */
static enum err_code
catch_up(struct refill *r, uint64_t floor, struct err *e)
{
	uint64_t behind = floor - r->first;
	enum err_code err;

	if (behind > UINT32_MAX)
		return err_fault(e, ERR_INTERNAL,
		    "next_position of the group `all` is far below seqs that "
		    "were taken from it");
	err = segment_reserve(
	    r->site->db, r->ctx, SEGMENT_ALL, (uint32_t)behind, &r->first, e);
	r->first = floor;
	return err;
}

/* The epoch is read after the wait for the counter: who waited for another that
 * reserved finds its range in the slot by then, and takes none (ERR_CONFLICT).
 * One that moves meanwhile makes the range good for nobody. */
static enum err_code
refill_body(struct db *db, void *arg, struct err *e)
{
	struct refill *r = arg;
	uint64_t floor;
	enum err_code err =
	    segment_reserve(db, r->ctx, SEGMENT_ALL, SEQ_RANGE, &r->first, e);

	if (!err)
		err = db_one(db, r->ctx, SQL_SEQ_EPOCH, DB_NOARGS, db_take_u32,
		    &r->epoch, e);
	if (err)
		return err;
	if (seq_slot_look(r->slot).word != r->look.word)
		return err_set(e, ERR_CONFLICT, NULL);
	floor = seq_look_floor(r->look, r->epoch);
	return r->first < floor ? catch_up(r, floor, e) : ERR_OK;
}

/* If the slot has changed meanwhile, the range is given up. */
enum err_code
seq_prepare(struct site *s, const struct db_context *ctx, struct err *e)
{
	struct refill r = {.site = s,
	    .ctx = ctx,
	    .slot = seq_slot_find(s->seqs, ctx->workspace_id)};
	enum err_code err;

	assert(!db_in_transaction(s->db));
	if (!r.slot)
		return ERR_OK;
	r.look = seq_slot_look(r.slot);
	if (!seq_look_is_empty(r.look))
		return ERR_OK;
	err = db_transaction(s->db, refill_body, NULL, &r, e);
	if (err == ERR_CONFLICT || err == ERR_NO_CUSTOMERS ||
	    err == ERR_NOT_FOUND)
		return ERR_OK;
	if (!err)
		seq_slot_put(r.slot, r.look, r.first, SEQ_RANGE, r.epoch);
	return err;
}

/* Nothing was left. Whoever was about to put a range is waited for, as in
 * refill_body, for it would have to be dropped. */
static enum err_code
take_directly(struct site *s, const struct db_context *ctx,
    struct seq_slot *slot, uint32_t epoch, uint64_t *seq_out, struct err *e)
{
	uint32_t now;
	enum err_code err =
	    segment_reserve(s->db, ctx, SEGMENT_ALL, 1, seq_out, e);

	if (!err)
		err = db_one(
		    s->db, ctx, SQL_SEQ_EPOCH, DB_NOARGS, db_take_u32, &now, e);
	if (!err && !seq_slot_draw(slot, epoch, seq_out))
		seq_slot_drop(slot);
	return err;
}

enum err_code
seq_take(struct site *s, const struct db_context *ctx, uint32_t epoch,
    uint64_t *seq_out, struct err *e)
{
	struct seq_slot *slot = seq_slot_find(s->seqs, ctx->workspace_id);

	assert(db_in_transaction(s->db));
	if (!slot)
		return segment_reserve(s->db, ctx, SEGMENT_ALL, 1, seq_out, e);
	if (seq_slot_draw(slot, epoch, seq_out))
		return ERR_OK;
	return take_directly(s, ctx, slot, epoch, seq_out, e);
}

/* Dropped after the reservation: who looked at the slot before puts nothing,
 * and who looks later waits for COMMIT, so that its range is behind. What was
 * drawn is below the seq that the dropping skips. */
static enum err_code
pass_drawn(struct refill *r, struct err *e)
{
	uint64_t floor;
	enum err_code err;

	seq_slot_drop(r->slot);
	err = db_one(r->site->db, r->ctx, SQL_SEQ_EPOCH, DB_NOARGS, db_take_u32,
	    &r->epoch, e);
	if (err)
		return err;
	floor = seq_look_floor(seq_slot_look(r->slot), r->epoch);
	return r->first + 1 < floor ? catch_up(r, floor, e) : ERR_OK;
}

enum err_code
seq_reserve(struct site *s, const struct db_context *ctx, uint32_t n,
    uint64_t *first_out, struct err *e)
{
	struct refill r = {.site = s,
	    .ctx = ctx,
	    .slot = seq_slot_find(s->seqs, ctx->workspace_id)};
	enum err_code err =
	    segment_reserve(s->db, ctx, SEGMENT_ALL, n, &r.first, e);

	if (!err && r.slot)
		err = pass_drawn(&r, e);
	*first_out = r.first;
	return err;
}

void
seq_drop(struct site *s, const struct db_context *ctx)
{
	struct seq_slot *slot = seq_slot_find(s->seqs, ctx->workspace_id);

	if (slot)
		seq_slot_drop(slot);
}
