/* Master keys, salts, keyrings, values and digests: S2, S19, S22, S23, S25. */
#include "t/vault/scratch.h"
#include "base/buf.h"
#include "vault/audit_key.h"
#include "vault/keyring.h"
#include "vault/rand.h"

#define W1 "6b1f0a0e-52c4-4f5e-9d0a-0d6a1d7f0001"
#define W2 "6b1f0a0e-52c4-4f5e-9d0a-0d6a1d7f0002"
#define C1 "0c7be7d2-7a0f-4a65-8f8e-3f1d5a9b0001"
#define C2 "0c7be7d2-7a0f-4a65-8f8e-3f1d5a9b0002"

static const char hex_a[] =
    "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F\n";
static const char hex_b[] =
    "f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/* The stored keys of one account, as the database would hold them. */
struct stored {
	uint8_t data[2][WRAPPED_LEN], index[WRAPPED_LEN], rest[WRAPPED_LEN];
	uint8_t master[MASTER_ID];
};

static struct master_keys *
load(void)
{
	struct master_keys *m;
	struct err e;

	if (master_load(scratch_dir, &m, &e)) {
		printf("# %s\n", err_text(&e));
		exit(1);
	}
	return m;
}

static void
refused(const char *name, const char *says)
{
	struct master_keys *m;
	struct err e = {0};

	ok(master_load(scratch_dir, &m, &e) == ERR_BAD_REQUEST && !m &&
	        strstr(err_text(&e), says),
	    "S2: %s: \"%s\"", name, says);
	ok(!strstr(e.text, "0102030405") && !strstr(e.cause, "0102030405"),
	    "S2: %s: the message does not hold the key", name);
}

static void
test_files(void)
{
	static const char *const others[] = {"master-1.key", "master-2.key",
	    "master-3.key", "master-4.key", "master-5.key", "master-6.key",
	    "master-7.key", "master-8.key"};
	char text[sizeof(hex_b)];
	struct master_keys *m;

	refused("missing", "no master key");
	scratch_write("master.key", "", 0, 0600);
	refused("empty", "64 hex digits");
	scratch_write("master.key", hex_a, 63, 0600);
	refused("short", "64 hex digits");
	scratch_write("master.key", "zz", 2, 0600);
	refused("not hex", "64 hex digits");
	memcpy(text, hex_b, sizeof(text));
	text[63] = 'g';
	scratch_write("master.key", text, 64, 0600);
	refused("nearly hex", "64 hex digits");
	scratch_write("master.key", hex_a, 65, 0640);
	refused("readable by the group", "chmod 600");
	scratch_write("master.key", hex_a, 65, 0604);
	refused("readable by all", "chmod 600");
	scratch_write("master.key", hex_a, 65, 0600);
	m = load();
	ok(m != NULL, "a good master key loads");
	master_free(&m);
	ok(m == NULL, "master_free sets NULL");
	memcpy(text, hex_b, sizeof(text));
	for (size_t i = 0; i < 8; i++) {
		text[0] = (char)('1' + i);
		scratch_write(others[i], text, 64, 0600);
	}
	refused("too many", "more than 8");
	for (size_t i = 0; i < 8; i++)
		unlink(scratch_path(others[i]));
	scratch_write("master-old.key", hex_b, 64, 0644);
	refused("an older one readable by all", "chmod 600");
	unlink(scratch_path("master-old.key"));
	unlink(scratch_path("master.key"));
}

