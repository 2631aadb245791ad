/* cofferctl job. */
#include <string.h>

#include "admin/admin.h"
#include "model/account.h"
#include "model/job.h"

struct listing {
	struct ctl *c;
	enum job_state state;
};

static enum err_code
list_within(struct db *db, const struct db_context *ctx, const char *code,
    void *arg, struct err *e)
{
	struct listing *l = arg;
	enum err_code rc = job_list(db, ctx, l->state, &l->c->out, e);

	(void)code;
	return rc ? rc : ERR_NOT_FOUND; /* go on with the next account */
}

enum err_code
ctl_job_list(struct ctl *c, struct err *e)
{
	struct listing l = {c, JOB_STATES};
	const char *status = c->options[OPTION_STATUS];
	struct db_context ctx;
	enum err_code rc;

	if (status && (l.state = job_state_parse(status)) == JOB_STATES)
		return err_set(
		    e, ERR_BAD_REQUEST, "--status: no job has such a status");
	if (!c->options[OPTION_ACCOUNT]) {
		rc = account_walk(c->site.db, list_within, &l, e);
		return rc == ERR_NOT_FOUND ? ERR_OK : rc;
	}
	rc = ctl_account(c, c->options[OPTION_ACCOUNT], &ctx, e);
	return rc ? rc : job_list(c->site.db, &ctx, l.state, &c->out, e);
}

struct search {
	struct ctl *c;
	struct uuid uuid;
	struct db_context ctx;
	struct job job;
	const char *account;
};

static enum err_code
find_within(struct db *db, const struct db_context *ctx, const char *code,
    void *arg, struct err *e)
{
	struct search *s = arg;
	enum err_code rc = job_find(db, ctx, &s->uuid, s->c->arena, &s->job, e);

	if (rc)
		return rc;
	s->ctx = *ctx;
	s->ctx.workspace_id = s->job.workspace_id;
	s->account = arena_strndup(s->c->arena, code, strlen(code));
	return ERR_OK;
}

/* The UUID of a job id (hostname/account/operation_customers/uuid), or of
 * itself. */
static bool
id_parse(const char *s, struct uuid *out)
{
	const char *slash = strrchr(s, '/');

	if (slash)
		s = slash + 1;
	return uuid_parse(s, strlen(s), out);
}

/* Finds the job of the argument, in whatever account. */
static enum err_code
find(struct ctl *c, struct search *s, struct err *e)
{
	enum err_code rc = ERR_NOT_FOUND;

	s->c = c;
	if (id_parse(c->argument, &s->uuid))
		rc = account_walk(c->site.db, find_within, s, e);
	if (rc == ERR_NOT_FOUND)
		return err_set(e, rc,
		    "no job has this id: \"cofferctl job list\" lists "
		    "them");
	return rc;
}

static enum err_code
show(struct ctl *c, const struct search *s, struct err *e)
{
	enum err_code rc = job_write(
	    &c->site, &s->ctx, s->account, &s->job, c->arena, &c->out, e);

	if (!rc)
		buf_addc(&c->out, '\n');
	return rc;
}

enum err_code
ctl_job_show(struct ctl *c, struct err *e)
{
	struct search s;
	enum err_code rc = find(c, &s, e);

	return rc ? rc : show(c, &s, e);
}

enum err_code
ctl_job_cancel(struct ctl *c, struct err *e)
{
	struct search s;
	enum err_code rc = find(c, &s, e);

	if (!rc)
		rc = job_cancel(&c->site, &s.ctx, &s.job, e);
	return rc ? rc : show(c, &s, e);
}
