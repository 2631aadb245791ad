/* What tests with a database share: a site with keys of its own, and two
 * accounts with a workspace each. */
#ifndef COFFER_T_MODEL_TENANT_H
#define COFFER_T_MODEL_TENANT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/account.h"
#include "t/db/server.h"
#include "t/tap.h"
#include "vault/rand.h"

static struct server server;
static struct site site;
static struct err e;
static char keys_dir[64], audit_dir[80];
static struct db_context one, two;
static struct uuid workspace_one, workspace_two;

/* For steps that are not what is tested. */
__attribute__((unused)) static void
must(enum err_code rc, const char *what)
{
	if (rc == ERR_OK)
		return;
	told(rc, &e);
	printf("Bail out! %s\n", what);
	exit(99);
}

__attribute__((unused)) static void
tenant_account(const char *code, struct db_context *ctx, struct uuid *workspace)
{
	memset(ctx, 0, sizeof(*ctx));
	must(account_create(&site, code, code, &ctx->account_id, &e), code);
	must(workspace_create(site.db, ctx, "Main", workspace, &e), code);
	must(workspace_find(site.db, ctx, workspace, &ctx->workspace_id, &e),
	    code);
}

__attribute__((unused)) static void
tenant_begin(void)
{
	bool made;

	vault_setup();
	server_open(&server, false);
	server_migrate(&server);
	snprintf(keys_dir, sizeof(keys_dir), "/tmp/coffer-t-keys.XXXXXX");
	if (!mkdtemp(keys_dir))
		abort();
	server.conf.keys_dir = keys_dir;
	snprintf(audit_dir, sizeof(audit_dir), "%s/audit", keys_dir);
	server.conf.audit_dir = audit_dir;
	must(master_init(keys_dir, &made, &e), "master_init");
	must(site_open(&server.conf, &site, &e), "site_open");
	must(site_canary_make(site.db, site.masters, &made, &e), "canary");
	tenant_account("one", &one, &workspace_one);
	tenant_account("two", &two, &workspace_two);
}

__attribute__((unused)) static int
tenant_end(void)
{
	char command[100];

	site_close(&site);
	server_close(&server);
	snprintf(command, sizeof(command), "rm -rf '%s'", keys_dir);
	if (system(command))
		abort();
	return done_testing();
}

/* Runs SQL as the owner of the test's database. */
__attribute__((unused)) static void
tenant_sql(const char *sql)
{
	char command[1000];

	snprintf(command, sizeof(command),
	    "mariadb --defaults-file='%s/owner.cnf' '%s' -e \"%s\"", server.dir,
	    server.name, sql);
	if (system(command))
		must(err_set(&e, ERR_DATABASE, NULL), sql);
}

#endif
