/* Writing a chunk down. Locks that chunks may meet on come last, and in one
 * order: counts of `all`, counts of the group, the account's key, the job. */
#include "model/key_use.h"
#include <stdio.h>

#include "model/audit.h"
#include "model/segment.h"
#include "work/chunk.h"

/* Gives up the old values of unique fields that merged rows change. */
static enum err_code
drop_keys_of(struct chunk *c, struct buf *list, struct err *e)
{
	struct claimed_key *keys;
	uint64_t *seqs;
	unsigned n, i, m;
	enum err_code err = ERR_OK;

	keys = chunk_keys(list, &n);
	seqs = arena_calloc(c->try, n, sizeof(*seqs));
	for (i = 0; i < n && !err;) {
		uint32_t field_id = keys[i].key.field_id;

		for (m = 0; i < n && keys[i].key.field_id == field_id; i++)
			if (c->rows[keys[i].row].fate == FATE_MERGE &&
			    !keys[i].kept)
				seqs[m++] = c->rows[keys[i].row].seq;
		err = customer_drop_keys(
		    c->site->db, &c->ctx, field_id, seqs, m, e);
	}
	return err;
}

static enum err_code
take_keys(struct chunk *c, struct err *e)
{
	struct claimed_key *keys;
	struct customer_key *list;
	unsigned n, i, m = 0;

	keys = chunk_keys(&c->keys, &n);
	list = arena_calloc(c->try, n, sizeof(*list));
	for (i = 0; i < n; i++) {
		enum fate fate = c->rows[keys[i].row].fate;

		if (fate == FATE_NEW || (fate == FATE_MERGE && !keys[i].kept))
			list[m++] = keys[i].key;
	}
	return customer_take_keys(c->site->db, &c->ctx, list, m, e);
}

static enum err_code
store_customers(struct chunk *c, struct err *e)
{
	struct db *db = c->site->db;
	enum err_code err = ERR_OK;

	if (c->nmerged)
		err = drop_keys_of(c, &c->keys, e);
	if (!err && c->nmerged)
		err = drop_keys_of(c, &c->cleared, e);
	if (!err)
		err = customer_insert(db, &c->ctx, c->created, c->ncreated,
		    &c->profiles, c->now, e);
	if (!err && c->nmerged)
		err = customer_rewrite(
		    db, &c->ctx, c->merged, c->nmerged, &c->profiles, e);
	if (!err)
		err = take_keys(c, e);
	return err;
}

/* Which rows' customers are in the group already. Two rows of a customer: the
 * second finds it there. */
static enum err_code
find_members(struct chunk *c, bool *in, struct err *e)
{
	uint64_t *seqs = arena_calloc(c->try, c->nrows, sizeof(*seqs));
	unsigned i, j, n = 0;
	enum err_code err = ERR_OK;

	for (i = 0; i < c->nrows; i++) {
		seqs[i] = c->rows[i].seq;
		n += c->rows[i].fate == FATE_JOIN ||
		     c->rows[i].fate == FATE_MERGE;
	}
	if (n)
		err = customer_members(c->site->db, &c->ctx, c->job.segment_id,
		    seqs, c->nrows, in, c->try, e);
	for (i = 0; i < c->nrows && n && !err; i++)
		for (j = 0; j < i && c->rows[i].fate == FATE_JOIN; j++)
			in[i] |=
			    seqs[j] == seqs[i] && c->rows[j].fate == FATE_JOIN;
	return err;
}

/* Puts the rows' customers into the group; *members is who has come. */
static enum err_code
store_members(struct chunk *c, const bool *in, struct member *members,
    unsigned *n_out, struct err *e)
{
	unsigned i, n = 0;

	for (i = 0; i < c->nrows; i++) {
		const struct row *row = &c->rows[i];

		if (row->fate == FATE_WRONG || in[i])
			continue;
		members[n++] = (struct member){.position = row->position,
		    .seq = row->seq,
		    .fresh = row->fate == FATE_NEW};
	}
	*n_out = n;
	return customer_join(
	    c->site->db, &c->ctx, c->job.segment_id, members, n, c->now, e);
}

static enum err_code
store_errors(struct chunk *c, struct err *e)
{
	enum err_code err = ERR_OK;
	struct record r;
	unsigned i;

	for (i = 0; i < c->nrows && !err; i++) {
		const struct row *row = &c->rows[i];

		if (row->fate != FATE_WRONG)
			continue;
		err = chunk_unpack(c, row, &r, e);
		if (!err)
			err = job_error_put(c->site, &c->ctx, c->claim,
			    &c->schema, &r,
			    c->schema.fields[row->wrong_field].name, row->wrong,
			    e);
		c->out->failed++;
	}
	return err;
}

static enum err_code
count_all(struct chunk *c, struct err *e)
{
	struct member *members =
	    arena_calloc(c->try, c->ncreated, sizeof(*members));
	unsigned i;

	for (i = 0; i < c->ncreated; i++) {
		members[i] = (struct member){.position = c->created[i].seq,
		    .seq = c->created[i].seq,
		    .fresh = true};
		c->out->ids[i] = c->created[i].uuid;
	}
	c->out->created = c->ncreated;
	return segment_count_add(
	    c->site->db, &c->ctx, SEGMENT_ALL, members, c->ncreated, e);
}

/* Whose job it is did it. Counts of customers made, changed, and put into the
 * group. */
static enum err_code
audit_chunk(struct chunk *c, unsigned joined, struct err *e)
{
	char made[80], changed[80];
	struct audit_event list[] = {
	    {AUDIT_CUSTOMER_CREATE, &c->job.uuid, made},
	    {AUDIT_CUSTOMER_UPDATE, &c->job.uuid, changed}};
	struct db_context ctx = c->ctx;
	unsigned old = joined > c->ncreated ? joined - c->ncreated : 0;
	enum err_code err = ERR_OK;

	ctx.user_id = c->job.user_id;
	snprintf(made, sizeof(made), "{\"chunk\":%u,\"count\":%u}", c->claim->n,
	    c->ncreated);
	snprintf(changed, sizeof(changed),
	    "{\"chunk\":%u,\"count\":%u,\"joined\":%u}", c->claim->n,
	    c->nmerged, old);
	if (c->ncreated)
		err = audit_change(c->site, &ctx, &list[0], 1, e);
	if (!err && (c->nmerged || old))
		err = audit_change(c->site, &ctx, &list[1], 1, e);
	return err;
}

enum err_code
chunk_store(struct chunk *c, struct err *e)
{
	struct member *members =
	    arena_calloc(c->try, c->nrows, sizeof(*members));
	bool *in = arena_calloc(c->try, c->nrows, sizeof(*in));
	bool grouped = c->job.segment_id != SEGMENT_ALL;
	enum err_code err = store_customers(c, e);
	unsigned n = 0;

	if (!err && grouped)
		err = find_members(c, in, e);
	if (!err && grouped)
		err = store_members(c, in, members, &n, e);
	if (!err)
		err = store_errors(c, e);
	if (!err)
		err = count_all(c, e);
	if (!err && n)
		err = segment_count_add(
		    c->site->db, &c->ctx, c->job.segment_id, members, n, e);
	if (!err && c->sealed)
		err = key_use_add(c->site, &c->ctx, KEY_DATA,
		    keyring_version(c->ring), c->sealed, e);
	c->out->rows = c->nrows;
	c->out->succeeded = c->nrows - c->out->failed;
	return err ? err : audit_chunk(c, n, e);
}
