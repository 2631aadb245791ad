#include "vault/audit_key.h"

#include <unistd.h>

#include "base/bytes.h"
#include "vault/keyfile.h"

#define KEY_LEAST 32
#define KEY_MOST 1024

enum err_code
audit_key_load(const char *dir, struct mac **out, struct err *e)
{
	char path[KEYFILE_PATH], text[KEY_MOST];
	enum err_code rc;
	size_t n;

	*out = NULL;
	if (!keyfile_path(path, dir, "", "audit.key"))
		return err_set(e, ERR_BAD_REQUEST, "keys.dir is too long");
	if (access(path, F_OK))
		return err_set(e, ERR_BAD_REQUEST,
		    "%s: no key for the audit log: \"cofferctl init\" makes "
		    "one; if there is a log already, put back the copy that "
		    "you keep of it",
		    path);
	rc = keyfile_read(path, true, text, sizeof(text), &n, e);
	if (rc)
		return rc;
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	if (n < KEY_LEAST)
		rc = err_set(e, ERR_BAD_REQUEST,
		    "%s: has %zu bytes, and %d is the least: put back the "
		    "copy that you keep of it",
		    path, n, KEY_LEAST);
	else
		*out = mac_new(text, n);
	wipe(text, sizeof(text));
	return rc;
}
