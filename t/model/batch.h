/* What tests of jobs share: fields, a group, and uploads of rows of text, cut
 * into chunks and queued. Workspace one; a row is "email|username|name|tier",
 * where an empty cell is not given and "null" clears. */
#ifndef COFFER_T_MODEL_BATCH_H
#define COFFER_T_MODEL_BATCH_H

#include "base/json.h"
#include "model/field.h"
#include "model/job.h"
#include "model/record.h"
#include "model/segment.h"
#include "model/trace.h"
#include "tenant.h"

#define CELLS 4

static struct arena *arena;
static struct segment group;
static struct schema schema;

static const char *const batch_fields[CELLS] = {
    "{\"field_name\":\"email\",\"display_name\":\"E-mail\","
    "\"field_type\":\"string\",\"pii\":true,\"unique\":true}",
    "{\"field_name\":\"username\",\"display_name\":\"User name\","
    "\"field_type\":\"string\",\"unique\":true}",
    "{\"field_name\":\"name\",\"display_name\":\"Name\","
    "\"field_type\":\"string\",\"pii\":true}",
    "{\"field_name\":\"tier\",\"display_name\":\"Tier\","
    "\"field_type\":\"string\"}"};
static const char *const batch_names[CELLS] = {
    "email", "username", "name", "tier"};

__attribute__((unused)) static void
batch_begin(void)
{
	static const uint8_t seed[32] = {3, 1, 4, 1, 5, 9};
	struct field f;
	json_t *v;
	int i;

	json_setup(seed);
	tenant_begin();
	arena = arena_new(65536);
	for (i = 0; i < CELLS; i++) {
		must(json_read_mem(
		         batch_fields[i], strlen(batch_fields[i]), &v, &e),
		    "parse");
		must(field_from_definition(v, arena, &f, &e), "define");
		must(field_create(site.db, &one, &f, &e), "field");
		json_decref(v);
	}
	must(schema_load(site.db, &one, arena, &schema, &e), "schema");
	must(
	    segment_create(site.db, &one, "g", "G", NULL, &group, &e), "group");
	server.conf.worker_backoff = 20;
	server.conf.worker_backoff_max = 40;
	server.conf.worker_attempts = 3;
}

__attribute__((unused)) static int
batch_end(void)
{
	schema_release(&schema);
	arena_free(&arena);
	return tenant_end();
}

/* Fills a record of a row's text; values live in the arena. */
__attribute__((unused)) static struct record
batch_record(const char *text, uint32_t row)
{
	struct record r = {.row = row, .line = row + 1};
	struct cell_error ce;
	const char *p = text;
	int i;

	r.values = arena_calloc(arena, schema.n, sizeof(*r.values));
	for (i = 0; i < CELLS; i++) {
		const char *name = batch_names[i];
		struct field *f = schema_find(&schema, name, strlen(name));
		struct value *v = &r.values[f - schema.fields];
		size_t n = strcspn(p, "|");
		struct buf json = {0};

		if (n == 4 && !memcmp(p, "null", 4))
			buf_adds(&json, "null");
		else if (n && !field_from_text(f, arena, p, n, &json, &ce))
			abort();
		if (json.len)
			v->json = arena_strndup(arena, json.data, json.len);
		v->n = (uint32_t)json.len;
		buf_free(&json);
		p += n + (p[n] == '|');
	}
	return r;
}

struct batch {
	struct job job;
	const char *const *rows;
	unsigned n, per_chunk;
	const char *owner;
};

static enum err_code
batch_body(struct db *db, void *arg, struct err *err)
{
	struct batch *b = arg;
	unsigned i, chunks = 0;
	struct buf packed = {0}, subjects = {0};
	struct keyring *ring;
	enum err_code rc = ERR_OK;

	(void)db;
	rc = site_keyring(&site, &one, &ring, err);
	for (i = 0; i < b->n && !rc; i++) {
		struct record r = batch_record(b->rows[i], i + 1);

		record_pack(&packed, &schema, &r);
		trace_add_record(&subjects, &one, ring, &schema, arena, &r);
		if ((i + 1) % b->per_chunk && i + 1 < b->n)
			continue;
		trace_sort(&subjects);
		rc = job_chunk_put(&site, &one, &b->job.uuid, chunks++,
		    b->per_chunk, &packed, &subjects, err);
		buf_reset(&packed);
		buf_reset(&subjects);
	}
	buf_free(&packed);
	buf_free(&subjects);
	if (rc)
		return rc;
	return job_enqueue(&site, &one, &b->job, chunks, b->owner, err);
}

/* Queues rows, `per_chunk` in each chunk. */
__attribute__((unused)) static void
batch_queue(struct batch *b, uint32_t segment_id, enum on_existing existing)
{
	rand_uuid(&b->job.uuid);
	b->job.kind = JOB_KIND_UPLOAD;
	b->job.segment_id = segment_id;
	b->job.on_existing = existing;
	b->job.columns = "[\"email\",\"username\",\"name\",\"tier\"]";
	b->job.rows = b->n;
	must(db_transaction(site.db, batch_body, NULL, b, &e), "queue");
}

/* Reads the job again. */
__attribute__((unused)) static void
batch_read(struct batch *b)
{
	struct uuid id = b->job.uuid;

	must(job_find(site.db, &one, &id, arena, &b->job, &e), "job");
}

#endif
