/* S22: the steps of a master key's replacement, seen by a process that loaded
 * its keys before. */
#include "model/key_use.h"
#include "model/master.h"
#include "tenant.h"
#include "vault/master_file.h"

static struct site other; /* does the replacing; `site` is the process */
static uint8_t old_id[MASTER_ID], new_id[MASTER_ID];

static void
reread(void)
{
	bool changed;

	must(site_masters_read(&other, &changed, &e), "site_masters_read");
}

static unsigned
keys_under(const struct db_context *ctx, const uint8_t id[MASTER_ID])
{
	struct buf list = {0};
	const struct key_use *u;
	unsigned n = 0;

	must(key_use_list(&site, ctx, &list, &e), "key_use_list");
	u = (const void *)list.data;
	for (size_t i = 0; i < list.len / sizeof(*u); i++)
		n += memcmp(u[i].master, id, MASTER_ID) == 0;
	buf_free(&list);
	return n;
}

static void
good(const char *when)
{
	struct site fresh;
	struct keyring *k;

	must(site_open(&server.conf, &fresh, &e), "site_open");
	is_int(told(site_ready(&fresh, &e), &e), ERR_OK,
	    "S22: %s: one that starts now is ready", when);
	is_int(told(site_keyring(&fresh, &two, &k, &e), &e), ERR_OK,
	    "and opens keys");
	site_close(&fresh);
	is_int(told(site_ready(&site, &e), &e), ERR_OK,
	    "and one that started before");
}

static void
test_steps(void)
{
	char path[100];
	bool made;

	snprintf(path, sizeof(path), "%s/new", keys_dir);
	must(master_create(path, &e), "master_create");
	must(site_open(&server.conf, &other, &e), "site_open");
	master_current(other.masters, old_id);
	must(master_stage(keys_dir, other.masters, path, new_id, &e), "stage");
	reread();
	good("the new key beside the old one");
	is_int(master_canary_add(&other, new_id, &made, &e), ERR_OK, "canary");
	ok(made, "made");
	must(master_canary_add(&other, new_id, &made, &e), "canary");
	ok(!made, "once");
	good("two canaries");
	must(master_promote(keys_dir, other.masters, new_id, &e), "promote");
	good("promoted");
}

static void
test_rewrap(void)
{
	struct rewrapped done;

	reread();
	must(master_rewrap(&other, NULL, NULL, &done, &e), "rewrap");
	is_int(done.keys, 6, "three keys of two accounts are wrapped anew");
	is_int(keys_under(&one, new_id), 3, "S22: by the new key");
	must(master_rewrap(&other, NULL, NULL, &done, &e), "rewrap");
	is_int(done.keys, 0, "a second pass finds nothing");
	good("all is under the new key");
}

static void
test_conflict(void)
{
	char hex[MASTER_ID_TEXT], sql[200];

	master_id_text(old_id, hex);
	snprintf(sql, sizeof(sql),
	    "UPDATE account_key SET master_id = X'%s' WHERE account_id = 1"
	    " AND kind = 1",
	    hex);
	tenant_sql(sql);
	is_int(master_canary_retire(&other, old_id, &e), ERR_CONFLICT,
	    "S22: a master key that wraps a key still is not retired");
	is_int(told(site_ready(&other, &e), &e), ERR_OK, "its canary stays");
	master_id_text(new_id, hex);
	snprintf(
	    sql, sizeof(sql), "UPDATE account_key SET master_id = X'%s'", hex);
	tenant_sql(sql);
}

static enum err_code
hold(struct db *db, void *arg, struct err *err)
{
	(void)db;
	return site_master_hold(arg, err);
}

/* `site` has the old key as the current one all the while. */
static void
test_stale(void)
{
	uint8_t id[MASTER_ID];
	struct site stale;
	uint32_t account;
	bool was;

	must(site_open(&server.conf, &stale, &e), "site_open");
	must(master_canary_retire(&other, old_id, &e), "retire");
	good("the old key's canary is gone");
	must(master_retire(keys_dir, old_id, &was, &e), "retire");
	ok(was, "the old file is destroyed");
	must(master_retire(keys_dir, new_id, &was, &e), "retire");
	ok(was, "and the second name of the new one");
	good("replaced");
	is_int(told(account_create(&stale, "late", "Late", &account, &e), &e),
	    ERR_OK, "an account is made by one that knew the old key");
	is_int(keys_under(&(struct db_context){.account_id = account}, new_id),
	    3, "S22: under the new one");
	master_current(stale.masters, id);
	ok(memcmp(id, new_id, MASTER_ID) == 0, "which it knows now");
	site_close(&stale);
}

/* The directory holds a key that the database does not know. */
static void
test_unknown(void)
{
	struct site s;
	uint32_t account;

	must(site_open(&server.conf, &s, &e), "site_open");
	tenant_sql("UPDATE master_canary SET master_id = X'0011223344556677'");
	is_int(account_create(&s, "none", "None", &account, &e), ERR_CRYPTO,
	    "S22: no key is made under a master key that is not known");
	is_int(
	    db_transaction(s.db, hold, NULL, &s, &e), ERR_CRYPTO, "nor held");
	site_close(&s);
}

int
main(void)
{
	tenant_begin();
	test_steps();
	test_rewrap();
	test_conflict();
	test_stale();
	test_unknown();
	site_close(&other);
	return tenant_end();
}
