#include "ingest/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/digest_set.h"
#include "ingest/existing.h"
#include "ingest/targets.h"
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

	/* Of an update. */
	struct targets *targets;
	struct buf row; /* the packed row in hand */
	uint32_t rows;
	uint8_t together[ROW_ERRORS_ROWS / 8 + 1]; /* a bit a row */
	struct pile {
		struct buf packed, subjects; /* subjects: its traces */
		uint32_t rows;
	} pile, kept; /* kept: the rows of `together` */
	bool again, stale;

	struct keyring *ring;
	bool storing;
	uint32_t chunks;
	struct mac *mac;
	uint8_t digest[MAC_LEN];
};

void
intake_renew(struct intake *in)
{
	const struct schema *s = in->o.schema;
	unsigned i;

	in->unique = arena_calloc(in->arena, s->n, sizeof(*in->unique));
	in->nunique = 0;
	for (i = 0; i < s->n; i++) {
		if (s->fields[i].unique)
			in->unique[in->nunique++] = &s->fields[i];
	}
	existing_free(&in->existing);
	targets_free(&in->targets);
	in->existing = existing_new(in->unique, in->nunique);
	if (in->o.update)
		in->targets = targets_new(in->unique, in->nunique);
}

struct intake *
intake_new(struct site *site, const struct db_context *ctx,
    const struct intake_options *options, struct row_errors *errs,
    struct arena *a)
{
	struct intake *in = calloc(1, sizeof(*in));

	if (!in)
		abort();
	in->site = site;
	in->ctx = ctx;
	in->o = *options;
	in->errs = errs;
	in->arena = a;
	in->scratch = arena_new(8192);
	intake_renew(in);
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
	targets_free(&(*in)->targets);
	buf_free(&(*in)->row);
	buf_free(&(*in)->pile.packed);
	buf_free(&(*in)->pile.subjects);
	buf_free(&(*in)->kept.packed);
	buf_free(&(*in)->kept.subjects);
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
	buf_reset(&in->pile.packed);
	buf_reset(&in->pile.subjects);
	buf_reset(&in->kept.packed);
	buf_reset(&in->kept.subjects);
	if (in->targets)
		targets_reset(in->targets);
	in->taken = 0;
	in->storing = in->o.store;
	in->again = in->stale = false;
	in->pile.rows = in->kept.rows = in->chunks = in->rows = 0;
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
 * them on to be looked for in the store. *named is the field that names the
 * customer; it becomes TARGET_UNNAMED if an earlier row has its value. */
static enum err_code
check_unique(
    struct intake *in, const struct record *r, uint16_t *named, struct err *e)
{
	const struct schema *s = in->o.schema;
	uint8_t digest[INDEX_LEN];
	uint32_t first;
	unsigned i;

	arena_reset(in->scratch);
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
		if (first && i == *named)
			*named = TARGET_UNNAMED;
	}
	return ERR_OK;
}

static enum err_code
put_chunk(struct intake *in, struct pile *p, struct err *e)
{
	enum err_code code = ERR_OK;

	trace_sort(&p->subjects);
	if (in->storing && p->rows)
		code = job_chunk_put(in->site, in->ctx, &in->o.job, in->chunks,
		    p->rows, &p->packed, &p->subjects, e);
	in->chunks += p->rows > 0;
	p->rows = 0;
	buf_reset(&p->packed);
	buf_reset(&p->subjects);
	return code;
}

/* Ends a chunk that has enough. */
static enum err_code
cut_chunk(struct intake *in, struct err *e)
{
	if (in->errs->total)
		in->storing = false;
	if (in->pile.rows == in->site->conf->worker_chunk_rows ||
	    in->pile.packed.len >= INTAKE_CHUNK_BYTES)
		return put_chunk(in, &in->pile, e);
	if (!in->storing)
		buf_reset(&in->pile.packed);
	return ERR_OK;
}

static void
add_content(struct intake *in, const char *packed, size_t n)
{
	if (in->o.digest)
		mac_add(in->mac, packed + PACKED_PLACE, n - PACKED_PLACE);
}

/* Packs a record behind the others of its chunk, for the store and for the
 * digest alike. */
static enum err_code
pack(struct intake *in, const struct record *r, struct err *e)
{
	size_t from = in->pile.packed.len;

	record_pack(&in->pile.packed, in->o.schema, r);
	add_content(
	    in, in->pile.packed.data + from, in->pile.packed.len - from);
	in->pile.rows++;
	if (in->storing)
		trace_add_record(&in->pile.subjects, in->ctx, in->ring,
		    in->o.schema, in->scratch, r);
	return cut_chunk(in, e);
}

/* Whether the customer has one of the revisions that are asked for; *out is
 * the one that it has. */
static enum err_code
check_revision(
    struct intake *in, const char *packed, uint32_t *out, struct err *e)
{
	const struct precondition *c = in->o.condition;
	struct uuid id;
	enum err_code code;

	record_pointed(packed, &id);
	code = customer_revision(in->site->db, in->ctx, &id, out, e);
	if (code == ERR_NOT_FOUND) {
		in->stale = true;
		return ERR_OK;
	}
	in->stale = !precondition_holds(c, *out);
	return code;
}

