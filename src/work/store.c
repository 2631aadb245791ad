/* Writing a chunk down. Locks that chunks may meet on come last, and in one
 * order: counts of `all`, counts of the group, the account's key, the job. */
#include <stdio.h>
#include <string.h>

#include "model/audit.h"
#include "model/customer_delete.h"
#include "model/key_use.h"
#include "model/segment.h"
#include "work/chunk.h"

/* Marks the unique fields whose values change. The digests of a value, one for
 * each index key, stay or move together. */
static void
mark_moves(struct chunk *c)
{
	struct claimed_key *keys;
	unsigned n, i;

	keys = chunk_keys(&c->keys, &n);
	for (i = 0; i < n; i++)
		if (!keys[i].kept)
			bit_set(c->rows[keys[i].row].moves, keys[i].field);
}

/* Gives up what merged rows have in the unique fields of a list: all, or those
 * that move. */
static enum err_code
drop_keys_of(struct chunk *c, struct buf *list, bool all, struct err *e)
{
	struct claimed_key *keys;
	uint64_t *seqs;
	unsigned n, i, m;
	enum err_code err = ERR_OK;

	keys = chunk_keys(list, &n);
	seqs = arena_calloc(c->try, n, sizeof(*seqs));
	for (i = 0; i < n && !err;) {
		uint32_t field_id = keys[i].key.field_id;

		for (m = 0; i < n && keys[i].key.field_id == field_id; i++) {
			const struct row *row = &c->rows[keys[i].row];

			if (row->fate == FATE_MERGE &&
			    (all || bit_get(row->moves, keys[i].field)))
				seqs[m++] = row->seq;
		}
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
		const struct row *row = &c->rows[keys[i].row];

		if (row->fate == FATE_NEW ||
		    (row->fate == FATE_MERGE &&
		        bit_get(row->moves, keys[i].field)))
			list[m++] = keys[i].key;
	}
	return customer_take_keys(c->site->db, &c->ctx, list, m, e);
}

