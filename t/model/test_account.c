/* Accounts: codes, creation, keys, workspaces. */
#include "tenant.h"

static void
test_codes(void)
{
	static const char *const good[] = {"ab", "a1", "1a", "acme", "a-b",
	    "a--b", "abcdefghijklmnopqrstuvwxyz012345", "v2", "scv1"};
	static const char *const bad[] = {"", "a", "A1", "acMe", "-ab", "ab-",
	    "a_b", "a.b", "a/b", "..", "a b", "ab\n", "caf\xc3\xa9",
	    "abcdefghijklmnopqrstuvwxyz0123456"};
	static const char *const ours[] = {
	    "v1", "scv", "exports", "__dxp", "healthz", "readyz", "metrics"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(account_code_valid(good[i]), "a code: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!account_code_valid(bad[i]), "no code: case %zu", i);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		ok(!account_code_valid(ours[i]), "reserved: %s", ours[i]);
}

static void
test_create(void)
{
	struct keyring *k;
	uint32_t id, found = 0;

	is_int(account_create(&site, "one", "Again", &id, &e), ERR_CONFLICT,
	    "a code is taken once");
	is_int(account_create(&site, "v1", "x", &id, &e), ERR_BAD_REQUEST,
	    "a reserved code is refused");
	is_int(account_create(&site, "four", "a\nb", &id, &e), ERR_BAD_REQUEST,
	    "so is a name of two lines");
	ok(!salt_there(keys_dir, "four"), "and nothing is left of it");
	must(salt_create(keys_dir, "left", &e), "salt_create");
	is_int(told(account_create(&site, "left", "Left", &id, &e), &e), ERR_OK,
	    "a salt left of a creation that failed is no hindrance");
	is_int(account_find(site.db, "left", &found, &e), ERR_OK, "found");
	is_int(found, id, "by its code");
	is_int(account_find(site.db, "Left", &found, &e), ERR_NOT_FOUND,
	    "codes have one case");
	is_int(told(site_keyring(
	                &site, &(struct db_context){.account_id = id}, &k, &e),
	           &e),
	    ERR_OK, "its keys open");
	ok(keyring_complete(k) && keyring_version(k) == 1, "all of them");
}

static void
test_keyring(void)
{
	struct keyring *first, *again;
	struct buf before = {0}, after = {0};

	must(site_keyring(&site, &one, &first, &e), "keyring");
	must(site_keyring(&site, &one, &again, &e), "keyring");
	ok(first == again, "a keyring is kept");
	must(account_data_keys(&site, &one, &before, &e), "data keys");
	ok(before.len == 2 + 44 + 1 && !memcmp(before.data, "1 ", 2),
	    "version 1 and 32 bytes in base64");
	tenant_sql("UPDATE account SET key_epoch = 2 WHERE code = 'one'");
	must(site_keyring(&site, &one, &again, &e), "keyring");
	is_int(keyring_epoch(again), 2, "and read again at another epoch");
	must(account_data_keys(&site, &one, &after, &e), "data keys");
	is_str(after.data, before.data, "with the same keys");
	buf_reset(&after);
	must(account_data_keys(&site, &two, &after, &e), "data keys");
	ok(strcmp(after.data, before.data) != 0,
	    "S23: another account has another key");
	buf_free(&before);
	buf_free(&after);
}

static void
test_many_keyrings(void)
{
	struct db_context ctx[SITE_KEYRINGS - 2];
	struct keyring *k;
	unsigned good = 0;
	char code[16];

	memset(ctx, 0, sizeof(ctx));
	for (unsigned i = 0; i < SITE_KEYRINGS - 2; i++) {
		snprintf(code, sizeof(code), "many%u", i);
		must(account_create(&site, code, code, &ctx[i].account_id, &e),
		    code);
	}
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < SITE_KEYRINGS - 2; i++) {
			must(site_keyring(&site, &ctx[i], &k, &e), "keyring");
			good += keyring_complete(k);
		}
	is_int(good, 2 * (SITE_KEYRINGS - 2),
	    "more accounts than places: the least lately used goes");
}

static void
test_gone(void)
{
	struct db_context left = {0};
	struct keyring *k;
	char path[200];

	snprintf(path, sizeof(path), "%s/salt/left", keys_dir);
	unlink(path);
	tenant_sql("UPDATE account SET key_epoch = 2 WHERE code = 'left'");
	must(account_find(site.db, "left", &left.account_id, &e), "find");
	is_int(site_keyring(&site, &left, &k, &e), ERR_CRYPTO,
	    "S25: without its salt an account's keys do not open");
	ok(!k, "and no keyring comes out");
	left.account_id = 99999;
	is_int(site_keyring(&site, &left, &k, &e), ERR_NO_CONTEXT,
	    "nor are there keys of no account");
}

static enum err_code
count_account(struct db *db, const struct db_context *ctx, const char *code,
    void *arg, struct err *err)
{
	(void)db;
	(void)code;
	*(unsigned *)arg += ctx->account_id != 0 && ctx->workspace_id == 0;
	return err_set(err, ERR_NOT_FOUND, NULL);
}

static void
test_workspaces(void)
{
	struct uuid nobody;
	struct db_context found;
	unsigned n = 0;
	uint32_t id;

	is_int(workspace_find(site.db, &one, &workspace_two, &id, &e),
	    ERR_NO_WORKSPACE, "S12: a foreign workspace is not there");
	is_int(told(workspace_bind(site.db, &workspace_two, &found, &e), &e),
	    ERR_OK, "a workspace by its id alone");
	is_int(found.account_id, two.account_id, "is bound with its account");
	is_int(found.workspace_id, two.workspace_id, "and itself");
	rand_uuid(&nobody);
	is_int(workspace_bind(site.db, &nobody, &found, &e), ERR_NO_WORKSPACE,
	    "one that is not there");
	is_int(found.account_id, 0, "binds nothing");
	is_int(account_walk(site.db, count_account, &n, &e), ERR_NOT_FOUND,
	    "a walk that finds nothing");
	is_int(n, 3 + SITE_KEYRINGS - 2, "has seen every account");
}

/* A database that was made with another master key (S22). */
static void
test_canary(void)
{
	struct master_keys *m;
	char other[80];
	bool made;

	tenant_sql("DELETE FROM master_canary");
	is_int(site_ready(&site, &e), ERR_UNAVAILABLE, "no canary yet");
	is_int(site_canary_make(site.db, site.masters, &made, &e), ERR_OK,
	    "the canary is made");
	ok(made, "this time");
	must(site_canary_make(site.db, site.masters, &made, &e), "canary");
	ok(!made, "and not again");
	is_int(told(site_ready(&site, &e), &e), ERR_OK, "the site is ready");
	snprintf(other, sizeof(other), "%s/other", keys_dir);
	must(master_init(other, &made, &e), "master_init");
	must(master_load(other, &m, &e), "master_load");
	is_int(site_canary_check(site.db, m, &e), ERR_CRYPTO,
	    "S22: a wrong master key is noticed");
	is_int(site_canary_make(site.db, m, &made, &e), ERR_CRYPTO,
	    "S22: and makes no canary of its own");
	master_free(&m);
}

int
main(void)
{
	test_codes();
	tenant_begin();
	test_create();
	test_keyring();
	test_many_keyrings();
	test_workspaces();
	test_gone();
	test_canary();
	return tenant_end();
}
