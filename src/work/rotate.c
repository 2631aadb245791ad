/* Chunks of a rotation: model/rotate.h. */
#include "model/rotate.h"

#include "model/customer.h"
#include "model/key_use.h"
#include "model/profile.h"
#include "work/range.h"

struct work {
	struct range *r;
	struct rotate_task task;
	struct keyring *ring;
	struct schema schema;
	char workspace[UUID_TEXT];
	struct customer *list;
	unsigned n;
	struct buf stored, sealed, keys;
};

static enum err_code
load(struct work *w, struct err *e)
{
	struct range *r = w->r;
	unsigned max = r->job.step;
	enum err_code rc;

	if (!rotate_task_parse(r->job.detail, &w->task))
		return err_fault(e, ERR_INTERNAL, "a rotation without a step");
	uuid_format(&r->workspace, w->workspace);
	rc = site_keyring(r->site, &r->ctx, &w->ring, e);
	if (!rc)
		rc = schema_load(r->site->db, &r->ctx, r->arena, &w->schema, e);
	if (rc || w->task.step == ROTATE_DROP)
		return rc;
	w->list = arena_calloc(r->arena, max, sizeof(*w->list));
	return customer_read_range(r->site->db, &r->ctx, r->first, r->end, max,
	    w->list, &w->n, &w->stored, e);
}

static void
release(struct work *w)
{
	schema_release(&w->schema);
	buf_free(&w->stored);
	buf_free(&w->sealed);
	buf_free(&w->keys);
}

/* Seals what is not under the current version; updated_at stays. */
static enum err_code
seal_all(struct work *w, struct err *e)
{
	struct range *r = w->r;
	struct record nothing = {.values = arena_calloc(r->arena, w->schema.n,
	                             sizeof(*nothing.values))};
	uint32_t version = keyring_version(w->ring);
	unsigned i, n = 0;
	enum err_code rc = ERR_OK;

	for (i = 0; i < w->n && !rc; i++) {
		if (w->list[i].key_version == version)
			continue;
		w->list[n] = w->list[i];
		rc = customer_remake(&w->sealed, &w->schema, &w->stored,
		    &w->list[n++], &nothing, w->ring, e);
	}
	if (!rc)
		rc = customer_rewrite(
		    r->site->db, &r->ctx, w->list, n, &w->sealed, e);
	if (!rc && n)
		rc = key_use_add(r->site, &r->ctx, KEY_DATA, version,
		    aead_take_count(keyring_data(w->ring, version)), e);
	return rc;
}

/* Gathers the digests of a customer's unique values under the new key. */
static enum err_code
digest(struct work *w, const struct customer *c, struct arena *a, struct err *e)
{
	struct customer_key key = {.seq = c->seq, .version = w->task.version};
	struct profile_owner owner = {.ring = w->ring,
	    .workspace = w->workspace,
	    .key_version = c->key_version,
	    .layout = c->layout};
	char id[UUID_TEXT];
	struct record record;
	enum err_code rc;
	unsigned i;

	uuid_format(&c->uuid, id);
	owner.customer = id;
	rc = profile_open(
	    &owner, &w->schema, w->stored.data + c->at, c->n, a, &record, e);
	for (i = 0; i < w->schema.n && !rc; i++) {
		const struct field *f = &w->schema.fields[i];
		const struct value *v = &record.values[i];

		if (!f->unique || !v->json)
			continue;
		key.field_id = field_unique_id(f);
		field_digest_at(f, a, w->ring, w->task.version,
		    &w->r->workspace, v->json, v->n, key.digest);
		buf_add(&w->keys, &key, sizeof(key));
	}
	return rc;
}

static enum err_code
fill(struct work *w, struct err *e)
{
	struct range *r = w->r;
	struct arena *a = arena_new(16384);
	enum err_code rc = ERR_OK;
	unsigned i;

	for (i = 0; i < w->n && !rc; i++) {
		arena_reset(a);
		rc = digest(w, &w->list[i], a, e);
	}
	arena_free(&a);
	if (rc)
		return rc;
	return rotate_digests(r->site->db, &r->ctx, (const void *)w->keys.data,
	    (unsigned)(w->keys.len / sizeof(struct customer_key)), e);
}

/* JOB_KIND_ROTATE and JOB_KIND_REINDEX. */
enum err_code
rotate_body(struct range *r, struct err *e)
{
	struct work w = {.r = r};
	enum err_code rc = load(&w, e);

	if (!rc && w.task.step == ROTATE_SEAL)
		rc = seal_all(&w, e);
	else if (!rc && w.task.step == ROTATE_FILL)
		rc = fill(&w, e);
	else if (!rc)
		rc = rotate_drop(
		    r->site->db, &r->ctx, r->first, r->end, w.task.version, e);
	r->succeeded = w.n;
	release(&w);
	return rc;
}

enum err_code
rotate_finish(struct range *r, struct err *e)
{
	struct rotate_task task;

	if (!rotate_task_parse(r->job.detail, &task))
		return err_fault(e, ERR_INTERNAL, "a rotation without a step");
	return rotate_follow(r->site, &r->ctx, &task, e);
}
