#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "vault/keyfile.h"
#include "vault/master.h"
#include "vault/master_file.h"
#include "vault/rand.h"

void
master_id_text(const uint8_t id[MASTER_ID], char out[MASTER_ID_TEXT])
{
	hex_encode(id, MASTER_ID, out);
}

unsigned
master_count(const struct master_keys *m)
{
	return m->n;
}

void
master_id(const struct master_keys *m, unsigned i, uint8_t out[MASTER_ID])
{
	memcpy(out, m->keys[i].id, MASTER_ID);
}

bool
master_holds(const struct master_keys *m, const uint8_t id[MASTER_ID])
{
	return master_find(m, id) != NULL;
}

bool
master_same(const struct master_keys *a, const struct master_keys *b)
{
	if (a->n != b->n || memcmp(a->keys[0].id, b->keys[0].id, MASTER_ID))
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!master_find(b, a->keys[i].id))
			return false;
	return true;
}

enum err_code
master_create(const char *path, struct err *e)
{
	char text[MASTER_HEX + 2];
	uint8_t key[MASTER_KEY];
	enum err_code rc;
	bool made;

	rand_key(key, sizeof(key));
	master_text(key, text);
	rc = keyfile_create(path, text, MASTER_HEX + 1, &made, e);
	wipe(key, sizeof(key));
	wipe(text, sizeof(text));
	if (rc == ERR_OK && !made)
		rc = err_set(e, ERR_CONFLICT,
		    "%s is there already and stays as it is", path);
	return rc;
}

enum err_code
master_lock(const char *dir, int *fd_out, struct err *e)
{
	*fd_out = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd_out >= 0 && flock(*fd_out, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	if (*fd_out < 0)
		return err_set(
		    e, ERR_BAD_REQUEST, "%s: %s", dir, strerror(errno));
	close(*fd_out);
	*fd_out = -1;
	return err_set(e, ERR_CONFLICT,
	    "%s: another command is replacing the master key", dir);
}

static bool
named_path(char out[KEYFILE_PATH], const char *dir, const uint8_t id[MASTER_ID])
{
	char text[MASTER_ID_TEXT], name[MASTER_ID_TEXT + 16];

	master_id_text(id, text);
	snprintf(name, sizeof(name), "master-%s.key", text);
	return keyfile_path(out, dir, "", name);
}

/* A key as master-ID.key; one that is there is the same key. */
static enum err_code
put_named(const char *dir, const struct master_key *key, struct err *e)
{
	char path[KEYFILE_PATH], text[MASTER_HEX + 2];
	enum err_code rc;
	bool made;

	if (!named_path(path, dir, key->id))
		return err_set(e, ERR_BAD_REQUEST, "keys.dir is too long");
	master_text(key->key, text);
	rc = keyfile_create(path, text, MASTER_HEX + 1, &made, e);
	wipe(text, sizeof(text));
	return rc;
}

enum err_code
master_stage(const char *dir, const struct master_keys *m, const char *file,
    uint8_t id_out[MASTER_ID], struct err *e)
{
	struct master_key key;
	enum err_code rc = master_read(file, &key, e);

	if (rc)
		return rc;
	memcpy(id_out, key.id, MASTER_ID);
	if (!master_find(m, key.id)) {
		if (m->n == MASTERS_MAX)
			rc = err_set(e, ERR_BAD_REQUEST,
			    "%s holds %d master keys, as many as there may "
			    "be: remove those that have been replaced",
			    dir, MASTERS_MAX);
		else
			rc = put_named(dir, &key, e);
	}
	wipe(&key, sizeof(key));
	return rc;
}

enum err_code
master_promote(const char *dir, const struct master_keys *m,
    const uint8_t id[MASTER_ID], struct err *e)
{
	const struct master_key *key = master_find(m, id);
	char path[KEYFILE_PATH], text[MASTER_HEX + 2];
	enum err_code rc;

	if (!key || !keyfile_path(path, dir, "", "master.key"))
		return err_set(e, ERR_BAD_REQUEST,
		    "the new master key is not in the key directory");
	rc = put_named(dir, &m->keys[0], e);
	if (rc)
		return rc;
	master_text(key->key, text);
	rc = keyfile_replace(path, text, MASTER_HEX + 1, e);
	wipe(text, sizeof(text));
	return rc;
}

enum err_code
master_retire(
    const char *dir, const uint8_t id[MASTER_ID], bool *was_out, struct err *e)
{
	char path[KEYFILE_PATH], current[KEYFILE_PATH];
	enum err_code rc;

	*was_out = false;
	if (!named_path(path, dir, id) ||
	    !keyfile_path(current, dir, "", "master.key"))
		return err_set(e, ERR_BAD_REQUEST, "keys.dir is too long");
	rc = keyfile_destroy(path, was_out, e);
	if (rc == ERR_OK)
		rc = keyfile_destroy_parts(path, e);
	return rc ? rc : keyfile_destroy_parts(current, e);
}
