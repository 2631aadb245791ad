#include "ingest/upload.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "ingest/answer.h"
#include "ingest/csv.h"
#include "ingest/intake.h"
#include "ingest/rows.h"
#include "vault/rand.h"

/* The answers that are kept under an Idempotency-Key, by HTTP status. */
enum { DONE = 200, QUEUED = 202 };

/* How often a transaction is begun because rows that hand unique values to each
 * other turn out to be in several chunks: once, but for a store that moves. */
#define PASSES_MAX 5

/* What one run has; the transaction may go through it several times. */
struct upload_run {
	struct site *site;
	const struct db_context *ctx;
	struct upload *u;
	struct arena *arena;
	struct row_errors *errs;
	struct rows rows;
	struct intake *intake;
	bool again; /* rows that must stay together were not */
	enum { NEW, REPEATED, RACED } found; /* under the key */
};

static enum err_code
add_row(struct upload_run *run, bool right, struct err *e)
{
	run->u->job.rows = run->rows.record.row;
	return intake_add(run->intake, &run->rows.record, right, e);
}

static enum err_code
too_many_rows(const struct conf *c, struct err *e)
{
	return err_set(e, ERR_TOO_MANY_ROWS,
	    "File cannot be larger than %lld rows", (long long)c->limits_rows);
}

static enum err_code
read_header(struct upload_run *run, struct csv *csv, struct err *e)
{
	const struct csv_row *row;
	enum err_code code = csv_next(csv, &row, e);

	if (code)
		return code;
	if (!row)
		return err_set(e, ERR_BAD_REQUEST,
		    "the file is empty: a row of column names is needed");
	if (!rows_header(&run->rows, row))
		return err_set(e, ERR_INVALID, NULL);
	return ERR_OK;
}

static enum err_code
read_csv(struct upload_run *run, struct csv *csv, struct err *e)
{
	enum err_code code = read_header(run, csv, e);
	const struct csv_row *row;

	while (!code) {
		code = csv_next(csv, &row, e);
		if (code || !row)
			break;
		code = add_row(run, rows_from_csv(&run->rows, row), e);
	}
	return code;
}

static enum err_code
read_file(struct upload_run *run, struct err *e)
{
	const struct conf *c = run->site->conf;
	const struct csv_limits limits = {
	    .cell_bytes = (size_t)c->limits_cell_bytes,
	    .row_bytes = (size_t)c->limits_row_bytes,
	    .rows = (uint32_t)c->limits_rows};
	struct csv *csv = csv_open(spool_read, run->u->file, &limits);
	enum err_code code;

	spool_rewind(run->u->file);
	code = read_csv(run, csv, e);
	csv_close(&csv);
	return code;
}

static enum err_code
read_data(struct upload_run *run, struct err *e)
{
	const json_t *data = run->u->data;
	enum err_code code = ERR_OK;
	size_t i, n;

	if (!json_is_array(data))
		return add_row(run, rows_from_json(&run->rows, data, 1), e);
	n = json_array_size(data);
	if (n > (size_t)run->site->conf->limits_rows)
		return too_many_rows(run->site->conf, e);
	for (i = 0; i < n && !code; i++)
		code = add_row(run,
		    rows_from_json(
		        &run->rows, json_array_get(data, i), (uint32_t)i + 1),
		    e);
	return code;
}

/* Keeps keys and fields as they are until the transaction ends (the account's
 * row first, as always); whoever changes them waits, so that fields that are
 * loaded anew here are not stale at once. */
static enum err_code
hold_fields(struct db *db, struct upload_run *run, struct err *e)
{
	struct schema *s = run->u->schema;
	struct keyring *ring;
	enum err_code code = site_keyring(run->site, run->ctx, &ring, e);

	if (!code)
		code = schema_hold(db, run->ctx, s, e);
	if (code != ERR_SUPERSEDED)
		return code;
	code = schema_reload(db, run->ctx, run->arena, s, e);
	intake_renew(run->intake);
	if (!code && schema_is_empty(s))
		return err_set(e, ERR_NO_WORKSPACE, NULL);
	return code;
}

static enum err_code
find_match(struct upload_run *run, struct err *e)
{
	const char *name = run->u->match_by;
	const struct field *f = NULL;

	if (name)
		f = schema_find(run->u->schema, name, strlen(name));
	run->rows.match = f;
	if (!name || (f && f->unique))
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "match_by must be a unique field of the workspace: %.*s is none",
	    (int)utf8_cut(name, strnlen(name, 200)), name);
}