/* Adds what a packed row is about to its pile. */
static enum err_code
trace_packed(struct intake *in, struct pile *p, const char *packed, size_t n,
    struct err *e)
{
	const uint8_t *at = (const uint8_t *)packed;
	struct record r;

	arena_reset(in->scratch);
	if (!record_unpack(&at, at + n, in->o.schema, in->scratch, &r))
		return err_fault(e, ERR_INTERNAL, "a packed row is damaged");
	trace_add_record(
	    &p->subjects, in->ctx, in->ring, in->o.schema, in->scratch, &r);
	return ERR_OK;
}

/* Takes a packed row of an update, whose customer is known by now. */
static enum err_code
put_row(void *arg, uint32_t row, char *packed, size_t n, struct err *e)
{
	struct intake *in = arg;
	bool keep = in->together[row / 8] >> (row % 8) & 1;
	struct pile *p = keep ? &in->kept : &in->pile;
	uint32_t revision = 0;
	enum err_code code = ERR_OK;

	if (in->o.condition && !in->o.condition->any)
		code = check_revision(in, packed, &revision, e);
	if (code)
		return code;
	if (revision)
		record_revise(packed, revision);
	buf_add(&p->packed, packed, n);
	p->rows++;
	if (in->storing)
		code = trace_packed(in, p, packed, n, e);
	if (code)
		return code;
	if (!keep)
		return cut_chunk(in, e);
	if (p->packed.len > INTAKE_CHUNK_BYTES)
		return err_set(e, ERR_BAD_REQUEST,
		    "the rows that take unique values from each other are too "
		    "many to change at once: send them in several updates");
	return ERR_OK;
}

static enum err_code
look(struct intake *in, struct err *e)
{
	unsigned found;
	enum err_code code;

	if (in->targets)
		code = targets_look(in->targets, in->existing, in->site->db,
		    in->ctx, in->o.segment_id, in->errs, in->arena, &found,
		    put_row, in, e);
	else
		code = existing_look(in->existing, in->site->db, in->ctx,
		    in->o.on_existing, in->errs, in->arena, &found, e);
	if (!code)
		in->taken += found;
	return code;
}

/* The place among the unique fields of the one that names the customer. */
static uint16_t
naming(const struct intake *in, const struct record *r)
{
	unsigned i;

	if (!r->has_customer)
		return TARGET_UNNAMED;
	for (i = 0; i < in->nunique && r->matched; i++)
		if (in->unique[i]->id == r->matched)
			return (uint16_t)i;
	return TARGET_BY_ID;
}

/* A row of an update waits, packed, for its customer to be found. */
static enum err_code
add_target(struct intake *in, struct record *r, bool right, struct err *e)
{
	uint16_t named = naming(in, r);
	enum err_code code = check_unique(in, r, &named, e);
	unsigned i;

	if (!code && in->o.condition && in->rows++)
		return err_set(e, ERR_BAD_REQUEST,
		    "If-Match goes with the change of one customer");
	if (code)
		return code;
	buf_reset(&in->row);
	r->revision = in->o.condition && !in->o.condition->any;
	if (right)
		record_pack(&in->row, in->o.schema, r);
	if (right)
		add_content(in, in->row.data, in->row.len);
	if (named == TARGET_UNNAMED)
		buf_reset(&in->row);
	targets_add(in->targets, r, named, in->row.data, in->row.len);
	for (i = 0; i < in->nunique; i++)
		if (i != named &&
		    r->values[in->unique[i] - in->o.schema->fields].json)
			targets_says(in->targets, i);
	return ERR_OK;
}

enum err_code
intake_add(struct intake *in, struct record *r, bool right, struct err *e)
{
	uint16_t named = TARGET_UNNAMED;
	enum err_code code;

	existing_row(in->existing, r->row, r->line);
	code = in->targets ? add_target(in, r, right, e)
	                   : check_unique(in, r, &named, e);
	if (!code && existing_full(in->existing))
		code = look(in, e);
	if (!code && right && !in->targets)
		code = pack(in, r, e);
	return code;
}

/* Judges the rows of an update together. Those that hand values to each other
 * stay together: in the one chunk, or else from the next time on. */
static void
judge(struct intake *in)
{
	unsigned taken;
	uint32_t row;

	targets_judge(in->targets, in->errs, in->arena, &taken);
	in->taken += taken;
	if (in->chunks + (in->pile.rows > 0) + (in->kept.rows > 0) < 2)
		return;
	for (row = 1; row <= ROW_ERRORS_ROWS; row++) {
		uint8_t bit = (uint8_t)(1u << (row % 8));

		if (!targets_connected(in->targets, row) ||
		    in->together[row / 8] & bit)
			continue;
		in->together[row / 8] |= bit;
		in->again = true;
	}
}

enum err_code
intake_end(struct intake *in, struct err *e)
{
	enum err_code code = look(in, e);

	if (!code && in->targets)
		judge(in);
	if (in->errs->total)
		in->storing = false;
	if (!code)
		code = put_chunk(in, &in->pile, e);
	if (!code)
		code = put_chunk(in, &in->kept, e);
	mac_finish(in->mac, in->digest);
	return code;
}

bool
intake_again(const struct intake *in)
{
	return in->again;
}

bool
intake_stale(const struct intake *in)
{
	return in->stale;
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
