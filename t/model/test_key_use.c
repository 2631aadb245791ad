/* S20: how much each key has sealed, the warning, and the end. */
#include "base/log.h"
#include "model/key_use.h"
#include "tenant.h"

static char log_path[100];

/* How many lines of the log hold a text. */
static unsigned
logged(const char *text)
{
	char line[1000];
	unsigned n = 0;
	FILE *f = fopen(log_path, "r");

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, text) != NULL;
	if (f)
		fclose(f);
	return n;
}

/* The account's key of a kind; the last one, if there are several. */
static struct key_use
use_of(enum key_kind kind)
{
	struct key_use found = {0}, *u;
	struct buf list = {0};

	must(key_use_list(&site, &one, &list, &e), "key_use_list");
	u = (void *)list.data;
	for (size_t i = 0; i < list.len / sizeof(*u); i++)
		if (u[i].kind == kind)
			found = u[i];
	buf_free(&list);
	return found;
}

static void
test_count(void)
{
	is_int(key_use_add(&site, &one, KEY_DATA, 1, 7, &e), ERR_OK, "counted");
	must(key_use_add(&site, &one, KEY_DATA, 1, 5, &e), "count");
	is_int(use_of(KEY_DATA).sealed, 12, "S20: encryptions add up");
	is_int(use_of(KEY_REST).sealed, 0, "S20: of each key by itself");
	ok(use_of(KEY_DATA).current && !use_of(KEY_DATA).exhausted,
	    "it need not be rotated");
	is_int(key_use_add(&site, &one, KEY_DATA, 99, 1, &e), ERR_OK,
	    "a key that is gone counts no more");
}

static void
test_warning(void)
{
	struct conf conf = *site.conf;
	const struct conf *was = site.conf;

	conf.keys_rotate_at = 1000;
	site.conf = &conf;
	must(key_use_add(&site, &one, KEY_DATA, 1, 987, &e), "count");
	is_int(logged("rotate it"), 0, "999: the log is silent");
	must(key_use_add(&site, &one, KEY_DATA, 1, 1, &e), "count");
	is_int(logged("data key version 1 has sealed 1000 values: rotate it"),
	    1, "S20: at rotate_at a key asks for rotation");
	ok(use_of(KEY_DATA).exhausted, "S20: and the list says so");
	must(key_use_add(&site, &one, KEY_DATA, 1, 5000, &e), "count");
	is_int(logged("rotate it"), 1, "once, not at each write");
	tenant_sql("INSERT INTO account_key SELECT account_id, kind, 2,"
	           " master_id, wrapped, 0, 0, NULL FROM account_key"
	           " WHERE account_id = 1 AND kind = 1");
	is_int(use_of(KEY_DATA).version, 2, "with a newer version");
	tenant_sql("DELETE FROM account_key WHERE version = 2");
	site.conf = was;
}

static void
test_end(void)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "UPDATE account_key SET sealed = %llu",
	    (unsigned long long)KEY_USE_MAX - 10);
	tenant_sql(sql);
	is_int(key_use_add(&site, &one, KEY_DATA, 1, 10, &e), ERR_OK,
	    "up to the last");
	is_int(key_use_add(&site, &one, KEY_DATA, 1, 1, &e), ERR_CRYPTO,
	    "S20: nothing is sealed past 2^32 less a margin");
	ok(strstr(e.cause, "rotate it") && !e.text[0],
	    "the log says what to do, the caller nothing");
	is_int(key_use_add(&site, &one, KEY_REST, 1, 20, &e), ERR_OK,
	    "what is at rest is warned of, not refused");
}

static void
test_gather(void)
{
	char sql[200];

	tenant_sql("UPDATE account_key SET sealed = 0");
	must(key_use_gather(&site, &one, 1, KEY_USE_GATHERED - 1, &e), "few");
	is_int(use_of(KEY_DATA).sealed, 0, "a few wait in memory");
	must(key_use_gather(&site, &one, 1, 3, &e), "more");
	is_int(use_of(KEY_DATA).sealed, KEY_USE_GATHERED + 2,
	    "S20: all are counted, together");
	must(key_use_gather(&site, &one, 1, 9, &e), "few again");
	is_int(use_of(KEY_DATA).sealed, KEY_USE_GATHERED + 2, "once");
	snprintf(sql, sizeof(sql), "UPDATE account_key SET sealed = %llu",
	    (unsigned long long)KEY_USE_MAX - 10);
	tenant_sql(sql);
	is_int(key_use_gather(&site, &one, 1, KEY_USE_GATHERED, &e), ERR_CRYPTO,
	    "S20: nothing is sealed past the end");
	is_int(key_use_gather(&site, &one, 1, 1, &e), ERR_CRYPTO,
	    "S20: from then on");
	is_int(key_use_gather(&site, &one, 2, 1, &e), ERR_OK,
	    "but under a newer version");
}

static void
test_rest(void)
{
	struct keyring *k;
	uint8_t out[AEAD_OVERHEAD + 1];
	uint64_t before;

	tenant_sql("UPDATE account_key SET sealed = 0");
	must(site_keyring(&site, &one, &k, &e), "keyring");
	before = use_of(KEY_REST).sealed;
	for (int i = 0; i < 100; i++)
		aead_seal(keyring_rest(k, REST_QUEUE), "", 0, "x", 1, out);
	site_settle(&site);
	is_int(use_of(KEY_REST).sealed, before, "a few wait in memory");
	for (int i = 0; i < 200; i++)
		aead_seal(keyring_rest(k, REST_ERRORS), "", 0, "x", 1, out);
	site_settle(&site);
	is_int(use_of(KEY_REST).sealed, 300,
	    "S20: what is sealed at rest is counted, whatever its use");
	site_settle(&site);
	is_int(use_of(KEY_REST).sealed, 300, "once");
}

int
main(void)
{
	tenant_begin();
	snprintf(log_path, sizeof(log_path), "%s/log", keys_dir);
	log_open("test", log_path, LOG_INFO);
	test_count();
	test_warning();
	test_end();
	test_gather();
	test_rest();
	return tenant_end();
}
