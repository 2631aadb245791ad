/* Giving an account its data keys. */
#include <string.h>

#include "model/account.h"
#include "model/audit.h"

struct reveal {
	struct site *site;
	const struct db_context *ctx;
};

/* No key leaves that the audit log does not know of. */
static enum err_code
audit_body(struct db *db, void *arg, struct err *e)
{
	struct audit_event event = {.action = AUDIT_KEY_REVEAL};
	struct reveal *v = arg;

	(void)db;
	return audit_change(v->site, v->ctx, &event, 1, e);
}

/* Gathers the versions of the account's data keys, as uint32_t. */
static enum err_code
data_versions(
    struct db *db, const struct db_context *ctx, struct buf *out, struct err *e)
{
	struct db_rows *r;
	uint32_t version;
	enum err_code rc;

	rc = db_query(db, ctx, SQL_ACCOUNT_KEY_LIST, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (db_next(r)) {
		if (db_get_int(r, 0) != KEY_DATA)
			continue;
		version = (uint32_t)db_get_int(r, 1);
		buf_add(out, &version, sizeof(version));
	}
	return db_done(&r, e);
}

static enum err_code
reveal_each(const struct keyring *k, const struct buf *versions,
    data_key_each *each, void *arg, struct err *e)
{
	uint8_t key[AEAD_KEY];
	enum err_code rc = ERR_OK;
	uint32_t version;

	for (size_t i = 0; rc == ERR_OK && i < versions->len;
	     i += sizeof(version)) {
		memcpy(&version, versions->data + i, sizeof(version));
		rc = keyring_reveal(k, version, key, e);
		if (rc == ERR_OK)
			each(version, key, sizeof(key), arg);
	}
	wipe(key, sizeof(key));
	return rc;
}

enum err_code
account_data_keys_each(struct site *s, const struct db_context *ctx,
    uint32_t *current_out, data_key_each *each, void *arg, struct err *e)
{
	struct reveal v = {.site = s, .ctx = ctx};
	struct buf versions = {0};
	struct keyring *k;
	enum err_code rc;

	rc = db_transaction(s->db, audit_body, NULL, &v, e);
	if (rc == ERR_OK)
		rc = data_versions(s->db, ctx, &versions, e);
	if (rc == ERR_OK)
		rc = site_keyring(s, ctx, &k, e);
	if (rc == ERR_OK) {
		*current_out = keyring_version(k);
		rc = reveal_each(k, &versions, each, arg, e);
	}
	buf_free(&versions);
	return rc;
}

static void
add_line(uint32_t version, const uint8_t *key, size_t n, void *arg)
{
	struct buf *out = arg;

	buf_add_u64(out, version);
	buf_addc(out, ' ');
	buf_add_b64(out, key, n);
	buf_addc(out, '\n');
}

enum err_code
account_data_keys(struct site *s, const struct db_context *ctx, struct buf *out,
    struct err *e)
{
	uint32_t current;

	return account_data_keys_each(s, ctx, &current, add_line, out, e);
}
