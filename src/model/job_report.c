#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "model/job.h"
#include "model/job_seal.h"
#include "model/rows.h"
#include "model/trace.h"

/* Says whom a kept row is about, so that deletion finds it. */
static enum err_code
put_traces(struct site *s, const struct db_context *ctx, const struct claim *c,
    const struct schema *schema, const struct record *r, int64_t expires_at,
    struct err *e)
{
	uint8_t ref[UUID_LEN + 4];
	struct buf traces = {0};
	struct arena *a;
	struct keyring *k;
	enum err_code err = site_keyring(s, ctx, &k, e);

	if (err)
		return err;
	a = arena_new(1024);
	memcpy(ref, c->job.b, UUID_LEN);
	put_u32(ref + UUID_LEN, r->row);
	trace_add_record(&traces, ctx, k, schema, a, r);
	trace_sort(&traces);
	err = trace_put(
	    s->db, ctx, TRACE_ERROR, &traces, ref, sizeof(ref), expires_at, e);
	arena_free(&a);
	buf_free(&traces);
	return err;
}

enum err_code
job_error_put(struct site *s, const struct db_context *ctx,
    const struct claim *c, const struct schema *schema, const struct record *r,
    const char *field, enum row_code code, struct err *e)
{
	int64_t expires_at = clock_now_ms() + JOB_ERRORS_KEPT_MS;
	struct buf packed = {0}, sealed = {0};
	enum err_code err;

	record_pack(&packed, schema, r);
	err = job_seal(s, ctx, REST_ERRORS, &c->job, r->row, packed.data,
	    packed.len, &sealed, e);
	if (!err)
		err = db_exec(s->db, ctx, SQL_JOB_ERROR_INSERT,
		    DB_ARGS(db_uuid(&c->job), db_int(r->row), db_int(r->line),
		        db_str(field), db_str(row_code_name(code)),
		        db_bytes(sealed.data, sealed.len), db_int(expires_at)),
		    NULL, NULL, e);
	if (!err)
		err = put_traces(s, ctx, c, schema, r, expires_at, e);
	buf_free(&packed);
	buf_free(&sealed);
	return err;
}

const char *
job_id(const struct conf *c, const char *account, const struct job *job,
    struct arena *a)
{
	char uuid[UUID_TEXT];

	uuid_format(&job->uuid, uuid);
	return arena_printf(a, "%s/%s/%s_customers/%s", c->server_hostname,
	    account, job_kind_name(job->kind), uuid);
}

/* What a code means where rows are stored: the row was valid in itself. */
static const char *
error_text(const char *code)
{
	if (!strcmp(code, row_code_name(ROW_UNIQUE)))
		return "a customer with this value exists already";
	if (!strcmp(code, row_code_name(ROW_DUPLICATE)))
		return "an earlier row of this upload has the same value";
	if (!strcmp(code, row_code_name(ROW_UNKNOWN)))
		return "the group has no such customer";
	return "the row could not be stored";
}

static enum err_code
add_errors(struct db *db, const struct db_context *ctx, const struct job *job,
    struct buf *out, struct err *e)
{
	const char *sep = "", *code;
	struct db_rows *r;
	enum err_code err;

	err = db_query(db, ctx, SQL_JOB_ERROR_LIST,
	    DB_ARGS(db_uuid(&job->uuid), db_int(JOB_ERRORS_LISTED)), &r, e);
	if (err)
		return err;
	while (db_next(r)) {
		code = db_get_bytes(r, 3, NULL);
		buf_addf(out, "%s{\"row\":%u,\"line\":%u", sep,
		    (unsigned)db_get_int(r, 0), (unsigned)db_get_int(r, 1));
		buf_add_member(out, "field", db_get_bytes(r, 2, NULL));
		buf_add_member(out, "code", code);
		buf_add_member(out, "message", error_text(code));
		buf_addc(out, '}');
		sep = ",";
	}
	return db_done(&r, e);
}

