/* cofferctl master-key. */
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "db/migrate.h"
#include "model/master.h"
#include "vault/master_file.h"

#define PASSES 5 /* over the accounts, while others still make keys */

enum err_code
ctl_master_key_create(struct ctl *c, struct err *e)
{
	enum err_code rc = master_create(c->argument, e);

	if (rc == ERR_OK)
		buf_addf(&c->out, "%s\n", c->argument);
	return rc;
}

static bool
is_current(const struct ctl *c, const uint8_t id[MASTER_ID])
{
	uint8_t current[MASTER_ID];

	master_current(c->site.masters, current);
	return memcmp(current, id, MASTER_ID) == 0;
}

/* The keys and the database that belong together, in the midst of a
 * replacement or not. */
static enum err_code
open_site(struct ctl *c, struct err *e)
{
	enum err_code rc;

	c->in_setup = true;
	rc = site_open(c->conf, &c->site, e);
	if (rc == ERR_OK)
		rc = migrate_check(c->site.db, e);
	if (rc == ERR_OK)
		rc = master_canaries_open(&c->site, e);
	if (rc == ERR_OK)
		c->in_setup = false;
	return rc;
}

/* The new key beside the old one, and known to the database. */
static enum err_code
add_key(struct ctl *c, uint8_t id[MASTER_ID], struct err *e)
{
	char text[MASTER_ID_TEXT];
	bool changed, made;
	enum err_code rc;

	rc = master_stage(
	    c->conf->keys_dir, c->site.masters, c->options[OPTION_NEW], id, e);
	if (rc == ERR_OK)
		rc = site_masters_read(&c->site, &changed, e);
	if (rc)
		return rc;
	master_id_text(id, text);
	if (changed)
		ctl_say("master key %s is in the key directory", text);
	rc = master_canary_add(&c->site, id, &made, e);
	if (rc == ERR_OK && made)
		ctl_say("the database knows it");
	return rc;
}

static enum err_code
make_current(struct ctl *c, const uint8_t id[MASTER_ID], struct err *e)
{
	bool changed;
	enum err_code rc;

	if (is_current(c, id)) {
		ctl_say("it is that of master.key");
		return ERR_OK;
	}
	rc = master_promote(c->conf->keys_dir, c->site.masters, id, e);
	if (rc == ERR_OK)
		rc = site_masters_read(&c->site, &changed, e);
	if (rc == ERR_OK)
		ctl_say("master.key is the new key, the old one is beside it");
	return rc;
}

static void
say_rewrapped(void *arg, const struct rewrapped *so_far)
{
	(void)arg;
	ctl_progress("%u account keys wrapped anew", so_far->keys);
}

static enum err_code
rewrap(struct ctl *c, struct err *e)
{
	struct rewrapped done;
	enum err_code rc =
	    master_rewrap(&c->site, say_rewrapped, NULL, &done, e);

	if (rc == ERR_OK)
		ctl_say("%u account keys of %u accounts wrapped anew",
		    done.keys, done.accounts);
	return rc;
}

/* Nothing is wrapped by this key any more: it goes. */
static enum err_code
drop_file(struct ctl *c, const uint8_t id[MASTER_ID], struct err *e)
{
	char text[MASTER_ID_TEXT];
	enum err_code rc;
	bool was;

	master_id_text(id, text);
	if (c->options[OPTION_KEEP_OLD]) {
		ctl_say(
		    "the old master key %s stays in the key directory", text);
		return ERR_OK;
	}
	rc = master_retire(c->conf->keys_dir, id, &was, e);
	if (rc == ERR_OK && was)
		ctl_say("the old master key %s is destroyed; backups that were "
		        "made before now need a copy of it",
		    text);
	else if (rc == ERR_OK)
		ctl_say("master key %s is in use nowhere; its file has a name "
		        "of yours and stays",
		    text);
	return rc;
}

static enum err_code
retire(struct ctl *c, const uint8_t id[MASTER_ID], struct err *e)
{
	enum err_code rc = ERR_CONFLICT;

	for (int i = 0; i < PASSES && rc == ERR_CONFLICT; i++) {
		rc = master_canary_retire(&c->site, id, e);
		if (rc == ERR_CONFLICT && rewrap(c, e))
			return e->code;
	}
	return rc ? rc : drop_file(c, id, e);
}

static enum err_code
retire_others(struct ctl *c, struct err *e)
{
	uint8_t id[MASTER_ID];
	enum err_code rc = ERR_OK;
	bool was;

	for (unsigned i = 1; rc == ERR_OK && i < master_count(c->site.masters);
	     i++) {
		master_id(c->site.masters, i, id);
		rc = retire(c, id, e);
	}
	master_current(c->site.masters, id);
	/* Its second name, from before it was master.key. */
	return rc ? rc : master_retire(c->conf->keys_dir, id, &was, e);
}

static enum err_code
replace(struct ctl *c, struct err *e)
{
	uint8_t id[MASTER_ID];
	char text[MASTER_ID_TEXT];
	enum err_code rc;

	rc = open_site(c, e);
	if (rc == ERR_OK)
		rc = add_key(c, id, e);
	if (rc == ERR_OK)
		rc = make_current(c, id, e);
	if (rc == ERR_OK)
		rc = rewrap(c, e);
	if (rc == ERR_OK)
		rc = retire_others(c, e);
	if (rc)
		return rc;
	master_id_text(id, text);
	buf_addf(&c->out, "%s\n", text);
	ctl_say("keep a copy of master.key in a safe place: without it no "
	        "personal data can be read");
	return ERR_OK;
}

enum err_code
ctl_master_key_replace(struct ctl *c, struct err *e)
{
	enum err_code rc;
	int lock;

	rc = master_lock(c->conf->keys_dir, &lock, e);
	if (rc)
		return rc;
	rc = replace(c, e);
	close(lock);
	return rc;
}
