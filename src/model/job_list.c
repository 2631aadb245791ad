#include "model/job_row.h"
#include "model/user.h"

struct job_filter
job_filter_all(void)
{
	return (struct job_filter){
	    .state = JOB_STATES, .kind = JOB_KINDS, .before = INT64_MAX};
}

#define LISTED_ARGS 8 /* the markers of JOB_LISTED */
#define ROLES_MAX 16

static void
fill_args(const struct job_filter *f, struct db_val out[LISTED_ARGS])
{
	const char *state = "", *kind = "";
	int64_t upto = f->before - 1;
	struct db_val place = db_uuid(&f->place.uuid);

	if (f->state < JOB_STATES)
		state = job_state_name(f->state);
	if (f->kind < JOB_KINDS)
		kind = job_kind_name(f->kind);
	if (f->has_place && f->place.created_at < upto)
		upto = f->place.created_at;
	out[0] = db_int(f->after);
	out[1] = db_int(upto);
	out[2] = out[3] = db_str(state);
	out[4] = out[5] = db_str(kind);
	out[6] = db_int(f->has_place ? f->place.created_at : INT64_MAX);
	out[7] = place;
}

/* The roles that have one of `rights`. */
static unsigned
roles_with(unsigned rights, struct db_val out[ROLES_MAX])
{
	unsigned n = 0;

#define X(name, text, has)  \
	if (rights & (has)) \
		out[n++] = db_str(text);
#include "tbl/roles.h"
#undef X
	return n;
}

static enum err_code
query(struct db *db, const struct db_context *ctx, const struct job_filter *f,
    unsigned rights, struct db_rows **out, struct err *e)
{
	struct db_val args[LISTED_ARGS + 1], roles[ROLES_MAX];
	struct db_args given = {args, LISTED_ARGS};
	struct db_args list = {roles, 0};

	fill_args(f, args);
	if (ctx->workspace_id)
		return db_query(db, ctx, SQL_JOB_LIST_WORKSPACE, given, out, e);
	if (!ctx->user_id)
		return db_query(db, ctx, SQL_JOB_LIST_ACCOUNT, given, out, e);
	list.n = roles_with(rights, roles);
	args[given.n++] = db_int(ctx->user_id);
	return db_query_list(db, ctx, SQL_JOB_LIST_USER, given, list, out, e);
}

enum err_code
job_list_read(struct db *db, const struct db_context *ctx,
    const struct job_filter *f, unsigned rights, unsigned max, struct arena *a,
    struct job_list *out, struct err *e)
{
	struct db_rows *r;
	enum err_code err = query(db, ctx, f, rights, &r, e);

	out->n = 0;
	out->more = false;
	if (err)
		return err;
	while (!out->more && db_next(r)) {
		out->more = out->n == max;
		if (!out->more)
			job_take(r, ctx, a, &out->jobs[out->n++]);
	}
	return db_done(&r, e);
}

static void
add_line(struct buf *out, const struct job *job)
{
	char text[UUID_TEXT];

	uuid_format(&job->uuid, text);
	buf_addf(out, "%s %s %s rows=%u succeeded=%u failed=%u ", text,
	    job_kind_name(job->kind), job_state_name(job->state), job->rows,
	    job->succeeded, job->failed);
	buf_add_time(out, job->created_at);
	buf_addc(out, '\n');
}

enum err_code
job_list(struct db *db, const struct db_context *ctx, enum job_state state,
    struct buf *out, struct err *e)
{
	struct db_context all = {.account_id = ctx->account_id};
	struct job_filter f = job_filter_all();
	struct arena *a = arena_new(16384);
	struct job_list *list = arena_alloc(a, sizeof(*list));
	enum err_code err;
	unsigned i;

	f.state = state;
	err = job_list_read(db, &all, &f, 0, JOB_LIST_MAX, a, list, e);
	for (i = 0; i < list->n && !err; i++)
		add_line(out, &list->jobs[i]);
	arena_free(&a);
	return err;
}
