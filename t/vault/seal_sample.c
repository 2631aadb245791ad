/*
 * Not a test by itself: seals sample customers with the server's own code,
 * for test_decrypt.py. Makes DIR/keys (data keys by version, as cofferctl
 * prints them) and DIR/page.json (as /v1/customer answers), and the key
 * directory DIR/vault.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "vault/keyring.h"
#include "vault/rand.h"

#define WORKSPACE "6b1f0a0e-52c4-4f5e-9d0a-0d6a1d7f0001"

/* Each customer's PII as JSON texts: email, spend, vip, tags. */
static const char *const samples[][4] = {
    {"\"ann@example.com\"", "1500.00", "true", "[\"a\",\"b\"]"},
    {"\"Zo\xc3\xab \\\"Z\\\" Nu\xc3\xb1"
     "ez \xf0\x9f\x98\x80\\n\"",
        "-0.1", "false", "[]"},
    {"\"\"", "9007199254740993", "null", "[1,2.50]"},
};
static const char *const fields[] = {"email", "spend", "vip", "tags"};

static void
must(enum err_code rc, const struct err *e)
{
	if (rc == ERR_OK)
		return;
	fprintf(stderr, "%s %s\n", err_text(e), e->cause);
	exit(1);
}

static void
save(const char *dir, const char *name, const struct buf *b)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fwrite(b->data, 1, b->len, f) != b->len || fclose(f)) {
		perror(path);
		exit(1);
	}
}

/* A ring with data keys 1 to 3. */
static struct keyring *
make_ring(const char *dir)
{
	uint8_t wrapped[WRAPPED_LEN];
	struct master_keys *m;
	char keys[4096];
	struct keyring *k;
	struct err e;
	bool made;

	snprintf(keys, sizeof(keys), "%s/vault", dir);
	must(master_init(keys, &made, &e), &e);
	must(master_load(keys, &m, &e), &e);
	must(salt_create(keys, "acme", &e), &e);
	must(keyring_new(m, keys, "acme", 1, &k, &e), &e);
	must(keyring_make(k, KEY_DATA, 1, wrapped, &e), &e);
	master_free(&m);
	return k;
}

static void
add_customer(struct keyring *k, struct buf *b, const char *const texts[4])
{
	char customer[UUID_TEXT];
	struct uuid u;

	rand_uuid(&u);
	uuid_format(&u, customer);
	buf_addf(b, "{\"customer_id\":\"%s\",\"extended_profile\":{", customer);
	for (size_t i = 0; i < 4; i++) {
		buf_addf(b, "\"%s\":\"", fields[i]);
		value_seal(k, WORKSPACE, customer, fields[i], texts[i],
		    strlen(texts[i]), b);
		buf_adds(b, "\",");
	}
	buf_addf(b, "\"city\":\"K\xc3\xb6ln\"},\"key_version\":%u}",
	    keyring_version(k));
}

/* The data keys, and one customer sealed under each version. */
static void
make_files(const char *dir, struct keyring *k)
{
	struct buf page = {0}, keys = {0};
	uint8_t wrapped[WRAPPED_LEN], key[AEAD_KEY];
	struct err e;

	buf_adds(&page, "{\"page_number\":0,\"pages\":1,\"customers\":[");
	for (uint32_t v = 1; v <= 3; v++) {
		if (v > 1) {
			must(keyring_make(k, KEY_DATA, v, wrapped, &e), &e);
			buf_addc(&page, ',');
		}
		add_customer(k, &page, samples[v - 1]);
		must(keyring_reveal(k, v, key, &e), &e);
		buf_addf(&keys, "%u ", v);
		buf_add_b64(&keys, key, sizeof(key));
		buf_addc(&keys, '\n');
	}
	buf_adds(&page, "]}\n");
	save(dir, "page.json", &page);
	save(dir, "keys", &keys);
	buf_free(&page);
	buf_free(&keys);
}

int
main(int argc, char **argv)
{
	struct keyring *k;

	if (argc != 2) {
		fprintf(stderr, "usage: seal_sample DIR\n");
		return 2;
	}
	vault_setup();
	k = make_ring(argv[1]);
	make_files(argv[1], k);
	keyring_free(&k);
	return 0;
}