static enum err_code
read_rows(struct upload_run *run, struct err *e)
{
	const struct conf *c = run->site->conf;
	enum err_code code;

	rows_init(&run->rows, run->u->schema, run->arena, run->errs,
	    (size_t)c->limits_cell_bytes, (size_t)c->limits_row_bytes);
	run->rows.update = run->u->kind == JOB_KIND_UPDATE;
	run->rows.nulls =
	    run->rows.update || run->u->on_existing == EXISTING_UPDATE;
	run->u->job.rows = 0;
	code = find_match(run, e);
	if (!code)
		code = intake_start(run->intake, e);
	if (!code)
		code = run->u->file ? read_file(run, e) : read_data(run, e);
	if (!code && !run->u->job.rows)
		code = err_set(e, ERR_BAD_REQUEST, "there are no rows");
	if (!code)
		code = intake_end(run->intake, e);
	return code;
}

/* The digest of all that makes two uploads the same one. */
static enum err_code
digest_content(struct upload_run *run, struct err *e)
{
	struct upload *u = run->u;
	struct keyring *k;
	struct mac *m;
	const struct precondition *c = u->condition;
	uint8_t options[12] = {0};
	enum err_code code = site_keyring(run->site, run->ctx, &k, e);

	if (code)
		return code;
	put_u32(options, u->segment_id);
	options[4] = u->validate_only;
	options[5] = (uint8_t)u->on_existing;
	put_u32(options + 6, run->rows.match ? run->rows.match->id : 0);
	options[10] = c ? (uint8_t)(1 + c->any) : 0;
	options[11] = c ? (uint8_t)c->n : 0;
	m = keyring_rest_mac(k, REST_IDEMPOTENCY);
	mac_reset(m);
	mac_add_part(m, u->workspace.b, UUID_LEN);
	mac_add_part(m, options, sizeof(options));
	mac_add_part(m, c ? c->list : NULL, c ? c->n * sizeof(c->list[0]) : 0);
	mac_add_part(m, intake_digest(run->intake), MAC_LEN);
	mac_finish(m, u->again.content);
	return ERR_OK;
}

/* Looks for the first answer of the key. An upload that was done before finds
 * its own values in the store: that alone does not make it another one. */
static enum err_code
find_answer(struct upload_run *run, struct err *e)
{
	struct upload *u = run->u;
	enum err_code code;

	if (!u->again.key || !intake_only_existing(run->intake))
		return ERR_OK;
	code = digest_content(run, e);
	if (code)
		return code;
	code = idempotency_find(
	    run->site, run->ctx, &u->again, &u->status, &u->answer, e);
	if (code == ERR_NOT_FOUND)
		return ERR_OK;
	if (code)
		return code;
	run->found = REPEATED;
	return err_set(e, ERR_DUPLICATE, NULL);
}

static enum err_code
keep_answer(struct upload_run *run, struct err *e)
{
	struct upload *u = run->u;
	enum err_code code;

	if (!u->again.key || (u->condition && !u->validate_only))
		return ERR_OK;
	code = idempotency_keep(
	    run->site, run->ctx, &u->again, true, u->status, &u->answer, e);
	if (code == ERR_DUPLICATE)
		run->found = RACED;
	return code;
}

/* What fits in one chunk and is small is the caller's to apply. */
static void
claim(struct upload_run *run)
{
	struct upload *u = run->u;

	u->claimed = u->condition ||
	             (u->job.rows <= run->site->conf->limits_inline_rows &&
	                 intake_chunks(run->intake) == 1);
	if (!u->claimed)
		return;
	u->claim = (struct claim){.account_id = run->ctx->account_id,
	    .workspace_id = run->ctx->workspace_id,
	    .kind = u->kind,
	    .job = u->job.uuid,
	    .n = 0,
	    .attempt = 1};
	job_owner(u->claim.owner);
}

static enum err_code
enqueue(struct upload_run *run, struct err *e)
{
	struct upload *u = run->u;
	struct buf names = {0};
	enum err_code code;

	rows_names(&run->rows, &names);
	u->job.columns = arena_strndup(run->arena, names.data, names.len);
	buf_free(&names);
	u->job.kind = u->kind;
	u->job.schema_version = u->schema->version;
	u->job.segment_id = u->segment_id;
	u->job.on_existing = u->on_existing;
	claim(run);
	code = job_enqueue(run->site, run->ctx, &u->job,
	    intake_chunks(run->intake), u->claimed ? u->claim.owner : NULL, e);
	if (!code)
		answer_queued(&u->answer,
		    job_id(
		        run->site->conf, u->account_code, &u->job, run->arena),
		    u->job.rows);
	return code;
}

/* Stores what is right and answers. */
static enum err_code
accept(struct upload_run *run, struct err *e)
{
	struct upload *u = run->u;
	enum err_code code = ERR_OK;

	u->status = u->validate_only ? DONE : QUEUED;
	if (u->validate_only)
		answer_clean(&u->answer, u->job.rows);
	else
		code = enqueue(run, e);
	if (!code)
		code = keep_answer(run, e);
	return code;
}

