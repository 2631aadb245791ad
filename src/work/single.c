#include "work/single.h"

#include <assert.h>
#include <string.h>

#include "model/api_key.h"
#include "model/idempotency.h"
#include "model/segment.h"
#include "model/seq.h"
#include "vault/rand.h"
#include "work/chunk.h"

#define TRIES 6
#define SINGLE_BYTES 8192 /* of memory, and more as it is needed */

struct single_run {
	struct single *o;
	struct chunk chunk;
	struct record record;
	struct idempotency again;
	bool holds; /* asks for keys and fields, and does not only require */
};

static unsigned
count_given(const struct chunk *c, const struct record *r)
{
	unsigned i, n = 0;

	for (i = 0; i < c->schema.n; i++)
		n += r->values[i].json != NULL;
	return n;
}

/* Takes the record in, for one of both kinds of job that a chunk may be of. */
static enum err_code
take_record(struct single_run *run, enum job_kind kind, struct err *e)
{
	struct chunk *c = &run->chunk;

	chunk_begin(c);
	c->job.kind = kind;
	record_pack(&c->packed, &c->schema, &run->record);
	return chunk_read(c, e);
}

/* Whether the customer that was locked has the revision that is asked for;
 * NULL: there is none. */
static enum err_code
check_condition(const struct single *o, const struct customer *m, struct err *e)
{
	const struct precondition *p = o->condition;

	if (!p || (m ? precondition_holds(p, m->revision) : p->none))
		return ERR_OK;
	return err_set(
	    e, ERR_PRECONDITION, m && p->none ? "the customer exists" : NULL);
}

/* Names each unique value that another customer has. */
static void
name_taken(struct single_run *run)
{
	struct chunk *c = &run->chunk;
	struct claimed_key *keys;
	unsigned n, i;

	keys = chunk_keys(&c->keys, &n);
	for (i = 0; i < n; i++)
		if (keys[i].owner != CUSTOMER_NONE &&
		    keys[i].owner != c->rows[0].seq)
			run->o->wrong[keys[i].field] = true;
}

/* What is wrong with the row, as an error. */
static enum err_code
tell_wrong(struct single_run *run, struct err *e)
{
	const struct chunk *c = &run->chunk;
	const struct row *row = &c->rows[0];

	if (row->fate != FATE_WRONG)
		return ERR_OK;
	if (row->wrong == ROW_UNKNOWN)
		return err_set(e, ERR_NOT_FOUND, NULL);
	if (row->wrong_field != FIELD_CUSTOMER_ID)
		run->o->wrong[row->wrong_field] = true;
	if (row->wrong == ROW_UNIQUE)
		name_taken(run);
	return err_set(
	    e, row->wrong == ROW_LENGTH ? ERR_TOO_LARGE : ERR_CONFLICT, NULL);
}

static enum err_code
resolve_update(struct single_run *run, struct err *e)
{
	struct chunk *c = &run->chunk;
	enum err_code err = take_record(run, JOB_KIND_UPDATE, e);

	if (!err)
		err = chunk_resolve_update(c, e);
	if (err)
		return err;
	if (c->rows[0].fate == FATE_MERGE || c->rows[0].wrong != ROW_UNKNOWN)
		err =
		    check_condition(run->o, chunk_merged(c, c->rows[0].seq), e);
	return err ? err : tell_wrong(run, e);
}

static enum err_code
resolve_new(struct single_run *run, struct err *e)
{
	struct chunk *c = &run->chunk;
	enum err_code err = check_condition(run->o, NULL, e);

	if (!err)
		err = take_record(run, JOB_KIND_UPLOAD, e);
	if (!err && c->careful)
		err = chunk_resolve(c, e);
	if (!err)
		err = tell_wrong(run, e);
	if (!err)
		err = chunk_audit_single(c, e);
	if (!err)
		err = seq_take(c->site, &c->ctx, keyring_epoch(c->ring),
		    &c->rows[0].place, e);
	return err;
}

