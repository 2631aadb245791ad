/* How the keys of the accounts are: cofferctl account show, and what check and
 * account list have to say. */
#include "admin/admin.h"
#include "model/account.h"
#include "model/key_use.h"
#include "vault/master_file.h"

static void
show_key(struct ctl *c, const struct key_use *u)
{
	char master[MASTER_ID_TEXT];

	master_id_text(u->master, master);
	buf_addf(&c->out, "key %s version %u created ", key_kind_name(u->kind),
	    u->version);
	buf_add_time(&c->out, u->created_at);
	buf_addf(&c->out, " master %s", master);
	if (u->kind != KEY_INDEX)
		buf_addf(
		    &c->out, " sealed %llu", (unsigned long long)u->sealed);
	if (u->current)
		buf_adds(&c->out, " current");
	buf_adds(&c->out, u->exhausted ? " rotate\n" : "\n");
}

enum err_code
ctl_account_show(struct ctl *c, struct err *e)
{
	struct db_context ctx;
	const struct key_use *u;
	struct buf keys = {0};
	enum err_code rc;

	rc = ctl_account(c, c->argument, &ctx, e);
	if (rc == ERR_OK)
		rc = key_use_list(&c->site, &ctx, &keys, e);
	if (rc == ERR_OK) {
		buf_addf(&c->out, "account %s\n", c->argument);
		buf_addf(&c->out, "salt %s\n",
		    salt_there(c->conf->keys_dir, c->argument) ? "there"
		                                               : "gone");
		u = (const void *)keys.data;
		for (size_t i = 0; i < keys.len / sizeof(*u); i++)
			show_key(c, &u[i]);
	}
	buf_free(&keys);
	return rc;
}

static void
say_key(const char *code, const struct key_use *u)
{
	if (u->exhausted)
		ctl_say("account %s: %s key version %u has sealed %llu values: "
		        "rotate it",
		    code, key_kind_name(u->kind), u->version,
		    (unsigned long long)u->sealed);
}

static enum err_code
look_at(struct db *db, const struct db_context *ctx, const char *code,
    void *arg, struct err *e)
{
	struct ctl *c = arg;
	const struct key_use *u;
	struct buf keys = {0};
	enum err_code rc = key_use_list(&c->site, ctx, &keys, e);

	(void)db;
	u = (const void *)keys.data;
	for (size_t i = 0; rc == ERR_OK && i < keys.len / sizeof(*u); i++)
		say_key(code, &u[i]);
	if (rc == ERR_OK && !salt_there(c->conf->keys_dir, code))
		ctl_say("account %s has no salt in the key directory: its "
		        "personal data cannot be read; put the salt back or "
		        "erase the account",
		    code);
	buf_free(&keys);
	return rc ? rc : err_set(e, ERR_NOT_FOUND, NULL); /* the next */
}

enum err_code
ctl_say_accounts(struct ctl *c, struct err *e)
{
	struct buf erased = {0};
	enum err_code rc = account_walk(c->site.db, look_at, c, e);

	if (rc != ERR_NOT_FOUND)
		return rc;
	rc = account_list_erased(c->site.db, &erased, e);
	if (rc == ERR_OK && erased.len)
		ctl_say("half erased, go on with \"account erase CODE --yes\": "
		        "%s",
		    erased.data);
	buf_free(&erased);
	return rc;
}