static void
test_init(void)
{
	uint8_t id[MASTER_ID], again[MASTER_ID];
	struct master_keys *m;
	char dir[SCRATCH_PATH * 2];
	struct mac *key;
	struct stat st;
	struct err e;
	bool made;

	snprintf(dir, sizeof(dir), "%s", scratch_path("keys"));
	is_int(master_init(dir, &made, &e), ERR_OK, "master_init");
	ok(made, "master_init makes a master key");
	ok(stat(dir, &st) == 0 && (st.st_mode & 07777) == 0700,
	    "the key directory has mode 0700");
	ok(stat(scratch_path("keys/master.key"), &st) == 0 &&
	        (st.st_mode & 07777) == 0600,
	    "the master key has mode 0600");
	ok(stat(scratch_path("keys/jwt.secret"), &st) == 0 &&
	        (st.st_mode & 07777) == 0600 && st.st_size >= 32,
	    "there is a token secret");
	is_int(master_load(dir, &m, &e), ERR_OK, "it loads");
	master_current(m, id);
	master_free(&m);
	is_int(audit_key_load(dir, &key, &e), ERR_OK, "so does the audit key");
	mac_free(&key);
	is_int(truncate(scratch_path("keys/audit.key"), 31), 0, "cut");
	is_int(audit_key_load(dir, &key, &e), ERR_BAD_REQUEST,
	    "a short one is refused");
	unlink(scratch_path("keys/audit.key"));
	is_int(audit_key_load(dir, &key, &e), ERR_BAD_REQUEST,
	    "a missing one too");
	ok(strstr(err_text(&e), "cofferctl init"), "says what to do: %s",
	    err_text(&e));
	is_int(master_init(dir, &made, &e), ERR_OK, "master_init again");
	is_int(audit_key_load(dir, &key, &e), ERR_OK, "makes the audit key");
	mac_free(&key);
	ok(!made, "which makes none");
	is_int(master_load(dir, &m, &e), ERR_OK, "it loads");
	master_current(m, again);
	master_free(&m);
	ok(memcmp(id, again, MASTER_ID) == 0, "and overwrites none");
	is_int(chmod(dir, 0777), 0, "a directory that all may write to");
	is_int(master_init(dir, &made, &e), ERR_BAD_REQUEST, "is refused");
}

static void
test_canary(void)
{
	uint8_t canary[CANARY_LEN], id[MASTER_ID], other_id[MASTER_ID];
	struct master_keys *m;
	struct err e = {0};

	scratch_write("master.key", hex_a, 65, 0600);
	m = load();
	master_current(m, id);
	master_canary_make(m, id, canary);
	is_int(master_canary_check(m, id, canary, &e), ERR_OK,
	    "S22: the right master key opens the canary");
	canary[20] ^= 1;
	is_int(master_canary_check(m, id, canary, &e), ERR_CRYPTO,
	    "S22: an altered canary is noticed");
	canary[20] ^= 1;
	master_free(&m);

	scratch_write("master.key", hex_b, 64, 0600);
	m = load();
	master_current(m, other_id);
	ok(memcmp(id, other_id, MASTER_ID) != 0, "another key, another id");
	is_int(master_canary_check(m, id, canary, &e), ERR_CRYPTO,
	    "S22: a wrong master key is noticed by its id");
	is_int(master_canary_check(m, other_id, canary, &e), ERR_CRYPTO,
	    "S22: and by the canary, if the id is that of the wrong key");
	master_free(&m);

	scratch_write("master-old.key", hex_a, 65, 0600);
	m = load();
	is_int(master_canary_check(m, id, canary, &e), ERR_OK,
	    "S22: while it is being replaced the old one opens it");
	master_current(m, id);
	ok(memcmp(id, other_id, MASTER_ID) == 0,
	    "S22: and that of master.key is the current one");
	master_free(&m);
	unlink(scratch_path("master-old.key"));
	scratch_write("master.key", hex_a, 65, 0600);
}

static struct keyring *
account_make(struct master_keys *m, const char *code, struct stored *s)
{
	struct keyring *k;
	struct err e = {0};

	if (salt_create(scratch_dir, code, &e) ||
	    keyring_new(m, scratch_dir, code, 7, &k, &e) ||
	    keyring_make(k, KEY_DATA, 1, s->data[0], &e) ||
	    keyring_make(k, KEY_INDEX, 1, s->index, &e) ||
	    keyring_make(k, KEY_REST, 1, s->rest, &e)) {
		printf("# %s / %s\n", e.text, e.cause);
		exit(1);
	}
	master_current(m, s->master);
	return k;
}

