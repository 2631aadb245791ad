#include "work/apply.h"

#include <string.h>

#include "work/chunk.h"
#include "work/export.h"
#include "work/range.h"

#define CAREFUL_TRIES 5
#define CHUNK_BYTES 65536 /* of memory, and more as it is needed */

static enum err_code
body(struct db *db, void *arg, struct err *e)
{
	struct chunk *c = arg;
	enum err_code err;

	chunk_begin(c);
	err = job_chunk_fence(db, &c->ctx, c->claim, e);
	if (!err)
		err = job_chunk_get(c->site, &c->ctx, c->claim, &c->packed, e);
	if (!err)
		err = site_keyring(c->site, &c->ctx, &c->ring, e);
	if (!err)
		err = chunk_fields(c, e);
	if (!err)
		err = chunk_read(c, e);
	if (err)
		return err;
	if (c->job.kind == JOB_KIND_UPDATE)
		err = chunk_resolve_update(c, e);
	else if (c->careful)
		err = chunk_resolve(c, e);
	if (!err)
		err = chunk_build(c, e);
	if (!err)
		err = chunk_store(c, e);
	if (!err)
		err = job_chunk_done(c->site, &c->ctx, c->claim,
		    c->out->succeeded, c->out->failed, e);
	return err;
}

static enum err_code
done(struct db *db, void *arg, struct err *e)
{
	struct chunk *c = arg;
	enum err_code err = job_chunk_mark(db, &c->ctx, c->claim, e);

	c->doubtful = !err;
	return err;
}

/* First as if no value were taken, for that is nearly always so; if one is,
 * by looking first, again if somebody is faster still. */
static enum err_code
run(struct chunk *c, struct err *e)
{
	enum err_code err;
	int i;

	c->careful = c->job.on_existing != EXISTING_ERROR;
	err = db_transaction(c->site->db, body, done, c, e);
	for (i = 0; i < CAREFUL_TRIES && err == ERR_DUPLICATE; i++) {
		c->careful = true;
		err = db_transaction(c->site->db, body, done, c, e);
	}
	return err;
}

/* After a COMMIT that was answered by the mark alone somebody else may have
 * done the chunk: tells the new customers that are there. */
static enum err_code
read_created(struct chunk *c, struct err *e)
{
	static const struct uuid none;
	uint64_t first = c->nrows ? c->rows[0].place : 0;
	unsigned n, i;
	struct uuid *ids;
	enum err_code err;

	c->out->revision = 0;
	if (!c->nrows || c->job.kind == JOB_KIND_UPDATE)
		return ERR_OK;
	n = (unsigned)(c->rows[c->nrows - 1].place - first + 1);
	ids = arena_calloc(c->arena, n, sizeof(*ids));
	err = customer_ids(c->site->db, &c->ctx, first, n, ids, e);
	c->out->created = 0;
	for (i = 0; i < n && !err; i++)
		if (memcmp(&ids[i], &none, sizeof(none)))
			c->out->ids[c->out->created++] = ids[i];
	return err;
}

static enum err_code
load(struct chunk *c, struct err *e)
{
	struct db *db = c->site->db;
	enum err_code err;

	err = job_find(db, &c->ctx, &c->claim->job, c->arena, &c->job, e);
	if (err == ERR_NOT_FOUND)
		return err_set(e, ERR_SUPERSEDED, NULL);
	if (!err)
		err = job_check(db, &c->ctx, &c->job, &c->workspace, e);
	if (!err)
		c->ctx.user_id = c->job.user_id;
	uuid_format(&c->workspace, c->workspace_text);
	return err;
}

enum err_code
work_apply(struct site *s, const struct claim *claim, struct applied *out,
    struct err *e)
{
	struct chunk c = {.site = s,
	    .claim = claim,
	    .out = out,
	    .ctx = {.account_id = claim->account_id,
	        .workspace_id = claim->workspace_id}};
	enum err_code err;

	memset(out, 0, sizeof(*out));
	if (claim->kind == JOB_KIND_EXPORT)
		return export_apply(s, claim, out, e);
	if (job_kind_payload(claim->kind) == JOB_PAYLOAD_RANGE)
		return range_apply(s, claim, out, e);
	chunk_init(&c, CHUNK_BYTES);
	err = load(&c, e);
	if (!err)
		err = run(&c, e);
	if (!err && c.doubtful)
		err = read_created(&c, e);
	schema_release(&c.schema);
	chunk_release(&c);
	return err;
}
