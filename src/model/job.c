#include "model/job.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "model/job_queue.h"
#include "model/job_row.h"
#include "model/job_seal.h"
#include "model/segment.h"
#include "model/seq.h"
#include "model/user.h"

static const char *const states[] = {
#define X(name, text) text,
#include "tbl/job_states.h"
#undef X
};

static const char *const existing[] = {
#define X(name, text) text,
#include "tbl/on_existing.h"
#undef X
};

const char *
job_state_name(enum job_state st)
{
	return states[st];
}

enum job_state
job_state_parse(const char *name)
{
	unsigned i;

	for (i = 0; i < JOB_STATES && strcmp(name, states[i]); i++)
		;
	return (enum job_state)i;
}

static const struct {
	const char *name;
	unsigned right;
	enum job_payload payload;
	enum { CANCEL, ENDLESS, BACKGROUND } pace;
} kinds[] = {
#define X(name, text, right, payload, cancel) \
	{text, right, JOB_PAYLOAD_##payload, cancel},
#include "tbl/job_kinds.h"
#undef X
};

const char *
job_kind_name(enum job_kind kind)
{
	return kinds[kind].name;
}

enum job_kind
job_kind_find(const char *name)
{
	unsigned i;

	for (i = 0; i < JOB_KINDS && strcmp(kinds[i].name, name); i++)
		;
	return (enum job_kind)i;
}

enum job_payload
job_kind_payload(enum job_kind kind)
{
	return kinds[kind].payload;
}

unsigned
job_kind_right(enum job_kind kind)
{
	return kinds[kind].right;
}

bool
job_kind_is_endless(enum job_kind kind)
{
	return kinds[kind].pace != CANCEL;
}

enum job_kind
job_kind_background(void)
{
	unsigned i = JOB_KINDS;

	while (i && kinds[i - 1].pace == BACKGROUND)
		i--;
	return (enum job_kind)i;
}

bool
on_existing_parse(const char *s, enum on_existing *out)
{
	unsigned i;

	for (i = 0; i < EXISTING_COUNT; i++) {
		if (!strcmp(s, existing[i])) {
			*out = (enum on_existing)i;
			return true;
		}
	}
	return false;
}

enum err_code
job_chunk_put(struct site *s, const struct db_context *ctx,
    const struct uuid *job, uint32_t n, uint32_t nrows,
    const struct buf *packed, const struct buf *subjects, struct err *e)
{
	struct buf sealed = {0};
	enum err_code err;

	err = job_seal(
	    s, ctx, REST_QUEUE, job, n, packed->data, packed->len, &sealed, e);
	if (!err)
		err = db_exec(s->db, ctx, SQL_JOB_CHUNK_INSERT,
		    DB_ARGS(db_uuid(job), db_int(n), db_int(nrows),
		        db_bytes(sealed.data, sealed.len),
		        db_bytes(subjects->data, subjects->len)),
		    NULL, NULL, e);
	buf_free(&sealed);
	return err;
}

enum err_code
job_chunk_replace(struct site *s, const struct db_context *ctx,
    const struct claim *c, const struct buf *packed, const struct buf *subjects,
    struct err *e)
{
	struct buf sealed = {0};
	enum err_code err;

	err = job_seal(s, ctx, REST_QUEUE, &c->job, c->n, packed->data,
	    packed->len, &sealed, e);
	if (!err)
		err = db_exec(s->db, ctx, SQL_TRACED_CHUNK,
		    DB_ARGS(db_bytes(sealed.data, sealed.len),
		        db_bytes(subjects->data, subjects->len),
		        db_uuid(&c->job), db_int(c->n)),
		    NULL, NULL, e);
	buf_free(&sealed);
	return err;
}

/* Takes the positions of the job's rows, `all` before the group. */
static enum err_code
take_positions(struct site *s, const struct db_context *ctx, struct job *job,
    struct err *e)
{
	enum err_code err;

	err = seq_reserve(s, ctx, job->rows, &job->first_seq, e);
	if (err || job->segment_id == SEGMENT_ALL) {
		job->first_position = job->first_seq;
		return err;
	}
	return segment_reserve(
	    s->db, ctx, job->segment_id, job->rows, &job->first_position, e);
}

static enum err_code
insert_job(struct db *db, const struct db_context *ctx, const struct job *job,
    struct err *e)
{
	return db_exec(db, ctx, SQL_JOB_INSERT,
	    DB_ARGS(db_uuid(&job->uuid), db_str(job_kind_name(job->kind)),
	        db_str(job_state_name(job->state)), db_int(job->segment_id),
	        db_int(job->user_id), db_str(existing[job->on_existing]),
	        db_str(job->columns), db_int(job->rows),
	        db_int(job->chunks_left), db_int(job->attempts),
	        db_int((int64_t)job->first_seq),
	        db_int((int64_t)job->first_position), db_int(job->created_at),
	        job->started_at ? db_int(job->started_at) : db_null(),
	        job->finished_at ? db_int(job->finished_at) : db_null(),
	        db_int(job->step), db_str(job->detail ? job->detail : ""),
	        db_int(job->schema_version)),
	    NULL, NULL, e);
}

/* Fills what a new job begins with. */
static void
begin(const struct db_context *ctx, struct job *job, uint32_t nchunks,
    const char *owner)
{
	job->account_id = ctx->account_id;
	job->workspace_id = ctx->workspace_id;
	job->user_id = ctx->user_id;
	job->state = owner ? JOB_RUNNING : JOB_QUEUED;
	job->attempts = owner ? 1 : 0;
	job->processed = job->succeeded = job->failed = 0;
	job->chunks_left = nchunks;
	job->created_at = clock_now_ms();
	job->started_at = owner ? job->created_at : 0;
	job->finished_at = 0;
}

/* Puts a new job down, and what is to be done of it. */
static enum err_code
insert(struct site *s, const struct db_context *ctx, const struct job *job,
    const char *owner, struct err *e)
{
	enum err_code err = insert_job(s->db, ctx, job, e);

	if (!err && job->chunks_left)
		err = queue_insert(s, ctx, job, owner, e);
	return err ? err : job_audit(s, ctx, AUDIT_JOB_CREATE, job, e);
}

enum err_code
job_enqueue_range(struct site *s, const struct db_context *ctx, struct job *job,
    uint64_t end, struct err *e)
{
	uint64_t n = 0;

	assert(job_kind_payload(job->kind) == JOB_PAYLOAD_RANGE && job->step);
	if (end > job->first_seq)
		n = (end - job->first_seq + job->step - 1) / job->step;
	assert(n <= UINT32_MAX);
	begin(ctx, job, (uint32_t)n, NULL);
	job->columns = "[]";
	if (!n) {
		job->state = JOB_COMPLETED;
		job->started_at = job->finished_at = job->created_at;
	}
	return insert(s, ctx, job, NULL, e);
}

enum err_code
job_enqueue(struct site *s, const struct db_context *ctx, struct job *job,
    uint32_t nchunks, const char *owner, struct err *e)
{
	enum err_code err = ERR_OK;

	begin(ctx, job, nchunks, owner);
	job->step = 0;
	if (job->kind == JOB_KIND_UPLOAD)
		err = take_positions(s, ctx, job, e);
	return err ? err : insert(s, ctx, job, owner, e);
}

static void
take_counts(struct db_rows *r, struct job *job)
{
	job->rows = (uint32_t)db_get_int(r, 8);
	job->processed = (uint32_t)db_get_int(r, 9);
	job->succeeded = (uint32_t)db_get_int(r, 10);
	job->failed = (uint32_t)db_get_int(r, 11);
	job->chunks_left = (uint32_t)db_get_int(r, 12);
	job->attempts = (uint32_t)db_get_int(r, 13);
	job->first_seq = (uint64_t)db_get_int(r, 14);
	job->first_position = (uint64_t)db_get_int(r, 15);
	job->created_at = db_get_int(r, 16);
	job->started_at = db_get_int(r, 17);
	job->finished_at = db_get_int(r, 18);
	job->step = (uint32_t)db_get_int(r, 19);
}

void
job_take(struct db_rows *r, const struct db_context *ctx, struct arena *a,
    struct job *out)
{
	const char *text;
	size_t n;

	memset(out, 0, sizeof(*out));
	out->account_id = ctx->account_id;
	db_get_uuid(r, 0, &out->uuid);
	out->workspace_id = (uint32_t)db_get_int(r, 1);
	out->kind = job_kind_find(db_get_bytes(r, 2, NULL));
	out->state = job_state_parse(db_get_bytes(r, 3, NULL));
	out->segment_id = (uint32_t)db_get_int(r, 4);
	out->user_id = (uint32_t)db_get_int(r, 5);
	on_existing_parse(db_get_bytes(r, 6, NULL), &out->on_existing);
	text = db_get_bytes(r, 7, &n);
	out->columns = arena_strndup(a, text, n);
	take_counts(r, out);
	text = db_get_bytes(r, 20, &n);
	out->detail = arena_strndup(a, text, n);
	out->schema_version = (uint32_t)db_get_int(r, 21);
}

struct finding {
	const struct db_context *ctx;
	struct arena *a;
	struct job *job;
};

static void
take_job(struct db_rows *r, void *arg)
{
	struct finding *f = arg;

	job_take(r, f->ctx, f->a, f->job);
}

enum err_code
job_find(struct db *db, const struct db_context *ctx, const struct uuid *uuid,
    struct arena *a, struct job *out, struct err *e)
{
	struct finding f = {ctx, a, out};
	enum err_code err;

	err = db_one(
	    db, ctx, SQL_JOB_FIND, DB_ARGS(db_uuid(uuid)), take_job, &f, e);
	if (!err && out->kind == JOB_KINDS)
		return err_fault(e, ERR_INTERNAL,
		    "a job of a kind that this program does not know: is it "
		    "older than the database?");
	return err;
}

static void
take_lives(struct db_rows *r, void *out)
{
	*(bool *)out = db_is_null(r, 0);
}

static enum err_code
check_user(struct db *db, const struct db_context *ctx, const struct job *job,
    struct err *e)
{
	unsigned need = job_kind_right(job->kind);
	struct db_context as = *ctx;
	bool lives = false;
	unsigned rights;
	enum err_code err;

	err = db_one(db, ctx, SQL_JOB_USER, DB_ARGS(db_int(job->user_id)),
	    take_lives, &lives, e);
	if (err && err != ERR_NOT_FOUND)
		return err;
	as.user_id = job->user_id;
	err = user_rights(db, &as, &rights, e);
	if (!err && (!lives || !(rights & need)))
		return err_fault(e, ERR_FORBIDDEN,
		    "the user of the job has lost the right to it");
	return err;
}

enum err_code
job_check(struct db *db, const struct db_context *ctx, const struct job *job,
    struct uuid *workspace_out, struct err *e)
{
	enum err_code err;

	err = db_one(db, ctx, SQL_JOB_PLACE, DB_ARGS(db_int(job->segment_id)),
	    db_take_uuid, workspace_out, e);
	if (err == ERR_NOT_FOUND ||
	    (!err && ctx->workspace_id != job->workspace_id))
		return err_fault(
		    e, ERR_FORBIDDEN, "the job's workspace or group is gone");
	if (err || !job->user_id || !job_kind_right(job->kind))
		return err;
	return check_user(db, ctx, job, e);
}
