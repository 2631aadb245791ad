/* cofferctl account erase. */
#include "admin/admin.h"
#include "model/erase.h"

static enum err_code
find(struct ctl *c, struct erasure *x, struct err *e)
{
	enum err_code rc = erase_look(&c->site, c->argument, x, e);

	if (rc == ERR_NOT_FOUND)
		return err_set(e, rc,
		    "no account has the code %s: \"cofferctl account list\" "
		    "lists them",
		    c->argument);
	return rc;
}

/* Nothing is done until --yes says that all this is meant. */
static enum err_code
ask(const struct ctl *c, const struct erasure *x, struct err *e)
{
	if (c->options[OPTION_YES])
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "nothing is done yet. account %s (%.60s) has %llu workspaces, %llu "
	    "customers and %llu users: all would be lost for good, in every "
	    "backup too; --yes says that this is meant",
	    x->code, x->name, (unsigned long long)x->workspaces,
	    (unsigned long long)x->customers, (unsigned long long)x->users);
}

struct told {
	uint64_t rows;
};

static void
tell(void *arg, const char *table, uint64_t rows)
{
	struct told *t = arg;

	t->rows += rows;
	ctl_progress(
	    "%llu rows deleted, now of %s", (unsigned long long)t->rows, table);
}

enum err_code
ctl_account_erase(struct ctl *c, struct err *e)
{
	struct told told = {0};
	struct erasure x;
	enum err_code rc;

	rc = find(c, &x, e);
	if (rc == ERR_OK)
		rc = ask(c, &x, e);
	if (rc)
		return rc;
	rc = erase_begin(&c->site, &x, e);
	if (rc)
		return rc;
	ctl_say(x.begun ? "going on with the erasure of account %s"
	                : "account %s: nobody can sign in, its wrapped keys "
	                  "are gone",
	    x.code);
	rc = erase_rest(&c->site, &x, tell, &told, e);
	if (rc)
		return rc;
	ctl_say("account %s: its salt is destroyed and %llu rows are deleted; "
	        "its code may be given again",
	    x.code, (unsigned long long)told.rows);
	return ERR_OK;
}
