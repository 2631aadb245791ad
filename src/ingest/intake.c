#include "ingest/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/digest_set.h"
#include "ingest/existing.h"
#include "model/trace.h"

/* A record's packed form begins with its row and line, which are not of its
 * content (model/record.h). */
#define PACKED_PLACE 8

struct intake {
	struct site *site;
	const struct db_context *ctx;
	struct intake_options o;
	struct row_errors *errs;
	struct arena *arena, *scratch;

	const struct field **unique; /* the schema's unique fields */
	unsigned nunique;
	struct digest_set seen;
	struct existing *existing;
	unsigned taken; /* errors that existing has found */

	struct keyring *ring;
	bool storing;
	struct buf chunk, subjects; /* subjects: traces of its records */
	uint32_t chunk_rows, chunks;
	struct mac *mac;
	uint8_t digest[MAC_LEN];
};

struct intake *
intake_new(struct site *site, const struct db_context *ctx,
    const struct intake_options *options, struct row_errors *errs,
    struct arena *a)
{
	struct intake *in = calloc(1, sizeof(*in));
	unsigned i;

	if (!in)
		abort();
	in->site = site;
	in->ctx = ctx;
	in->o = *options;
	in->errs = errs;
	in->arena = a;
	in->scratch = arena_new(8192);
	in->unique = arena_calloc(a, options->schema->n, sizeof(*in->unique));
	for (i = 0; i < options->schema->n; i++) {
		if (options->schema->fields[i].unique)
			in->unique[in->nunique++] = &options->schema->fields[i];
	}
	in->existing = existing_new(in->unique, in->nunique);
	/* Only gathers: what is kept is a digest of this one under a key of
	 * the account's. */
	in->mac = mac_new("coffer content v1", 17);
	return in;
}

void
intake_free(struct intake **in)
{
	if (!*in)
		return;
	digest_set_free(&(*in)->seen);
	existing_free(&(*in)->existing);
	mac_free(&(*in)->mac);
	buf_free(&(*in)->chunk);
	buf_free(&(*in)->subjects);
	arena_free(&(*in)->scratch);
	free(*in);
	*in = NULL;
}

/* The account's key epoch is locked until the transaction ends, so that the
 * ring stays what it is. */
enum err_code
intake_start(struct intake *in, struct err *e)
{
	memset(in->errs, 0, sizeof(*in->errs));
	digest_set_free(&in->seen);
	existing_reset(in->existing);
	mac_reset(in->mac);
	buf_reset(&in->chunk);
	buf_reset(&in->subjects);
	in->taken = 0;
	in->storing = in->o.store;
	in->chunk_rows = in->chunks = 0;
	return site_keyring(in->site, in->ctx, &in->ring, e);
}

static void
add_duplicate(struct intake *in, const struct record *r, const struct field *f,
    uint32_t first)
{
	struct cell_error ce = {.code = ROW_DUPLICATE};

	snprintf(ce.text, sizeof(ce.text), "row %u has the same value", first);
	row_errors_add(in->errs, in->arena, r->row, r->line, f->name, &ce);
}

/* Looks for the values that must be unique among the rows before, and hands
 * them on to be looked for in the store. */
static enum err_code
check_unique(struct intake *in, const struct record *r, struct err *e)
{
	const struct schema *s = in->o.schema;
	uint8_t digest[INDEX_LEN];
	uint32_t first;
	unsigned i;

	arena_reset(in->scratch);
	existing_row(in->existing, r->row, r->line);
	for (i = 0; i < in->nunique; i++) {
		const struct field *f = in->unique[i];
		const struct value *v = &r->values[f - s->fields];

		if (!v->json || value_is_null(v))
			continue;
		field_digest(f, in->scratch, in->ring, &in->o.workspace,
		    v->json, v->n, digest);
		first = digest_set_add(&in->seen, (uint16_t)i, digest, r->row);
		if (first == DIGEST_SET_FULL)
			return err_set(e, ERR_BAD_REQUEST,
			    "more than %d values of unique fields: send the "
			    "rows in several uploads",
			    DIGEST_SET_MAX);
		if (first)
			add_duplicate(in, r, f, first);
		else
			existing_value(in->existing, i, digest);
	}
	return ERR_OK;
}

static enum err_code
look(struct intake *in, struct err *e)
{
	unsigned found;
	enum err_code code = existing_look(in->existing, in->site->db, in->ctx,
	    in->o.on_existing, in->errs, in->arena, &found, e);

	if (!code)
		in->taken += found;
	return code;
}

static enum err_code
put_chunk(struct intake *in, struct err *e)
{
	enum err_code code = ERR_OK;

	trace_sort(&in->subjects);
	if (in->storing && in->chunk_rows)
		code = job_chunk_put(in->site, in->ctx, &in->o.job, in->chunks,
		    in->chunk_rows, &in->chunk, &in->subjects, e);
	in->chunks += in->chunk_rows > 0;
	in->chunk_rows = 0;
	buf_reset(&in->chunk);
	buf_reset(&in->subjects);
	return code;
}

/* Packs a record behind the others of its chunk, for the store and for the
 * digest alike. */
static enum err_code
pack(struct intake *in, const struct record *r, struct err *e)
{
	size_t from = in->chunk.len;

	record_pack(&in->chunk, in->o.schema, r);
	if (in->o.digest)
		mac_add(in->mac, in->chunk.data + from + PACKED_PLACE,
		    in->chunk.len - from - PACKED_PLACE);
	in->chunk_rows++;
	if (in->errs->total)
		in->storing = false;
	if (in->storing)
		trace_add_record(&in->subjects, in->ctx, in->ring, in->o.schema,
		    in->scratch, r);
	if (in->chunk_rows == in->site->conf->worker_chunk_rows ||
	    in->chunk.len >= INTAKE_CHUNK_BYTES)
		return put_chunk(in, e);
	if (!in->storing)
		buf_reset(&in->chunk);
	return ERR_OK;
}

enum err_code
intake_add(struct intake *in, const struct record *r, bool right, struct err *e)
{
	enum err_code code = check_unique(in, r, e);

	if (!code && existing_full(in->existing))
		code = look(in, e);
	if (!code && right)
		code = pack(in, r, e);
	return code;
}

enum err_code
intake_end(struct intake *in, struct err *e)
{
	enum err_code code = look(in, e);

	if (in->errs->total)
		in->storing = false;
	if (!code)
		code = put_chunk(in, e);
	mac_finish(in->mac, in->digest);
	return code;
}

uint32_t
intake_chunks(const struct intake *in)
{
	return in->chunks;
}

bool
intake_only_existing(const struct intake *in)
{
	return in->errs->total == in->taken;
}

const uint8_t *
intake_digest(const struct intake *in)
{
	return in->digest;
}
