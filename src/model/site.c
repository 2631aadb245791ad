#include "model/site.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "db/migrate.h"
#include "model/audit.h"
#include "model/api_key_cache.h"
#include "model/rows.h"
#include "model/schema_cache.h"
#include "vault/master_file.h"

/* So many that some of the pool are always left for other work. */
static unsigned
hashers(const struct conf *conf)
{
	int64_t n = conf->auth_hashers;

	if (!n)
		n = conf->server_processes / 2;
	return n ? (unsigned)n : 1;
}

enum err_code
site_open(const struct conf *conf, struct site *out, struct err *e)
{
	enum err_code rc;

	memset(out, 0, sizeof(*out));
	out->conf = conf;
	rc = master_load(conf->keys_dir, &out->masters, e);
	if (rc)
		return rc;
	out->db = db_new(conf, DB_APP);
	out->hashers = slots_new(hashers(conf));
	rc = audit_open(out, e);
	if (rc)
		site_close(out);
	return rc;
}

struct site *
site_of(const struct db *db)
{
	struct site *s = db_owner(db);

	assert(s);
	return s;
}

void
site_close(struct site *s)
{
	for (unsigned i = 0; i < SITE_KEYRINGS; i++)
		keyring_free(&s->rings[i].ring);
	schema_cache_free(&s->schemas);
	api_key_cache_free(&s->api_keys);
	buf_free(&s->gathered);
	audit_close(&s->audit);
	if (s->db)
		db_free(&s->db);
	master_free(&s->masters);
	slots_free(&s->hashers);
	memset(s, 0, sizeof(*s));
}

enum err_code
site_masters_read(struct site *s, bool *changed_out, struct err *e)
{
	struct master_keys *fresh;
	enum err_code rc = master_load(s->conf->keys_dir, &fresh, e);

	*changed_out = false;
	if (rc)
		return rc;
	*changed_out = !master_same(s->masters, fresh);
	master_free(&s->masters);
	s->masters = fresh;
	return ERR_OK;
}

enum err_code
site_ready(struct site *s, struct err *e)
{
	struct err why;
	bool changed;
	enum err_code rc = migrate_check(s->db, e);

	if (rc)
		return rc;
	rc = site_canary_check(s->db, s->masters, e);
	if (rc == ERR_CRYPTO &&
	    site_masters_read(s, &changed, &why) == ERR_OK && changed)
		rc = site_canary_check(s->db, s->masters, e);
	return rc;
}

enum err_code
site_master_hold(struct site *s, struct err *e)
{
	uint8_t id[MASTER_ID];
	bool changed;
	enum err_code rc;

	master_current(s->masters, id);
	rc = db_one(s->db, NULL, SQL_CANARY_HOLD,
	    DB_ARGS(db_bytes(id, sizeof(id))), NULL, NULL, e);
	if (rc != ERR_NOT_FOUND)
		return rc;
	rc = site_masters_read(s, &changed, e);
	if (rc)
		return err_fault(e, ERR_CRYPTO, "master keys: %s", e->text);
	return err_fault(e, changed ? ERR_RETRY : ERR_CRYPTO,
	    "master.key is not the key of this database");
}

/* Checks the canary of the row at hand; *current_out is set if it is that of
 * the current master key. */
static enum err_code
canary_check_row(struct db_rows *r, const struct master_keys *m,
    bool *current_out, struct err *e)
{
	uint8_t current[MASTER_ID];
	const char *id, *canary;
	size_t n_id, n;

	id = db_get_bytes(r, 0, &n_id);
	canary = db_get_bytes(r, 1, &n);
	if (n_id != MASTER_ID || n != CANARY_LEN)
		return err_fault(e, ERR_CRYPTO, "a malformed canary");
	master_current(m, current);
	if (!memcmp(id, current, MASTER_ID))
		*current_out = true;
	return master_canary_check(
	    m, (const uint8_t *)id, (const uint8_t *)canary, e);
}

/* ERR_NOT_FOUND if the database has no canary. */
static enum err_code
canaries_check(struct db *db, const struct master_keys *m, struct err *e)
{
	struct db_rows *r;
	bool found = false, current = false;
	enum err_code rc;

	rc = db_query(db, NULL, SQL_CANARY_LIST, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (rc == ERR_OK && db_next(r)) {
		found = true;
		rc = canary_check_row(r, m, &current, e);
	}
	rc = rows_end(rc, &r, e);
	if (rc == ERR_OK && !found)
		return err_set(e, ERR_NOT_FOUND, NULL);
	if (rc == ERR_OK && !current)
		return err_fault(e, ERR_CRYPTO,
		    "master.key is not the key of this database");
	return rc;
}

enum err_code
site_canary_check(struct db *db, const struct master_keys *m, struct err *e)
{
	enum err_code rc = canaries_check(db, m, e);

	if (rc == ERR_NOT_FOUND)
		return err_fault(
		    e, ERR_UNAVAILABLE, "no canary: run cofferctl migrate");
	return rc;
}

enum err_code
site_canary_make(
    struct db *db, const struct master_keys *m, bool *made, struct err *e)
{
	uint8_t id[MASTER_ID], canary[CANARY_LEN];
	enum err_code rc = canaries_check(db, m, e);

	*made = false;
	if (rc != ERR_NOT_FOUND)
		return rc;
	master_current(m, id);
	master_canary_make(m, id, canary);
	rc = db_exec(db, NULL, SQL_CANARY_INSERT,
	    DB_ARGS(db_bytes(id, sizeof(id)), db_bytes(canary, sizeof(canary)),
	        db_int(clock_now_ms())),
	    NULL, NULL, e);
	*made = rc == ERR_OK;
	return rc;
}