static enum err_code
body(struct db *db, void *arg, struct err *e)
{
	struct upload_run *run = arg;
	enum err_code code;

	buf_reset(&run->u->answer);
	run->found = NEW;
	run->again = false;
	run->rows = (struct rows){.schema = NULL};
	code = hold_fields(db, run, e);
	if (!code)
		code = read_rows(run, e);
	if (!code)
		code = find_answer(run, e);
	if (!code && run->errs->total)
		code = err_set(e, ERR_INVALID, NULL);
	if (!code && intake_stale(run->intake))
		code = err_set(e, ERR_PRECONDITION, NULL);
	run->again = !code && intake_again(run->intake);
	if (run->again)
		code = err_fault(e, ERR_CONFLICT, "rows belong together");
	if (!code)
		code = accept(run, e);
	rows_free(&run->rows);
	return code;
}

/* A COMMIT in doubt: is the job there? Without one the kept answer was all
 * that there was to store. */
static enum err_code
done(struct db *db, void *arg, struct err *e)
{
	struct upload_run *run = arg;
	struct upload *u = run->u;
	struct job job;
	struct buf kept = {0};
	enum err_code code = ERR_OK;
	int status;

	if (!u->validate_only)
		return job_find(
		    db, run->ctx, &u->job.uuid, run->arena, &job, e);
	if (u->again.key)
		code = idempotency_find(
		    run->site, run->ctx, &u->again, &status, &kept, e);
	buf_free(&kept);
	return code;
}

/* Another request with the same key was faster: its answer is ours. */
static enum err_code
take_other(struct upload_run *run, struct err *e)
{
	struct upload *u = run->u;
	enum err_code code;

	buf_reset(&u->answer);
	code = idempotency_find(
	    run->site, run->ctx, &u->again, &u->status, &u->answer, e);
	if (code == ERR_NOT_FOUND)
		return err_set(e, ERR_CONFLICT,
		    "another request uses this Idempotency-Key now");
	return code;
}

static enum err_code
conclude(struct upload_run *run, enum err_code code, struct err *e)
{
	struct upload *u = run->u;

	if (code)
		u->claimed = false;
	if (code == ERR_DUPLICATE && run->found == REPEATED)
		return ERR_OK;
	if (code == ERR_DUPLICATE && run->found == RACED)
		return take_other(run, e);
	if (code == ERR_INVALID) {
		u->status = err_status(code);
		answer_invalid(&u->answer, u->job.rows, run->errs);
	}
	return code;
}

static enum err_code
run_passes(struct upload_run *run, struct err *e)
{
	enum err_code code = ERR_OK;
	int i;

	for (i = 0; i < PASSES_MAX; i++) {
		code = db_transaction(run->site->db, body, done, run, e);
		if (!code || !run->again)
			break;
	}
	if (code && run->again)
		code = err_fault(e, ERR_RETRY, "values move too fast");
	return conclude(run, code, e);
}

enum err_code
upload_run(struct site *site, const struct db_context *ctx, struct upload *u,
    struct arena *a, struct err *e)
{
	struct upload_run run = {.site = site, .ctx = ctx, .u = u, .arena = a};
	struct intake_options options = {.schema = u->schema,
	    .workspace = u->workspace,
	    .on_existing = u->on_existing,
	    .update = u->kind == JOB_KIND_UPDATE,
	    .segment_id = u->segment_id,
	    .condition = u->condition,
	    .store = !u->validate_only,
	    .digest = u->again.key != NULL};
	enum err_code code;

	assert(!schema_is_empty(u->schema) && !u->file == !!u->data);
	assert(u->kind == JOB_KIND_UPDATE || (!u->match_by && !u->condition));
	rand_uuid(&u->job.uuid);
	options.job = u->job.uuid;
	run.errs = arena_alloc(a, sizeof(*run.errs));
	run.intake = intake_new(site, ctx, &options, run.errs, a);
	code = run_passes(&run, e);
	intake_free(&run.intake);
	return code;
}

enum err_code
upload_completed(struct site *site, const struct db_context *ctx,
    struct upload *u, const struct uuid *ids, uint32_t n, struct arena *a,
    struct err *e)
{
	assert(u->claimed);
	buf_reset(&u->answer);
	answer_completed(&u->answer,
	    job_id(site->conf, u->account_code, &u->job, a), u->job.rows, ids,
	    n);
	u->status = DONE;
	if (!u->again.key)
		return ERR_OK;
	return idempotency_complete(site, ctx, &u->again, u->condition != NULL,
	    u->status, &u->answer, ids, n, e);
}

void
upload_free(struct upload *u)
{
	buf_free(&u->answer);
}