static enum err_code
store_customers(struct chunk *c, struct err *e)
{
	struct db *db = c->site->db;
	enum err_code err = ERR_OK;

	mark_moves(c);
	if (c->nmerged)
		err = drop_keys_of(c, &c->keys, false, e);
	if (!err && c->nmerged)
		err = drop_keys_of(c, &c->cleared, true, e);
	if (!err)
		err = customer_insert(db, &c->ctx, c->created, c->ncreated,
		    &c->profiles, c->now, e);
	if (!err && c->nmerged)
		err = customer_rewrite(
		    db, &c->ctx, c->merged, c->nmerged, &c->profiles, e);
	if (!err)
		err = take_keys(c, e);
	return err ? err : search_put(c->site, &c->ctx, c->ring, &c->texts, e);
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

/* Of a customer that was deleted, before the chunk or since its rows were
 * accepted, nothing is kept. */
static void
forget(const struct chunk *c, struct record *r)
{
	memset(r->values, 0, c->schema.n * sizeof(*r->values));
	r->has_customer = false;
	r->matched = 0;
}

static const char *
wrong_name(const struct chunk *c, const struct row *row)
{
	if (row->wrong_field != FIELD_CUSTOMER_ID)
		return c->schema.fields[row->wrong_field].name;
	return c->job.kind == JOB_KIND_UPDATE ? RECORD_CUSTOMER_ID : "";
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
		if (!err && (r.erased || row->wrong == ROW_UNKNOWN))
			forget(c, &r);
		if (!err)
			err = job_error_put(c->site, &c->ctx, c->claim,
			    &c->schema, &r, wrong_name(c, row), row->wrong, e);
		c->out->wrong = row->wrong;
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
	unsigned old = joined > c->ncreated ? joined - c->ncreated : 0;
	enum err_code err = ERR_OK;

	snprintf(made, sizeof(made), "{\"chunk\":%u,\"count\":%u}", c->claim->n,
	    c->ncreated);
	snprintf(changed, sizeof(changed),
	    "{\"chunk\":%u,\"count\":%u,\"joined\":%u}", c->claim->n,
	    c->nmerged, old);
	if (c->ncreated)
		err = audit_change(c->site, &c->ctx, &list[0], 1, e);
	if (!err && (c->nmerged || old))
		err = audit_change(c->site, &c->ctx, &list[1], 1, e);
	return err;
}

enum err_code
chunk_audit_single(struct chunk *c, struct err *e)
{
	bool update = c->job.kind == JOB_KIND_UPDATE;
	char detail[80];
	struct audit_event event = {
	    .action = update ? AUDIT_CUSTOMER_UPDATE : AUDIT_CUSTOMER_CREATE,
	    .subject = &c->rows[0].uuid,
	    .detail = detail};

	snprintf(detail, sizeof(detail), "{\"attributes\":%u,\"changed\":%s}",
	    c->given, !update || c->nmerged ? "true" : "false");
	return audit_change(c->site, &c->ctx, &event, 1, e);
}

/* Customers that join stay until COMMIT: who is deleted meanwhile is found
 * gone, and the rows are looked at again. */
static enum err_code
hold_joining(struct chunk *c, struct err *e)
{
	uint64_t *seqs = arena_calloc(c->try, c->nrows, sizeof(*seqs));
	unsigned i, n = 0;
	bool all;
	enum err_code err;

	for (i = 0; i < c->nrows; i++)
		if (c->rows[i].fate == FATE_JOIN)
			seqs[n++] = c->rows[i].seq;
	err = customer_hold(c->site->db, &c->ctx, seqs, n, &all, e);
	if (!err && !all)
		return err_fault(e, ERR_RETRY, "a customer has just gone");
	return err;
}

static enum err_code
audit_update(struct chunk *c, struct err *e)
{
	char detail[200], job[UUID_TEXT];
	struct audit_event event = {.action = AUDIT_CUSTOMER_UPDATE,
	    .subject = c->nrows == 1 ? &c->rows[0].uuid : &c->job.uuid,
	    .detail = detail};

	uuid_format(&c->job.uuid, job);
	snprintf(detail, sizeof(detail),
	    "{\"job\":\"%s\",\"rows\":%u,\"changed\":%u,\"failed\":%u}", job,
	    c->nrows, c->nmerged, c->out->failed);
	return audit_change(c->site, &c->ctx, &event, 1, e);
}

static enum err_code
store_new(struct chunk *c, struct err *e)
{
	struct member *members =
	    arena_calloc(c->try, c->nrows, sizeof(*members));
	bool *in = arena_calloc(c->try, c->nrows, sizeof(*in));
	bool grouped = c->job.segment_id != SEGMENT_ALL;
	enum err_code err = hold_joining(c, e);
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
	if (!err && c->claim)
		err = audit_chunk(c, n, e);
	return err;
}

static enum err_code
count_sealed(struct chunk *c, struct err *e)
{
	uint32_t version = keyring_version(c->ring);
	enum err_code err;

	if (c->claim)
		return key_use_add(
		    c->site, &c->ctx, KEY_DATA, version, c->sealed, e);
	err = key_use_gather(c->site, &c->ctx, version, c->sealed, e);
	c->sealed = 0;
	return err;
}

enum err_code
chunk_store(struct chunk *c, struct err *e)
{
	bool update = c->job.kind == JOB_KIND_UPDATE;
	enum err_code err = store_customers(c, e);

	if (!err)
		err = update ? store_errors(c, e) : store_new(c, e);
	if (!err && update)
		err = c->claim ? audit_update(c, e) : chunk_audit_single(c, e);
	if (!err && c->sealed)
		err = count_sealed(c, e);
	c->out->rows = c->nrows;
	c->out->succeeded = c->nrows - c->out->failed;
	return err;
}