static enum err_code
resolve(struct single_run *run, struct err *e)
{
	enum single_mode mode = run->o->mode;
	enum err_code err = ERR_NOT_FOUND;

	if (mode != SINGLE_CREATE)
		err = resolve_update(run, e);
	run->o->created = err == ERR_NOT_FOUND && mode != SINGLE_UPDATE;
	return run->o->created ? resolve_new(run, e) : err;
}

/* The digest of all that makes two requests the same one. */
static void
digest_content(struct single_run *run)
{
	struct chunk *c = &run->chunk;
	struct mac *m = keyring_rest_mac(c->ring, REST_IDEMPOTENCY);
	struct record r = {.values = run->record.values};
	struct buf packed = {0};

	record_pack(&packed, &c->schema, &r);
	mac_reset(m);
	mac_add_part(m, run->o->route, strlen(run->o->route));
	mac_add_part(m, &c->workspace, sizeof(c->workspace));
	mac_add_part(m, packed.data, packed.len);
	mac_finish(m, run->again.content);
	buf_free(&packed);
}

/* Whether the key has its answer: the customer's UUID. */
static enum err_code
find_answer(struct single_run *run, struct err *e)
{
	struct chunk *c = &run->chunk;
	struct buf text = {0};
	int status;
	enum err_code err;

	if (!run->again.key)
		return ERR_OK;
	digest_content(run);
	run->again.ring = c->ring;
	err =
	    idempotency_find(c->site, &c->ctx, &run->again, &status, &text, e);
	if (!err && !uuid_parse(text.data, text.len, &run->o->id))
		err = err_fault(e, ERR_INTERNAL, "a kept answer is no UUID");
	run->o->again = !err;
	buf_free(&text);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err_code
keep_answer(struct single_run *run, struct err *e)
{
	struct chunk *c = &run->chunk;
	const struct uuid *id = &c->rows[0].uuid;
	struct buf text = {0};
	enum err_code err;

	if (!run->again.key)
		return ERR_OK;
	uuid_format(id, buf_room(&text, UUID_TEXT));
	text.len += UUID_TEXT - 1;
	err = idempotency_complete(
	    c->site, &c->ctx, &run->again, true, 201, &text, id, 1, e);
	buf_free(&text);
	return err;
}

static enum err_code
change(struct single_run *run, struct err *e)
{
	enum err_code err = resolve(run, e);

	if (!err)
		err = chunk_build(&run->chunk, e);
	if (!err)
		err = tell_wrong(run, e);
	if (!err)
		err = chunk_store(&run->chunk, e);
	return err ? err : keep_answer(run, e);
}

static enum err_code
body(struct db *db, void *arg, struct err *e)
{
	struct single_run *run = arg;
	struct chunk *c = &run->chunk;
	enum err_code err;

	(void)db;
	run->o->again = false;
	memset(run->o->wrong, 0, c->schema.n * sizeof(bool));
	if (run->holds)
		err = site_hold(c->site, &c->ctx, &c->schema, &c->ring, e);
	else
		err = site_require(
		    c->site, &c->ctx, &c->schema, run->o->proof, &c->ring, e);
	if (!err)
		err = find_answer(run, e);
	return err || run->o->again ? err : change(run, e);
}

/* A COMMIT in doubt is answered by looking: the new customer is there, or the
 * changed one as it was to be. A change that was nothing, or that somebody
 * else's has followed, is made again, which does no harm. So is a customer that
 * is there as somebody else has made it, who gave it the same id. */
static enum err_code
done(struct db *db, void *arg, struct err *e)
{
	const struct single_run *run = arg;
	const struct chunk *c = &run->chunk;
	uint32_t revision;
	int64_t updated_at;
	enum err_code err;

	if (run->o->again)
		return ERR_OK;
	err = customer_mark(
	    db, &c->ctx, &c->rows[0].uuid, &revision, &updated_at, e);
	if (err)
		return err;
	if (run->o->created && (revision > 1 || updated_at == c->now))
		return ERR_OK;
	if (c->nmerged && revision == c->out->revision && updated_at == c->now)
		return ERR_OK;
	return err_set(e, ERR_NOT_FOUND, NULL);
}

/* What is required and not so is asked for: keys that are newer are no reason
 * to read the record anew. But a proof that is owed can only be required. */
static enum err_code
run_once(struct single_run *run, struct err *e)
{
	struct db *db = run->chunk.site->db;
	struct key_proof *proof = run->o->proof;
	enum err_code err = db_transaction_deferred(db, body, done, run, e);

	if (err == ERR_SUPERSEDED && !run->holds && !(proof && proof->owed)) {
		run->holds = true;
		err = db_transaction_deferred(db, body, done, run, e);
	}
	if (!err && proof)
		proof->owed = false;
	return err;
}

/* Gets ready for a try, which has no transaction yet. One that has found no
 * value taken, and yet was told so, may have met a seq that is: then others are
 * taken. */
static enum err_code
begin_try(struct single_run *run, int try, struct err *e)
{
	struct chunk *c = &run->chunk;

	c->careful = try > 0;
	if (run->o->mode == SINGLE_UPDATE)
		return ERR_OK;
	if (try > 1)
		seq_drop(c->site, &c->ctx);
	return seq_prepare(c->site, &c->ctx, e);
}

/* First as if no value were taken; if one is, by looking first, again if
 * somebody is faster still. */
static enum err_code
run_all(struct single_run *run, struct err *e)
{
	enum err_code err = ERR_DUPLICATE;
	int i;

	for (i = 0; i < TRIES && err == ERR_DUPLICATE; i++) {
		err = begin_try(run, i, e);
		if (!err)
			err = run_once(run, e);
	}
	if (err == ERR_DUPLICATE)
		return err_set(e, ERR_UNAVAILABLE,
		    "others are changing the same values, try again later");
	if (err == ERR_WAITING)
		return err_set(e, ERR_UNAVAILABLE,
		    "stored values are being converted, try again later");
	return err;
}

static void
name_key(struct single_run *run)
{
	struct single *o = run->o;
	char who[UUID_TEXT];

	if (!o->key)
		return;
	assert(o->mode == SINGLE_CREATE);
	uuid_format(o->who, who);
	run->again.route = o->route;
	run->again.key = arena_printf(run->chunk.arena, "%s %s", who, o->key);
}

enum err_code
work_single(struct site *s, const struct db_context *ctx, struct single *o,
    struct err *e)
{
	struct applied out = {0};
	struct single_run run = {.o = o,
	    .record = {.row = 1,
	        .line = 1,
	        .has_customer = true,
	        .values = o->record->values},
	    .chunk = {.site = s,
	        .ctx = *ctx,
	        .out = &out,
	        .schema = *o->schema,
	        .workspace = o->schema->workspace,
	        .job = {.rows = 1,
	            .segment_id = SEGMENT_ALL,
	            .on_existing = EXISTING_ERROR,
	            .schema_version = o->schema->version}}};
	enum err_code err;

	assert(!db_in_transaction(s->db));
	chunk_init(&run.chunk, SINGLE_BYTES);
	/* The same in all tries, so that a COMMIT in doubt can be told. */
	if (o->mode == SINGLE_CREATE)
		rand_uuid(&o->id);
	run.record.customer = o->id;
	run.chunk.given = count_given(&run.chunk, o->record);
	uuid_format(&run.chunk.workspace, run.chunk.workspace_text);
	name_key(&run);
	err = run_all(&run, e);
	o->created &= !err && !o->again;
	if (!err && !o->again)
		o->revision = o->created ? 1 : out.revision;
	chunk_release(&run.chunk);
	return err;
}