static enum err_code
account_open(struct master_keys *m, const char *code, const struct stored *s,
    struct keyring **out, struct err *e)
{
	enum err_code rc;

	rc = keyring_new(m, scratch_dir, code, 7, out, e);
	if (rc == ERR_OK)
		rc = keyring_add(
		    *out, KEY_DATA, 1, s->master, s->data[0], WRAPPED_LEN, e);
	if (rc == ERR_OK)
		rc = keyring_add(
		    *out, KEY_INDEX, 1, s->master, s->index, WRAPPED_LEN, e);
	if (rc == ERR_OK)
		rc = keyring_add(
		    *out, KEY_REST, 1, s->master, s->rest, WRAPPED_LEN, e);
	if (rc)
		keyring_free(out);
	return rc;
}

static void
test_wrap(struct master_keys *m, struct keyring *k, struct stored *s)
{
	uint8_t key[AEAD_KEY], back[AEAD_KEY];
	struct keyring *again;
	struct err e = {0};

	ok(keyring_complete(k) && keyring_epoch(k) == 7 &&
	        keyring_version(k) == 1,
	    "a ring with one key of each kind");
	is_int(keyring_make(k, KEY_DATA, 2, s->data[1], &e), ERR_OK,
	    "a second data key");
	is_int(keyring_version(k), 2, "is the current one");
	is_int(keyring_make(k, KEY_DATA, 2, s->data[1], &e), ERR_CONFLICT,
	    "and is made once");
	is_int(account_open(m, "acme", s, &again, &e), ERR_OK, "unwraps");
	is_int(keyring_version(again), 1, "of the old version alone");
	is_int(keyring_add(
	           again, KEY_DATA, 2, s->master, s->data[1], WRAPPED_LEN, &e),
	    ERR_OK, "then the new one");
	is_int(keyring_reveal(k, 2, key, &e), ERR_OK, "a key is revealed");
	is_int(keyring_reveal(again, 2, back, &e), ERR_OK, "and there too");
	ok(memcmp(key, back, AEAD_KEY) == 0, "what unwraps is what was made");
	is_int(keyring_reveal(k, 3, key, &e), ERR_NOT_FOUND,
	    "a version that is not there is not revealed");
	ok(keyring_data(k, 3) == NULL && keyring_data(k, 1) != NULL,
	    "keyring_data knows its versions");
	keyring_free(&again);
	ok(again == NULL, "keyring_free sets NULL");
}

static void
test_wrap_bad(struct master_keys *m, const struct stored *s)
{
	uint8_t bad[WRAPPED_LEN], id[MASTER_ID] = {0};
	struct keyring *k;
	int added = 0;
	struct err e;

	if (keyring_new(m, scratch_dir, "acme", 1, &k, &e))
		exit(1);
	ok(!keyring_complete(k) && keyring_version(k) == 0, "an empty ring");
	for (size_t i = 0; i < WRAPPED_LEN; i++) {
		memcpy(bad, s->data[0], sizeof(bad));
		bad[i] ^= 0x80;
		added += keyring_add(k, KEY_DATA, 1, s->master, bad,
		             WRAPPED_LEN, &e) != ERR_CRYPTO;
	}
	is_int(added, 0, "S18: no flipped byte of a wrapped key is taken");
	is_int(
	    keyring_add(k, KEY_DATA, 2, s->master, s->data[0], WRAPPED_LEN, &e),
	    ERR_CRYPTO, "S19: a wrapped key does not pass as another version");
	is_int(
	    keyring_add(k, KEY_REST, 1, s->master, s->data[0], WRAPPED_LEN, &e),
	    ERR_CRYPTO, "S19: nor as another kind");
	is_int(keyring_add(k, KEY_DATA, 1, id, s->data[0], WRAPPED_LEN, &e),
	    ERR_CRYPTO, "nor under a master key that is not there");
	is_int(keyring_add(
	           k, KEY_DATA, 1, s->master, s->data[0], WRAPPED_LEN - 1, &e),
	    ERR_CRYPTO, "nor cut");
	is_int(keyring_version(k), 0, "and nothing of it is in the ring");
	keyring_free(&k);
}

