/* cofferctl init, migrate and config. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/admin.h"
#include "db/migrate.h"
#include "vault/keyfile.h"
#include "vault/rand.h"

/* The files that init makes. */
static const char *const key_files[] = {
    "master.key", "jwt.secret", "audit.key"};
#define KEY_FILES (sizeof(key_files) / sizeof(key_files[0]))

static bool
key_file_there(const struct ctl *c, unsigned i, char path[KEYFILE_PATH])
{
	return keyfile_path(path, c->conf->keys_dir, "", key_files[i]) &&
	       access(path, F_OK) == 0;
}

enum err_code
ctl_init(struct ctl *c, struct err *e)
{
	char path[KEYFILE_PATH];
	bool before[KEY_FILES], made;
	enum err_code rc;

	c->in_setup = true;
	for (unsigned i = 0; i < KEY_FILES; i++)
		before[i] = key_file_there(c, i, path);
	rc = vault_self_test(e);
	if (!rc)
		rc = master_init(c->conf->keys_dir, &made, e);
	if (rc)
		return rc;
	for (unsigned i = 0; i < KEY_FILES; i++)
		if (key_file_there(c, i, path) && !before[i])
			buf_addf(&c->out, "%s\n", path);
	if (made)
		ctl_say("keep a copy of master.key in a safe place: without "
		        "it no personal data can be read");
	else
		ctl_say("%s has a master key already", c->conf->keys_dir);
	return ERR_OK;
}

const char *
ctl_schema_dir(const struct ctl *c)
{
	const char *dir = c->options[OPTION_SCHEMA];

	if (!dir || !*dir)
		dir = getenv("COFFER_SCHEMA_DIR");
	return dir && *dir ? dir : COFFER_PKGDATADIR "/schema";
}

static enum err_code
migrate(
    struct ctl *c, struct db *db, const struct master_keys *m, struct err *e)
{
	unsigned applied;
	bool made;
	enum err_code rc;

	rc = migrate_up(
	    db, ctl_schema_dir(c), c->conf->database_user, &applied, e);
	if (rc)
		return rc;
	if (applied)
		ctl_say("schema: %u file%s applied", applied,
		    applied == 1 ? "" : "s");
	else
		ctl_say("schema: up to date");
	rc = site_canary_make(db, m, &made, e);
	if (rc == ERR_OK)
		ctl_say("master key: %s",
		    made ? "noted in the database" : "that of the database");
	return rc;
}

/* The master key is looked at first, so that a database is never made for
 * which there is none. */
enum err_code
ctl_migrate(struct ctl *c, struct err *e)
{
	struct master_keys *m;
	struct db *db;
	enum err_code rc;

	c->in_setup = true;
	rc = master_load(c->conf->keys_dir, &m, e);
	if (rc)
		return rc;
	c->in_setup = false;
	db = db_new(c->conf, DB_OWNER);
	rc = migrate(c, db, m, e);
	db_free(&db);
	master_free(&m);
	return rc;
}

enum err_code
ctl_config(struct ctl *c, struct err *e)
{
	(void)c;
	(void)e;
	conf_print_defaults();
	return ERR_OK;
}
