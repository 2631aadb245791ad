/* Files of master keys and salts that are replaced and destroyed: S22, S25. */
#include "t/vault/scratch.h"
#include "vault/keyfile.h"
#include "vault/keyring.h"
#include "vault/mac.h"
#include "vault/master_file.h"
#include "vault/rand.h"

static struct err e;

static struct master_keys *
load(void)
{
	struct master_keys *m;

	if (master_load(scratch_dir, &m, &e)) {
		printf("# %s\n", err_text(&e));
		exit(1);
	}
	return m;
}

static unsigned
files(const char *part)
{
	DIR *dir = opendir(scratch_dir);
	struct dirent *d;
	unsigned n = 0;

	while (dir && (d = readdir(dir)))
		n += strstr(d->d_name, part) != NULL;
	if (dir)
		closedir(dir);
	return n;
}

static void
test_replace(void)
{
	uint8_t first[MASTER_ID], second[MASTER_ID], id[MASTER_ID];
	struct master_keys *m, *after;
	bool was;

	is_int(master_create(scratch_path("master.key"), &e), ERR_OK, "a key");
	is_int(master_create(scratch_path("master.key"), &e), ERR_CONFLICT,
	    "is not overwritten");
	is_int(master_create(scratch_path("new"), &e), ERR_OK, "another");
	m = load();
	master_current(m, first);
	is_int(master_stage(scratch_dir, m, scratch_path("new"), second, &e),
	    ERR_OK, "stage");
	after = load();
	ok(master_count(after) == 2 && master_holds(after, second),
	    "both are there");
	ok(!master_same(m, after), "which is a change");
	master_current(after, id);
	ok(!memcmp(id, first, MASTER_ID), "the first is current");
	master_free(&m);
	is_int(
	    master_promote(scratch_dir, after, second, &e), ERR_OK, "promote");
	m = load();
	master_current(m, id);
	ok(master_count(m) == 2 && !memcmp(id, second, MASTER_ID),
	    "both are there, the second is current");
	ok(!master_same(m, after), "which is a change too");
	is_int(master_promote(scratch_dir, m, second, &e), ERR_OK, "again");
	is_int(files("master-"), 2, "no harm");
	scratch_write("master.key.AbCdEf", "half a key", 10, 0600);
	is_int(master_retire(scratch_dir, first, &was, &e), ERR_OK, "retire");
	ok(was && files("AbCdEf") == 0,
	    "the old one goes, and what was half made");
	is_int(master_retire(scratch_dir, first, &was, &e), ERR_OK, "again");
	ok(!was, "there is none");
	master_free(&m);
	m = load();
	is_int(master_count(m), 1, "one is left");
	master_free(&m);
	master_free(&after);
}

/* What other names of the file still show: that it was overwritten. */
static void
test_destroy(void)
{
	uint8_t before[32], left[64];
	char link_path[SCRATCH_PATH * 2];
	size_t n;
	bool was;

	mkdir(scratch_path("salt"), 0700);
	is_int(salt_create(scratch_dir, "acme", &e), ERR_OK, "a salt");
	ok(salt_there(scratch_dir, "acme"), "is there");
	is_int(keyfile_read(scratch_path("salt/acme"), true, before,
	           sizeof(before), &n, &e),
	    ERR_OK, "and read");
	snprintf(link_path, sizeof(link_path), "%s", scratch_path("copy"));
	is_int(link(scratch_path("salt/acme"), link_path), 0, "a second name");
	is_int(salt_destroy(scratch_dir, "acme", &was, &e), ERR_OK, "destroy");
	ok(was && !salt_there(scratch_dir, "acme"), "S25: it is gone");
	is_int(keyfile_read(link_path, true, left, sizeof(left), &n, &e),
	    ERR_OK, "the second name");
	ok(n == 32 && memcmp(left, before, 32) != 0,
	    "S25: shows that its bytes were overwritten");
	scratch_write("salt/acme.erased", before, 32, 0600);
	is_int(salt_destroy(scratch_dir, "acme", &was, &e), ERR_OK,
	    "a destruction that was cut short");
	ok(!was && access(scratch_path("salt/acme.erased"), F_OK),
	    "S25: is brought to its end");
	is_int(salt_create(scratch_dir, "acme", &e), ERR_OK, "a new salt");
	is_int(salt_destroy(scratch_dir, "../x", &was, &e), ERR_CRYPTO,
	    "no way out of the directory");
}

static void
test_lock(void)
{
	int first, second;

	is_int(master_lock(scratch_dir, &first, &e), ERR_OK, "locked");
	is_int(master_lock(scratch_dir, &second, &e), ERR_CONFLICT, "once");
	close(first);
	is_int(master_lock(scratch_dir, &second, &e), ERR_OK, "and free");
	close(second);
}

/* FIPS 180-4: the digest of pieces is that of the whole. */
static void
test_digest(void)
{
	struct sha256 *h = sha256_new();
	uint8_t pieces[32], whole[32];

	sha256_add(h, "a", 1);
	sha256_add(h, "", 0);
	sha256_add(h, "bc", 2);
	sha256_end(&h, pieces);
	sha256("abc", 3, whole);
	ok(!memcmp(pieces, whole, 32) && !h, "SHA-256 in pieces");
	ok(is_hex(pieces, 32,
	       "ba7816bf8f01cfea414140de5dae2223"
	       "b00361a396177a9cb410ff61f20015ad"),
	    "is that of the standard's example");
}

int
main(void)
{
	vault_setup();
	scratch_begin();
	test_replace();
	test_destroy();
	test_lock();
	test_digest();
	return done_testing();
}