static enum err_code
try_open(struct keyring *k, uint32_t version, const char *w, const char *c,
    const char *field, const struct buf *b64, struct buf *out)
{
	struct err e;

	out->len = 0;
	return value_open(
	    k, version, w, c, field, b64->data, b64->len, out, &e);
}

static void
test_value(struct keyring *k, struct keyring *other)
{
	struct buf b = {0}, b2 = {0}, out = {0}, full = {.max = 10};
	const char json[] = "\"ann@example.com\"";
	size_t n = strlen(json);
	struct err e;

	value_seal(k, W1, C1, "email", json, n, &b);
	is_int(b.len, (n + AEAD_OVERHEAD + 2) / 3 * 4, "base64 of the record");
	is_int(try_open(k, 2, W1, C1, "email", &b, &out), ERR_OK, "opens");
	is_str(out.data, json, "as what was sealed");
	value_seal(k, W1, C1, "email", json, n, &b2);
	ok(strcmp(b.data, b2.data) != 0, "S17: sealed again it is another");
	is_int(try_open(k, 1, W1, C1, "email", &b, &out), ERR_CRYPTO,
	    "under another version it does not open");
	is_int(try_open(k, 9, W1, C1, "email", &b, &out), ERR_CRYPTO,
	    "nor under one that is not held");
	is_int(try_open(k, 2, W2, C1, "email", &b, &out), ERR_CRYPTO,
	    "S19: in another workspace it fails");
	is_int(try_open(k, 2, W1, C2, "email", &b, &out), ERR_CRYPTO,
	    "S19: with another customer it fails");
	is_int(try_open(k, 2, W1, C1, "phone", &b, &out), ERR_CRYPTO,
	    "S19: in another field it fails");
	is_int(try_open(other, 1, W1, C1, "email", &b, &out), ERR_CRYPTO,
	    "in another account it fails");
	is_int(out.len, 0, "S18: and what fails appends nothing");
	is_int(value_open(k, 2, W1, C1, "email", b.data, b.len, &full, &e),
	    ERR_TOO_LARGE, "a full buffer is told");
	is_int(value_open(k, 2, W1, C1, "email", "junk", 4, &out, &e),
	    ERR_CRYPTO, "short junk fails");
	is_int(value_open(k, 2, W1, C1, "email", "!", 1, &out, &e), ERR_CRYPTO,
	    "no base64 fails");
	buf_free(&b);
	buf_free(&b2);
	buf_free(&out);
	buf_free(&full);
}

static void
test_index(struct keyring *k, struct keyring *other)
{
	uint8_t base[INDEX_LEN], d[INDEX_LEN];
	struct uuid w1, w2;

	uuid_parse(W1, 36, &w1);
	uuid_parse(W2, 36, &w2);
	blind_index(k, &w1, 1, "ann@example.com", 15, base);
	blind_index(k, &w1, 1, "ann@example.com", 15, d);
	ok(!memcmp(base, d, INDEX_LEN), "a digest is the same each time");
	blind_index(other, &w1, 1, "ann@example.com", 15, d);
	ok(memcmp(base, d, INDEX_LEN), "S23: another account, another digest");
	blind_index(k, &w2, 1, "ann@example.com", 15, d);
	ok(memcmp(base, d, INDEX_LEN),
	    "S23: another workspace, another digest");
	blind_index(k, &w1, 2, "ann@example.com", 15, d);
	ok(memcmp(base, d, INDEX_LEN), "S23: another field, another digest");
	blind_index(k, &w1, 1, "ann@example.con", 15, d);
	ok(memcmp(base, d, INDEX_LEN), "another value, another digest");
}

