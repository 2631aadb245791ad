/* cofferctl check: each thing that Coffer stands on, in the order in which
 * they are needed, up to the first that is wrong. */
#include "admin/admin.h"
#include "db/migrate.h"
#include "vault/jwt.h"
#include "vault/rand.h"

static enum err_code
check_libgcrypt(struct ctl *c, struct err *e)
{
	(void)c;
	return vault_self_test(e);
}

static enum err_code
check_keys(struct ctl *c, struct err *e)
{
	return site_open(c->conf, &c->site, e);
}

static enum err_code
check_tokens(struct ctl *c, struct err *e)
{
	struct jwt_keys *keys = NULL;
	enum err_code rc = jwt_keys_load(c->conf, &keys, e);

	if (rc == ERR_OK)
		jwt_keys_free(&keys);
	return rc;
}

static enum err_code
check_database(struct ctl *c, struct err *e)
{
	return db_ping(c->site.db, e);
}

static enum err_code
check_schema(struct ctl *c, struct err *e)
{
	return migrate_check(c->site.db, e);
}

static enum err_code
check_canary(struct ctl *c, struct err *e)
{
	return site_ready(&c->site, e);
}

static const struct step {
	const char *name;
	enum err_code (*check)(struct ctl *c, struct err *e);
	const char *advice;
} steps[] = {
    {"libgcrypt", check_libgcrypt, "install libgcrypt20 anew"},
    {"key directory", check_keys,
        "\"cofferctl init\" makes one where there is none"},
    {"token keys", check_tokens, "see [auth] and [jwt-key] of the file"},
    {"database", check_database,
        "see [database] of the file; is MariaDB running?"},
    {"schema", check_schema, "run \"cofferctl migrate\""},
    {"master key", check_canary,
        "put back the master.key that this database was made with"},
};

enum err_code
ctl_check(struct ctl *c, struct err *e)
{
	enum err_code rc;

	c->in_setup = true;
	ctl_say("%s: good", c->conf_path);
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		rc = steps[i].check(c, e);
		if (rc) {
			ctl_say("%s: BAD (%s)", steps[i].name, steps[i].advice);
			return rc;
		}
		ctl_say("%s: good", steps[i].name);
	}
	return ctl_say_accounts(c, e);
}
