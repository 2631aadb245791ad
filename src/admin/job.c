/* cofferctl job. */
#include <string.h>

#include "admin/admin.h"
#include "model/account.h"
#include "model/job.h"

static enum err_code
list_within(struct db *db, const struct db_context *ctx, const char *code,
    void *arg, struct err *e)
{
	enum err_code rc = job_list(db, ctx, arg, e);

	(void)code;
	return rc ? rc : ERR_NOT_FOUND; /* go on with the next account */
}

enum err_code
ctl_job_list(struct ctl *c, struct err *e)
{
	struct db_context ctx;
	enum err_code rc;

	if (!c->options[OPTION_ACCOUNT]) {
		rc = account_walk(c->site.db, list_within, &c->out, e);
		return rc == ERR_NOT_FOUND ? ERR_OK : rc;
	}
	rc = ctl_account(c, c->options[OPTION_ACCOUNT], &ctx, e);
	return rc ? rc : job_list(c->site.db, &ctx, &c->out, e);
}

struct search {
	struct ctl *c;
	struct uuid uuid;
};

static enum err_code
show_within(struct db *db, const struct db_context *ctx, const char *code,
    void *arg, struct err *e)
{
	struct search *s = arg;
	struct ctl *c = s->c;
	struct job job;
	enum err_code rc;

	rc = job_find(db, ctx, &s->uuid, c->arena, &job, e);
	if (rc == ERR_OK)
		rc = job_write(&c->site, ctx, code, &job, c->arena, &c->out, e);
	if (rc == ERR_OK)
		buf_addc(&c->out, '\n');
	return rc;
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

enum err_code
ctl_job_show(struct ctl *c, struct err *e)
{
	struct search s = {.c = c};
	enum err_code rc = ERR_NOT_FOUND;

	if (id_parse(c->argument, &s.uuid))
		rc = account_walk(c->site.db, show_within, &s, e);
	if (rc == ERR_NOT_FOUND)
		return err_set(e, rc,
		    "no job has this id: \"cofferctl job list\" lists "
		    "them");
	return rc;
}