static void
add_counts(struct buf *out, const struct job *job)
{
	bool whole = job->state == JOB_COMPLETED ||
	             job->state == JOB_COMPLETED_WITH_ERRORS;
	uint64_t percent =
	    job->processed * UINT64_C(100) / (job->rows ? job->rows : 1);

	/* Rows of a range come and go while it is walked. */
	if (whole || percent > 100)
		percent = 100;
	buf_addf(out,
	    ",\"rows\":%u,\"processed\":%u,\"succeeded\":%u,\"failed\":%u,"
	    "\"progress\":%u.%02u,\"attempts\":%u",
	    job->rows, job->processed, job->succeeded, job->failed,
	    (unsigned)(percent / 100), (unsigned)(percent % 100),
	    job->attempts);
}

/* What the resource has beside its errors, and "{" before it. */
static void
add_head(const struct conf *c, const char *account, const struct job *job,
    struct arena *a, struct buf *out)
{
	const char *id = job_id(c, account, job, a);

	buf_adds(out, "{\"job_id\":");
	buf_add_json(out, id, strlen(id));
	buf_add_member(out, "operation", job_kind_name(job->kind));
	buf_add_member(out, "status", job_state_name(job->state));
	if (job->state == JOB_FAILED && *job->detail)
		buf_add_member(out, "message", job->detail);
	add_counts(out, job);
	buf_add_member_time(out, "created_at", job->created_at);
	buf_add_member_time(out, "started_at", job->started_at);
	buf_add_member_time(out, "finished_at", job->finished_at);
}

static void
add_tail(const struct conf *c, const struct job *job, struct arena *a,
    struct buf *out)
{
	char uuid[UUID_TEXT];

	uuid_format(&job->uuid, uuid);
	buf_add_member(out, "errors_url",
	    arena_printf(
	        a, "https://%s/v1/jobs/%s/errors", c->server_hostname, uuid));
	buf_addc(out, '}');
}

void
job_write_brief(const struct conf *c, const char *account,
    const struct job *job, struct arena *a, struct buf *out)
{
	add_head(c, account, job, a, out);
	add_tail(c, job, a, out);
}

enum err_code
job_write(struct site *s, const struct db_context *ctx, const char *account,
    const struct job *job, struct arena *a, struct buf *out, struct err *e)
{
	enum err_code err;

	add_head(s->conf, account, job, a, out);
	buf_adds(out, ",\"errors\":[");
	err = add_errors(s->db, ctx, job, out, e);
	buf_addc(out, ']');
	add_tail(s->conf, job, a, out);
	return err;
}

/* The columns of a job's upload, and what is needed to write its rows. */
struct sheet {
	struct schema schema;
	json_t *columns;
	struct arena *row; /* reset with each row */
	struct buf packed, cell;
	struct keyring *ring;
	const struct db_context *ctx;
	const struct job *job;
	struct buf *out;
	job_flush *flush;
	void *arg;
};

/* A column of an update that names the row's customer, unless there is a
 * field of that name. */
static bool
is_customer_id(const struct sheet *t, const char *name)
{
	return !strcmp(name, "customer_id") &&
	       !schema_find(&t->schema, name, strlen(name));
}

/* Gives a system attribute's column the name of the field that has its values
 * by now. */
static void
rename_column(struct sheet *t, size_t i)
{
	const char *name = json_string_value(json_array_get(t->columns, i));
	const struct field *f =
	    name ? schema_find_attribute(&t->schema, name) : NULL;

	if (f)
		json_array_set_new(t->columns, i, json_string(f->name));
}

/* Leaves out the columns of fields that are gone: what is written can be
 * uploaded again. */
static void
choose_columns(struct sheet *t)
{
	const char *name;
	size_t i = 0;

	while (i < json_array_size(t->columns)) {
		rename_column(t, i);
		name = json_string_value(json_array_get(t->columns, i));
		if (name && (schema_find(&t->schema, name, strlen(name)) ||
		                is_customer_id(t, name)))
			i++;
		else
			json_array_remove(t->columns, i);
	}
}

static const char *
column(const struct sheet *t, size_t i)
{
	return json_string_value(json_array_get(t->columns, i));
}