/* Everything at rest has a key of its own. */
static void
test_rest(struct keyring *k, struct keyring *other)
{
	uint8_t sealed[4 + AEAD_OVERHEAD], out[4];
	uint8_t one[MAC_LEN], two[MAC_LEN];
	struct err e;

	aead_seal(keyring_rest(k, REST_QUEUE), "x", 1, "rows", 4, sealed);
	is_int(aead_open(keyring_rest(k, REST_QUEUE), "x", 1, sealed,
	           sizeof(sealed), out, &e),
	    ERR_OK, "what is queued opens");
	is_int(aead_open(keyring_rest(k, REST_ERRORS), "x", 1, sealed,
	           sizeof(sealed), out, &e),
	    ERR_CRYPTO, "for another purpose it does not");
	is_int(aead_open(keyring_rest(other, REST_QUEUE), "x", 1, sealed,
	           sizeof(sealed), out, &e),
	    ERR_CRYPTO, "nor in another account");
	mac_add(keyring_rest_mac(k, REST_IDEMPOTENCY), "x", 1);
	mac_add(keyring_rest_mac(k, REST_SEARCH), "x", 1);
	mac_finish(keyring_rest_mac(k, REST_IDEMPOTENCY), one);
	mac_finish(keyring_rest_mac(k, REST_SEARCH), two);
	ok(memcmp(one, two, MAC_LEN) != 0, "a digest is of one purpose");
}

static void
test_salt(struct master_keys *m, const struct stored *s)
{
	uint8_t fresh[32];
	struct keyring *k;
	struct err e = {0};

	is_int(salt_create(scratch_dir, "acme", &e), ERR_CONFLICT,
	    "a salt is never overwritten");
	is_int(salt_create(scratch_dir, "../acme", &e), ERR_BAD_REQUEST,
	    "a code that is a path is refused");
	is_int(salt_create(scratch_dir, "", &e), ERR_BAD_REQUEST,
	    "so is an empty one");
	is_int(salt_create(scratch_dir, "..", &e), ERR_BAD_REQUEST,
	    "so is a dotted one");
	is_int(account_open(m, "acme", s, &k, &e), ERR_OK, "opens before");
	keyring_free(&k);
	unlink(scratch_path("salt/acme"));
	is_int(account_open(m, "acme", s, &k, &e), ERR_CRYPTO,
	    "S25: with the salt gone there is no ring, master key or not");
	rand_key(fresh, sizeof(fresh));
	scratch_write("salt/acme", fresh, sizeof(fresh), 0600);
	is_int(account_open(m, "acme", s, &k, &e), ERR_CRYPTO,
	    "S25: and under another salt nothing unwraps");
	scratch_write("salt/acme", fresh, 31, 0600);
	is_int(account_open(m, "acme", s, &k, &e), ERR_CRYPTO,
	    "a cut salt is refused");
}

/* The old master key beside the new one still unwraps; alone, the new one
 * does not. */
static void
test_replace(const struct stored *s)
{
	struct master_keys *m;
	struct keyring *k;
	struct err e = {0};

	scratch_write("master.key", hex_b, 64, 0600);
	m = load();
	is_int(account_open(m, "bravo", s, &k, &e), ERR_CRYPTO,
	    "S22: without its master key an account does not open");
	ok(!strstr(err_text(&e), "bravo"), "and the caller is told no details");
	master_free(&m);
	scratch_write("master-old.key", hex_a, 65, 0600);
	m = load();
	is_int(account_open(m, "bravo", s, &k, &e), ERR_OK,
	    "S22: with the old one beside the new one it does");
	keyring_free(&k);
	master_free(&m);
}

int
main(void)
{
	struct stored acme, bravo;
	struct keyring *a, *b;
	struct master_keys *m;

	vault_setup();
	scratch_begin();
	test_files();
	test_init();
	test_canary();
	mkdir(scratch_path("salt"), 0700);
	m = load();
	a = account_make(m, "acme", &acme);
	b = account_make(m, "bravo", &bravo);
	test_wrap(m, a, &acme);
	test_wrap_bad(m, &acme);
	test_value(a, b);
	test_index(a, b);
	test_rest(a, b);
	test_salt(m, &acme);
	keyring_free(&a);
	keyring_free(&b);
	master_free(&m);
	test_replace(&bravo);
	return done_testing();
}
