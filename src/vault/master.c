/* Master keys, and the canary that proves them. */
#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vault/keyfile.h"
#include "vault/master.h"
#include "vault/rand.h"

#define CANARY "coffer canary v1" /* plaintext, label and associated data */

/* 64 hex digits and nothing else, but for white space at the end. */
static bool
hex_key(const char *s, size_t n, uint8_t key[MASTER_KEY])
{
	int high, low;

	while (n > MASTER_HEX && isspace((unsigned char)s[n - 1]))
		n--;
	if (n != MASTER_HEX)
		return false;
	for (size_t i = 0; i < MASTER_KEY; i++) {
		high = hex_digit(s[2 * i]);
		low = hex_digit(s[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

const struct master_key *
master_find(const struct master_keys *m, const uint8_t id[MASTER_ID])
{
	for (unsigned i = 0; i < m->n; i++)
		if (!memcmp(m->keys[i].id, id, MASTER_ID))
			return &m->keys[i];
	return NULL;
}

enum err_code
master_read(const char *path, struct master_key *out, struct err *e)
{
	char text[MASTER_HEX + 8];
	uint8_t digest[32];
	enum err_code rc;
	size_t n;

	rc = keyfile_read(path, true, text, sizeof(text), &n, e);
	if (rc)
		return rc;
	if (hex_key(text, n, out->key)) {
		sha256(out->key, sizeof(out->key), digest);
		memcpy(out->id, digest, MASTER_ID);
	} else {
		rc = err_set(e, ERR_BAD_REQUEST,
		    "%s: not a master key: %d hex digits are wanted; put back "
		    "the copy that you keep of it",
		    path, MASTER_HEX);
	}
	wipe(text, sizeof(text));
	return rc;
}

/* Adds the key in a file; one that is held already is passed over. */
static enum err_code
master_add(struct master_keys *m, const char *path, struct err *e)
{
	struct master_key key;
	enum err_code rc = master_read(path, &key, e);

	if (rc == ERR_OK && !master_find(m, key.id)) {
		if (m->n < MASTERS_MAX)
			m->keys[m->n++] = key;
		else
			rc = err_set(e, ERR_BAD_REQUEST,
			    "%s: more than %d master keys: remove those "
			    "that have been replaced",
			    path, MASTERS_MAX);
	}
	wipe(&key, sizeof(key));
	return rc;
}

static int
master_named(const struct dirent *d)
{
	return fnmatch("master-*.key", d->d_name, 0) == 0;
}

/* A file that has gone since the directory was listed is passed over. */
static enum err_code
master_add_named(
    struct master_keys *m, const char *dir, const char *name, struct err *e)
{
	char path[KEYFILE_PATH];
	enum err_code rc;

	if (!keyfile_path(path, dir, "", name))
		return err_set(e, ERR_BAD_REQUEST, "keys.dir is too long");
	rc = master_add(m, path, e);
	if (rc && access(path, F_OK) && errno == ENOENT)
		return ERR_OK;
	return rc;
}

/* Adds master-*.key, in the order of their names. */
static enum err_code
master_add_others(struct master_keys *m, const char *dir, struct err *e)
{
	enum err_code rc = ERR_OK;
	struct dirent **names;
	int n;

	n = scandir(dir, &names, master_named, alphasort);
	if (n < 0)
		return err_set(e, ERR_BAD_REQUEST, "%s: cannot be listed: %s",
		    dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (rc == ERR_OK)
			rc = master_add_named(m, dir, names[i]->d_name, e);
		free(names[i]);
	}
	free(names);
	return rc;
}

enum err_code
master_load(const char *dir, struct master_keys **out, struct err *e)
{
	struct master_keys *m;
	char path[KEYFILE_PATH];
	enum err_code rc;

	*out = NULL;
	if (!keyfile_path(path, dir, "", "master.key"))
		return err_set(e, ERR_BAD_REQUEST, "keys.dir is too long");
	if (access(path, F_OK))
		return err_set(e, ERR_BAD_REQUEST,
		    "%s: no master key: \"cofferctl init\" makes one; if there "
		    "is data already, put back the copy that you keep of it",
		    path);
	m = calloc(1, sizeof(*m));
	if (!m)
		abort();
	rc = master_add(m, path, e);
	if (rc == ERR_OK)
		rc = master_add_others(m, dir, e);
	if (rc)
		master_free(&m);
	*out = m;
	return rc;
}

void
master_free(struct master_keys **m)
{
	if (!*m)
		return;
	wipe(*m, sizeof(**m));
	free(*m);
	*m = NULL;
}

static enum err_code
make_dir(const char *path, struct err *e)
{
	struct stat st;

	if (mkdir(path, 0700) && errno != EEXIST)
		return err_set(e, ERR_BAD_REQUEST, "%s: cannot be made: %s",
		    path, strerror(errno));
	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return err_set(e, ERR_BAD_REQUEST, "%s: not a directory", path);
	if (st.st_mode & 022)
		return err_set(e, ERR_BAD_REQUEST,
		    "%s: may be written by others: chmod 700 it", path);
	return ERR_OK;
}

void
master_text(const uint8_t key[MASTER_KEY], char out[MASTER_HEX + 2])
{
	hex_encode(key, MASTER_KEY, out);
	out[MASTER_HEX] = '\n';
	out[MASTER_HEX + 1] = '\0';
}

/* A fresh key as a line of hex digits in a file of its own. */
static enum err_code
make_hex_file(const char *dir, const char *name, bool *made, struct err *e)
{
	char path[KEYFILE_PATH], text[MASTER_HEX + 2];
	uint8_t key[MASTER_KEY];
	enum err_code rc;

	if (!keyfile_path(path, dir, "", name))
		return err_set(e, ERR_BAD_REQUEST, "keys.dir is too long");
	*made = false;
	if (access(path, F_OK) == 0)
		return ERR_OK;
	rand_key(key, sizeof(key));
	master_text(key, text);
	rc = keyfile_create(path, text, MASTER_HEX + 1, made, e);
	wipe(key, sizeof(key));
	wipe(text, sizeof(text));
	return rc;
}

enum err_code
master_init(const char *dir, bool *made, struct err *e)
{
	char salt[KEYFILE_PATH];
	enum err_code rc;
	bool secret;

	*made = false;
	if (!keyfile_path(salt, dir, "", "salt"))
		return err_set(e, ERR_BAD_REQUEST, "keys.dir is too long");
	rc = make_dir(dir, e);
	if (rc == ERR_OK)
		rc = make_dir(salt, e);
	if (rc == ERR_OK)
		rc = make_hex_file(dir, "master.key", made, e);
	if (rc == ERR_OK)
		rc = make_hex_file(dir, "jwt.secret", &secret, e);
	if (rc == ERR_OK)
		rc = make_hex_file(dir, "audit.key", &secret, e);
	return rc;
}

void
master_current(const struct master_keys *m, uint8_t id[MASTER_ID])
{
	memcpy(id, m->keys[0].id, MASTER_ID);
}

/* The canary has a key of its own, so that it is no message under a key
 * that wraps. */
static struct aead *
canary_cipher(const struct master_key *key)
{
	uint8_t derived[AEAD_KEY];
	struct aead *a;

	hkdf(key->key, MASTER_KEY, NULL, 0, CANARY, derived);
	a = aead_new(derived);
	wipe(derived, sizeof(derived));
	return a;
}

void
master_canary_make(const struct master_keys *m, const uint8_t id[MASTER_ID],
    uint8_t out[CANARY_LEN])
{
	const struct master_key *key = master_find(m, id);
	struct aead *a;

	assert(key);
	a = canary_cipher(key);
	aead_seal(a, CANARY, strlen(CANARY), CANARY, strlen(CANARY), out);
	aead_free(&a);
}

enum err_code
master_canary_check(const struct master_keys *m, const uint8_t id[MASTER_ID],
    const uint8_t canary[CANARY_LEN], struct err *e)
{
	const struct master_key *key = master_find(m, id);
	uint8_t text[CANARY_LEN - AEAD_OVERHEAD];
	struct aead *a;
	enum err_code rc;

	if (!key)
		return err_fault(e, ERR_CRYPTO,
		    "the master key of this database is not in the key "
		    "directory");
	a = canary_cipher(key);
	rc = aead_open(a, CANARY, strlen(CANARY), canary, CANARY_LEN, text, e);
	aead_free(&a);
	if (rc == ERR_OK && !bytes_equal_ct(text, CANARY, sizeof(text)))
		rc = err_fault(e, ERR_CRYPTO, "the canary says something else");
	return rc;
}
