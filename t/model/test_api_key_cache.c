/* API keys that are remembered, and what ends it. */
#include "model/api_key_cache.h"
#include "model/customer_row.h"
#include "model/erase.h"
#include "model/rotate.h"
#include "tenant.h"

static void
test_digest(void)
{
	uint8_t a[API_KEY_CACHE_DIGEST], b[API_KEY_CACHE_DIGEST];

	api_key_cache_digest("one", "key", a);
	api_key_cache_digest("one", "key", b);
	ok(!memcmp(a, b, sizeof(a)), "a key has one digest");
	api_key_cache_digest("two", "key", b);
	ok(memcmp(a, b, sizeof(a)) != 0, "S6: with each tenant another");
	api_key_cache_digest("onek", "ey", b);
	ok(memcmp(a, b, sizeof(a)) != 0, "where the tenant ends counts");
}

/* A digest that falls into the first set. */
static void
digest_of(uint8_t n, uint8_t out[API_KEY_CACHE_DIGEST])
{
	memset(out, 0, API_KEY_CACHE_DIGEST);
	out[API_KEY_CACHE_DIGEST - 1] = n;
}

static void
test_bound(void)
{
	struct api_key_cache *c = NULL;
	uint8_t digest[API_KEY_CACHE_DIGEST];
	struct api_key key = {0};
	const struct api_key *found;
	uint8_t n;

	digest_of(0, digest);
	ok(!api_key_cache_find(c, digest),
	    "nothing is there before there is one");
	for (n = 0; n < API_KEY_CACHE_WAYS; n++) {
		key.generation = n;
		digest_of(n, digest);
		api_key_cache_put(&c, digest, &key);
	}
	digest_of(0, digest);
	found = api_key_cache_find(c, digest);
	ok(found && found->generation == 0, "all have a place");
	digest_of(n, digest);
	api_key_cache_put(&c, digest, &key);
	digest_of(1, digest);
	ok(!api_key_cache_find(c, digest), "then the least lately used goes");
	digest_of(0, digest);
	ok(api_key_cache_find(c, digest) != NULL, "and not the oldest");
	key.generation = 77;
	api_key_cache_put(&c, digest, &key);
	is_int(api_key_cache_find(c, digest)->generation, 77,
	    "a newer one replaces");
	api_key_cache_drop(c, digest);
	ok(!api_key_cache_find(c, digest), "what is dropped is gone");
	digest_of(1, digest);
	api_key_cache_drop(c, digest);
	api_key_cache_free(&c);
	ok(!c, "freed");
}

static void
test_proof(void)
{
	struct key_proof p = {true, 5};

	is_int(key_proof_take(&p, 6, &e), ERR_SUPERSEDED,
	    "another generation is no proof");
	is_int(key_proof_take(&p, 0, &e), ERR_SUPERSEDED,
	    "nor is a workspace that is gone");
	ok(p.owed, "it is still owed");
	is_int(key_proof_take(&p, 5, &e), ERR_OK, "the same one is");
	ok(!p.owed, "then nothing is");
	is_int(key_proof_take(&p, 6, &e), ERR_OK, "whatever comes then");
}

static char secret[API_KEY_TEXT];
static struct uuid secret_id;

static void
test_open(void)
{
	struct api_key key, again;

	must(api_key_create(&site, &one, "", "all", secret, &secret_id, &e),
	    "api_key_create");
	ok(!api_key_recall(&site, "one", secret, &key),
	    "a new key is not remembered");
	is_int(api_key_open(&site, "two", secret, &key, &e), ERR_AUTH,
	    "S6: not another tenant's");
	ok(!api_key_recall(&site, "two", secret, &key), "nor remembered so");
	is_int(told(api_key_open(&site, "one", secret, &key, &e), &e), ERR_OK,
	    "its own");
	ok(api_key_recall(&site, "one", secret, &again), "which is");
	ok(again.workspace_id == one.workspace_id &&
	        again.generation == key.generation && key.generation > 1,
	    "with the generation of its workspace");
	ok(!api_key_recall(&site, "two", secret, &again), "S6: and that alone");
	is_int(
	    api_key_open(&site, "one", "cfk_x", &key, &e), ERR_AUTH, "no key");
}

static void
take(struct db_rows *r, void *arg)
{
	*(uint64_t *)arg = (uint64_t)db_get_int(r, CUSTOMER_ROW);
}

static uint64_t
generation(const struct db_context *ctx)
{
	struct uuid nobody;
	uint64_t n = 0;

	rand_uuid(&nobody);
	must(db_one(site.db, ctx, SQL_OPEN_PROVEN, DB_ARGS(db_uuid(&nobody)),
	         take, &n, &e),
	    "the generation");
	return n;
}

static uint32_t
epoch(void)
{
	struct keyring *k;

	must(site_keyring(&site, &one, &k, &e), "keyring");
	return keyring_epoch(k);
}

/* Account-wide acts reach all workspaces, however many, and the account
 * once. */
static void
test_accounts(void)
{
	struct erasure x;
	struct buf jobs = {0};
	struct db_context second = one, none = {0};
	struct uuid id;
	uint64_t was, was_second, was_two = generation(&two);
	uint32_t was_epoch = epoch();

	must(workspace_create(site.db, &one, "Second", &id, &e), "create");
	must(workspace_find(site.db, &one, &id, &second.workspace_id, &e),
	    "find");
	was = generation(&one);
	was_second = generation(&second);
	ok(was_second > was, "a workspace begins past all there was");
	is_int(told(rotate_start(&site, &one, "one", KEY_DATA, &jobs, &e), &e),
	    ERR_OK, "a rotation without customers, which ends at once");
	is_int(epoch(), was_epoch + 2, "counts twice: a new key, the old gone");
	ok(generation(&one) > was && generation(&second) > was_second,
	    "S5: for all workspaces of the account");
	is_int(generation(&two), was_two, "and no other's");
	must(account_create(&site, "bare", "Bare", &none.account_id, &e),
	    "account_create");
	is_int(
	    told(rotate_start(&site, &none, "bare", KEY_DATA, &jobs, &e), &e),
	    ERR_OK, "an account without workspaces has rotations too");
	was = generation(&one);
	was_second = generation(&second);
	must(erase_look(&site, "one", &x, &e), "erase_look");
	is_int(told(erase_begin(&site, &x, &e), &e), ERR_OK,
	    "an account is marked as gone");
	ok(generation(&one) > was && generation(&second) > was_second,
	    "S5: which every workspace says");
	must(erase_look(&site, "bare", &x, &e), "erase_look");
	is_int(told(erase_begin(&site, &x, &e), &e), ERR_OK,
	    "so is one without workspaces");
	is_int(account_find(site.db, "bare", &none.account_id, &e),
	    ERR_NOT_FOUND, "which is gone at once");
	buf_free(&jobs);
}

static void
test_gone(void)
{
	struct api_key key;

	is_int(api_key_open(&site, "one", secret, &key, &e), ERR_AUTH,
	    "S25: its key opens nothing");
	ok(!api_key_recall(&site, "one", secret, &key), "and is forgotten");
}

int
main(void)
{
	tenant_begin();
	test_digest();
	test_bound();
	test_proof();
	test_open();
	test_accounts();
	test_gone();
	return tenant_end();
}
