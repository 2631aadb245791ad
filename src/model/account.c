#include "model/account.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/account_keys.h"
#include "model/audit.h"
#include "model/name.h"
#include "model/rows.h"

/* Words that begin a path of ours, so that no job id is taken for one. */
static const char *const reserved[] = {
    "v1", "scv", "exports", "__dxp", "healthz", "readyz", "metrics"};

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
account_code_valid(const char *code)
{
	size_t n = strlen(code);

	if (n < 2 || n > ACCOUNT_CODE_MAX)
		return false;
	if (!is_alnum(code[0]) || !is_alnum(code[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(code[i]) && code[i] != '-')
			return false;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (!strcmp(code, reserved[i]))
			return false;
	return true;
}

struct creation {
	struct site *site;
	const char *code, *name;
	uint32_t id;
};

static enum err_code
key_store(
    struct creation *c, struct keyring *k, enum key_kind kind, struct err *e)
{
	struct db_context ctx = {.account_id = c->id};
	uint8_t wrapped[WRAPPED_LEN], master[MASTER_ID];
	enum err_code rc;

	rc = keyring_make(k, kind, 1, wrapped, e);
	if (rc)
		return rc;
	master_current(c->site->masters, master); /* see create_body */
	return db_exec(c->site->db, &ctx, SQL_ACCOUNT_KEY_INSERT,
	    DB_ARGS(db_int(kind), db_int(1), db_bytes(master, sizeof(master)),
	        db_bytes(wrapped, sizeof(wrapped)), db_int(clock_now_ms())),
	    NULL, NULL, e);
}

static enum err_code
keys_store(struct creation *c, struct err *e)
{
	struct keyring *k;
	enum err_code rc;

	rc = keyring_new(
	    c->site->masters, c->site->conf->keys_dir, c->code, 1, &k, e);
	if (rc)
		return rc;
	rc = key_store(c, k, KEY_DATA, e);
	if (rc == ERR_OK)
		rc = key_store(c, k, KEY_INDEX, e);
	if (rc == ERR_OK)
		rc = key_store(c, k, KEY_REST, e);
	keyring_free(&k);
	return rc;
}

static enum err_code
create_body(struct db *db, void *arg, struct err *e)
{
	struct audit_event events[] = {
	    {.action = AUDIT_ACCOUNT_CREATE}, {.action = AUDIT_KEY_CREATE}};
	struct creation *c = arg;
	char detail[ACCOUNT_CODE_MAX + 16];
	struct db_context ctx = {0};
	uint64_t id;
	enum err_code rc;

	rc = site_master_hold(c->site, e);
	if (rc == ERR_OK)
		rc = db_exec(db, NULL, SQL_ACCOUNT_INSERT,
		    DB_ARGS(db_str(c->code), db_str(c->name),
		        db_int(clock_now_ms())),
		    NULL, &id, e);
	if (rc)
		return rc;
	c->id = ctx.account_id = (uint32_t)id;
	snprintf(detail, sizeof(detail), "{\"code\":\"%s\"}", c->code);
	events[0].detail = detail;
	rc = keys_store(c, e);
	return rc ? rc : audit_change(c->site, &ctx, events, 2, e);
}

static enum err_code
create_done(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;

	return account_find(db, c->code, &c->id, e);
}

static enum err_code
code_taken(const char *code, struct err *e)
{
	return err_set(
	    e, ERR_CONFLICT, "an account with the code %s exists", code);
}

/* What stands under a code. */
struct holder {
	bool erased;
};

static void
take_holder(struct db_rows *r, void *arg)
{
	((struct holder *)arg)->erased = !db_is_null(r, 1);
}

/* A salt without an account is left of a creation that did not come to its
 * end, and serves this one. It is never removed, for a COMMIT in doubt may
 * have taken place. */
static enum err_code
salt_ensure(struct creation *c, struct err *e)
{
	struct holder holder;
	enum err_code rc;

	rc = db_one(c->site->db, NULL, SQL_ACCOUNT_ANY_BY_CODE,
	    DB_ARGS(db_str(c->code)), take_holder, &holder, e);
	if (rc == ERR_OK && holder.erased)
		return err_set(e, ERR_CONFLICT,
		    "account %s is being erased: \"cofferctl account erase %s "
		    "--yes\" brings that to its end",
		    c->code, c->code);
	if (rc == ERR_OK)
		return code_taken(c->code, e);
	if (rc != ERR_NOT_FOUND)
		return rc;
	rc = salt_create(c->site->conf->keys_dir, c->code, e);
	return rc == ERR_CONFLICT ? ERR_OK : rc;
}

enum err_code
account_create(struct site *s, const char *code, const char *name,
    uint32_t *id_out, struct err *e)
{
	struct creation c = {.site = s, .code = code, .name = name};
	enum err_code rc;
	bool changed;

	if (!account_code_valid(code))
		return err_set(e, ERR_BAD_REQUEST,
		    "an account code has 2 to %d of a-z, 0-9 and '-', begins "
		    "and ends with a letter or digit, and is no word that "
		    "begins a path of the API (v1, scv, ...)",
		    ACCOUNT_CODE_MAX);
	rc = name_check("the name", name, 1, NAME_MAX_CHARS, e);
	if (rc == ERR_OK)
		rc = site_masters_read(s, &changed, e);
	if (rc == ERR_OK)
		rc = salt_ensure(&c, e);
	if (rc == ERR_OK)
		rc = db_transaction(s->db, create_body, create_done, &c, e);
	if (rc == ERR_DUPLICATE)
		return code_taken(code, e);
	*id_out = c.id;
	return rc;
}

enum err_code
account_find(struct db *db, const char *code, uint32_t *id_out, struct err *e)
{
	return db_one(db, NULL, SQL_ACCOUNT_BY_CODE, DB_ARGS(db_str(code)),
	    db_take_u32, id_out, e);
}

enum err_code
account_code(
    struct db *db, uint32_t id, char out[ACCOUNT_CODE_MAX + 8], struct err *e)
{
	struct account_head head;
	enum err_code rc = account_head_read(db, id, &head, e);

	if (rc == ERR_OK)
		memcpy(out, head.code, sizeof(head.code));
	return rc;
}

enum err_code
account_list_erased(struct db *db, struct buf *out, struct err *e)
{
	struct db_rows *r;
	enum err_code rc;

	rc = db_query(db, NULL, SQL_ACCOUNT_LIST_ERASED, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (db_next(r))
		buf_addf(
		    out, "%s%s", out->len ? " " : "", db_get_bytes(r, 0, NULL));
	return db_done(&r, e);
}

enum err_code
account_list(struct db *db, struct buf *out, struct err *e)
{
	struct db_rows *r;
	enum err_code rc;

	rc = db_query(db, NULL, SQL_ACCOUNT_LIST, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (db_next(r))
		buf_addf(out, "%s %s\n", db_get_bytes(r, 0, NULL),
		    db_get_bytes(r, 1, NULL));
	return db_done(&r, e);
}

#define WALK_STEP 100 /* the LIMIT of ACCOUNT_AFTER */

struct step {
	struct db_context ctx;
	char code[ACCOUNT_CODE_MAX + 8];
};

/* Reads the accounts after `id`: *n_out of them, WALK_STEP at most. */
static enum err_code
walk_read(struct db *db, uint32_t id, struct step *steps, unsigned *n_out,
    struct err *e)
{
	struct db_rows *r;
	unsigned n = 0;
	enum err_code rc;

	rc = db_query(db, NULL, SQL_ACCOUNT_AFTER, DB_ARGS(db_int(id)), &r, e);
	if (rc)
		return rc;
	for (; n < WALK_STEP && db_next(r); n++) {
		steps[n].ctx = (struct db_context){
		    .account_id = (uint32_t)db_get_int(r, 0)};
		snprintf(steps[n].code, sizeof(steps[n].code), "%s",
		    db_get_bytes(r, 1, NULL));
	}
	*n_out = n;
	return db_done(&r, e);
}

enum err_code
account_walk(struct db *db, account_each *each, void *arg, struct err *e)
{
	struct step steps[WALK_STEP];
	uint32_t last = 0;
	unsigned n, i;
	enum err_code rc;

	do {
		rc = walk_read(db, last, steps, &n, e);
		if (rc)
			return rc;
		for (i = 0; i < n; i++) {
			rc = each(db, &steps[i].ctx, steps[i].code, arg, e);
			if (rc != ERR_NOT_FOUND)
				return rc;
			last = steps[i].ctx.account_id;
		}
	} while (n == WALK_STEP);
	return err_set(e, ERR_NOT_FOUND, NULL);
}