static void
add_heading(const struct sheet *t)
{
	size_t i;

	for (i = 0; i < json_array_size(t->columns); i++) {
		buf_add_csv(t->out, column(t, i), strlen(column(t, i)));
		buf_addc(t->out, ',');
	}
	buf_adds(t->out, "error_row,error_field,error_code\r\n");
}

/* The customer that a row named by customer_id. */
static void
add_customer(struct sheet *t, const struct record *rec)
{
	char text[UUID_TEXT];

	if (!rec->has_customer || rec->matched)
		return;
	uuid_format(&rec->customer, text);
	buf_adds(t->out, text);
}

static void
add_cell(struct sheet *t, const struct record *rec, const char *name)
{
	const struct field *f = schema_find(&t->schema, name, strlen(name));
	const struct value *v;

	if (!f) {
		if (!strcmp(name, RECORD_CUSTOMER_ID))
			add_customer(t, rec);
		return;
	}
	v = &rec->values[f - t->schema.fields];
	if (!v->json || value_is_null(v))
		return;
	buf_reset(&t->cell);
	field_type_of(f)->to_text(f, t->row, v->json, v->n, &t->cell);
	buf_add_csv(t->out, t->cell.data, t->cell.len);
}

static enum err_code
open_record(
    struct sheet *t, struct db_rows *r, struct record *rec, struct err *e)
{
	const uint8_t *p;
	const char *sealed;
	enum err_code err;
	size_t n;

	arena_reset(t->row);
	buf_reset(&t->packed);
	sealed = db_get_bytes(r, 3, &n);
	err = job_unseal(t->ring, t->ctx, REST_ERRORS, &t->job->uuid,
	    (uint32_t)db_get_int(r, 0), sealed, n, &t->packed, e);
	if (err)
		return err;
	p = (const uint8_t *)t->packed.data;
	if (!record_unpack(&p, p + t->packed.len, &t->schema, t->row, rec))
		return err_fault(e, ERR_INTERNAL, "a kept row is damaged");
	return ERR_OK;
}

static enum err_code
add_line(struct sheet *t, struct db_rows *r, struct err *e)
{
	struct record rec;
	const char *text;
	enum err_code err = open_record(t, r, &rec, e);
	size_t i;

	if (err)
		return err;
	for (i = 0; i < json_array_size(t->columns); i++) {
		add_cell(t, &rec, column(t, i));
		buf_addc(t->out, ',');
	}
	buf_addf(t->out, "%u,", rec.row);
	text = db_get_bytes(r, 1, NULL);
	buf_add_csv(t->out, text, strlen(text));
	buf_addf(t->out, ",%s\r\n", db_get_bytes(r, 2, NULL));
	return t->flush(t->arg, e);
}

static enum err_code
add_lines(struct sheet *t, struct db *db, struct err *e)
{
	struct db_rows *r;
	enum err_code err;

	err = db_query(db, t->ctx, SQL_JOB_ERROR_RECORDS,
	    DB_ARGS(db_uuid(&t->job->uuid)), &r, e);
	if (err)
		return err;
	while (!err && db_next(r))
		err = add_line(t, r, e);
	return rows_end(err, &r, e);
}

enum err_code
job_errors_csv(struct site *s, const struct db_context *ctx,
    const struct job *job, struct arena *a, struct buf *out, job_flush *flush,
    void *arg, struct err *e)
{
	struct sheet t = {
	    .ctx = ctx, .job = job, .out = out, .flush = flush, .arg = arg};
	enum err_code err;

	err = json_read_mem(job->columns, strlen(job->columns), &t.columns, e);
	if (err)
		return err;
	err = schema_load(s->db, ctx, a, &t.schema, e);
	if (!err)
		err = site_keyring(s, ctx, &t.ring, e);
	if (!err) {
		t.row = arena_new(16384);
		choose_columns(&t);
		add_heading(&t);
		err = add_lines(&t, s->db, e);
		arena_free(&t.row);
	}
	schema_release(&t.schema);
	buf_free(&t.packed);
	buf_free(&t.cell);
	json_decref(t.columns);
	return err;
}
