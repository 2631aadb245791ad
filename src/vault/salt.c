/* The salts of accounts: files of the key directory. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "vault/keyfile.h"
#include "vault/master.h"
#include "vault/rand.h"

#define CODE_MAX 39

/* A code that is safe as a file name: letters, digits, '-', '_' and '.', no
 * '.' first. */
static bool
code_valid(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > CODE_MAX || s[0] == '.')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-_.", *s))
			return false;
	return true;
}

/* The path of an account's salt. False for what is no account's code. */
static bool
path_of(char *out, const char *dir, const char *code)
{
	return code_valid(code) && keyfile_path(out, dir, "salt", code);
}

enum err_code
salt_create(const char *dir, const char *account_code, struct err *e)
{
	char path[KEYFILE_PATH];
	uint8_t salt[SALT_LEN];
	enum err_code rc;
	bool made;

	if (!path_of(path, dir, account_code))
		return err_set(e, ERR_BAD_REQUEST,
		    "an account code has 1 to %d letters, digits, '-', '_' "
		    "and '.', and does not start with '.'",
		    CODE_MAX);
	rand_key(salt, sizeof(salt));
	rc = keyfile_create(path, salt, sizeof(salt), &made, e);
	wipe(salt, sizeof(salt));
	if (rc == ERR_OK && !made)
		rc = err_set(e, ERR_CONFLICT,
		    "account %s has a salt in the key directory", account_code);
	return rc;
}

enum err_code
salt_read(const char *dir, const char *account_code, uint8_t out[SALT_LEN],
    struct err *e)
{
	char path[KEYFILE_PATH];
	struct err why;
	size_t n;

	if (!path_of(path, dir, account_code))
		return err_fault(e, ERR_CRYPTO, "no such account code");
	if (keyfile_read(path, true, out, SALT_LEN, &n, &why))
		return err_fault(
		    e, ERR_CRYPTO, "salt of an account: %s", why.text);
	if (n != SALT_LEN)
		return err_fault(
		    e, ERR_CRYPTO, "salt of account %s: cut", account_code);
	return ERR_OK;
}

enum err_code
salt_destroy(
    const char *dir, const char *account_code, bool *was_out, struct err *e)
{
	char path[KEYFILE_PATH];
	enum err_code rc;

	*was_out = false;
	if (!path_of(path, dir, account_code))
		return err_fault(e, ERR_CRYPTO, "no such account code");
	rc = keyfile_destroy(path, was_out, e);
	return rc ? rc : keyfile_destroy_parts(path, e);
}

bool
salt_there(const char *dir, const char *account_code)
{
	char path[KEYFILE_PATH];

	return path_of(path, dir, account_code) && access(path, F_OK) == 0;
}
