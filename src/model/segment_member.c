/* One customer that comes into a segment, or leaves it. Locks come in the order
 * of those who delete customers: the customer, the segment, its counts. */
#include <stdio.h>

#include "base/clock.h"
#include "model/audit.h"
#include "model/customer.h"
#include "model/segment.h"

struct membership_change {
	struct site *site;
	const struct db_context *ctx;
	const struct segment *segment;
	const struct uuid *customer;
	bool joins;
	/* What the transaction finds. */
	uint64_t seq, position;
	bool in;
};

/* Whether the customer is in the segment, and where. */
static enum err_code
find_member(struct db *db, struct membership_change *c, struct err *e)
{
	enum err_code err;

	err = db_one(db, c->ctx, SQL_SEGMENT_POSITION,
	    DB_ARGS(db_int(c->segment->id), db_int((int64_t)c->seq)),
	    db_take_u64, &c->position, e);
	c->in = !err;
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err_code
find_customer(struct db *db, struct membership_change *c, struct err *e)
{
	struct arena *a = arena_new(1024);
	enum err_code err =
	    customer_seqs(db, c->ctx, c->customer, 1, &c->seq, a, e);

	arena_free(&a);
	if (!err && c->seq == CUSTOMER_NONE)
		return err_set(e, ERR_NOT_FOUND, NULL);
	return err;
}

/* Locks the customer: nobody else changes what it is a member of, or deletes
 * it, until COMMIT. */
static enum err_code
lock_customer(struct db *db, struct membership_change *c, struct err *e)
{
	enum err_code err = find_customer(db, c, e);
	unsigned found = 0;

	if (!err)
		err = customer_lock(db, c->ctx, &c->seq, 1, &found, e);
	if (!err && !found)
		return err_set(e, ERR_NOT_FOUND, NULL);
	return err ? err : find_member(db, c, e);
}

static enum err_code
join(struct db *db, struct membership_change *c, struct err *e)
{
	uint32_t id = c->segment->id;
	struct member m = {.seq = c->seq};
	enum err_code err = segment_reserve(db, c->ctx, id, 1, &m.position, e);

	if (err == ERR_NO_CUSTOMERS)
		return err_set(e, ERR_NOT_FOUND, NULL);
	if (!err)
		err = customer_join(db, c->ctx, id, &m, 1, clock_now_ms(), e);
	return err ? err : segment_count_add(db, c->ctx, id, &m, 1, e);
}

static enum err_code
leave(struct db *db, struct membership_change *c, struct err *e)
{
	uint32_t id = c->segment->id;
	struct member m = {.position = c->position, .seq = c->seq};
	enum err_code err = db_one(
	    db, c->ctx, SQL_SEGMENT_HOLD, DB_ARGS(db_int(id)), NULL, NULL, e);

	if (!err)
		err = segment_members_delete(
		    db, c->ctx, id, &m.position, 1, NULL, e);
	return err ? err : segment_count_leave(db, c->ctx, id, &m, 1, e);
}

static enum err_code
audit(struct membership_change *c, struct err *e)
{
	char text[UUID_TEXT], detail[80];

	uuid_format(&c->segment->uuid, text);
	snprintf(
	    detail, sizeof(detail), "{\"customer_group_id\":\"%s\"}", text);
	return audit_change(c->site, c->ctx,
	    &(struct audit_event){
	        c->joins ? AUDIT_GROUP_JOIN : AUDIT_GROUP_LEAVE, c->customer,
	        detail},
	    1, e);
}

static enum err_code
body(struct db *db, void *arg, struct err *e)
{
	struct membership_change *c = arg;
	enum err_code err = lock_customer(db, c, e);

	if (err || c->in == c->joins)
		return err;
	err = c->joins ? join(db, c, e) : leave(db, c, e);
	return err ? err : audit(c, e);
}

/* A COMMIT in doubt: is it as it was to be? */
static enum err_code
done(struct db *db, void *arg, struct err *e)
{
	struct membership_change *c = arg;
	enum err_code err = find_customer(db, c, e);

	if (!err)
		err = find_member(db, c, e);
	if (!err && c->in != c->joins)
		return err_set(e, ERR_NOT_FOUND, NULL);
	return err;
}

static enum err_code
change(struct membership_change *c, struct err *e)
{
	if (c->segment->id == SEGMENT_ALL)
		return err_set(e, ERR_BAD_REQUEST,
		    "every customer is in the built-in segment, and none "
		    "leaves it");
	return db_transaction(c->site->db, body, done, c, e);
}

enum err_code
segment_member_add(struct site *s, const struct db_context *ctx,
    const struct segment *segment, const struct uuid *customer, struct err *e)
{
	struct membership_change c = {.site = s,
	    .ctx = ctx,
	    .segment = segment,
	    .customer = customer,
	    .joins = true};

	return change(&c, e);
}

enum err_code
segment_member_remove(struct site *s, const struct db_context *ctx,
    const struct segment *segment, const struct uuid *customer, struct err *e)
{
	struct membership_change c = {
	    .site = s, .ctx = ctx, .segment = segment, .customer = customer};

	return change(&c, e);
}
