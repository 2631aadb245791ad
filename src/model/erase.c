#include "model/erase.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/account.h"
#include "model/audit.h"
#include "model/export_files.h"

static const struct erase_row {
	enum stmt st;
	const char *table;
	enum table_owner owner;
} erase_rows[] = {
#define TABLE(name, owner) ERASE_ROW_##owner(name)
#define TABLE_APPEND(name, owner)
#define TABLE_READ(name, owner)
#define ERASE_ROW_SERVER(name)
#define ERASE_ROW_ACCOUNT(name) {SQL_ERASE_##name, #name, TABLE_ACCOUNT},
#define ERASE_ROW_WORKSPACE(name) {SQL_ERASE_##name, #name, TABLE_WORKSPACE},
#include "tbl/tables.h"
#undef TABLE
#undef TABLE_APPEND
#undef TABLE_READ
#undef ERASE_ROW_SERVER
#undef ERASE_ROW_ACCOUNT
#undef ERASE_ROW_WORKSPACE
};
#define ERASE_ROWS (sizeof(erase_rows) / sizeof(erase_rows[0]))

/* Work first, that workers stop; the way to the workspaces last. */
static const struct erase_row first[] = {
    {SQL_ERASE_QUEUE, "job_queue", TABLE_ACCOUNT},
    {SQL_ERASE_SHARE, "job_share", TABLE_ACCOUNT},
    {SQL_ERASE_SEARCH_DUE, "search_due", TABLE_ACCOUNT},
    {SQL_ERASE_API_KEYS, "api_key", TABLE_ACCOUNT},
    {SQL_ERASE_SESSIONS, "session", TABLE_ACCOUNT},
    {SQL_ERASE_ORIGINS, "workspace_origin", TABLE_ACCOUNT},
};
static const struct erase_row last = {
    SQL_ERASE_workspace, "workspace", TABLE_ACCOUNT};

/* Tables that stay: what was done to whose records is told to auditors. */
static bool
stays(const struct erase_row *row)
{
	return !strncmp(row->table, "audit", strlen("audit"));
}

static struct db_context
context_of(const struct erasure *x)
{
	return (struct db_context){.account_id = x->account_id};
}

static void
take_account(struct db_rows *r, void *arg)
{
	struct erasure *x = arg;

	x->account_id = (uint32_t)db_get_int(r, 0);
	x->begun = !db_is_null(r, 1);
	snprintf(x->name, sizeof(x->name), "%s", db_get_bytes(r, 2, NULL));
}

static void
take_count(struct db_rows *r, void *arg)
{
	*(uint64_t *)arg += (uint64_t)db_get_int(r, 0);
}

struct look {
	struct db *db;
	struct erasure *out;
};

static enum err_code
count_customers(const struct db_context *ctx, const struct uuid *workspace,
    void *arg, struct err *e)
{
	struct look *look = arg;

	(void)workspace;
	look->out->workspaces++;
	return db_one(look->db, ctx, SQL_ERASE_COUNT_CUSTOMERS, DB_NOARGS,
	    take_count, &look->out->customers, e);
}

enum err_code
erase_look(struct site *s, const char *code, struct erasure *out, struct err *e)
{
	struct look look = {s->db, out};
	struct db_context ctx;
	enum err_code rc;

	memset(out, 0, sizeof(*out));
	snprintf(out->code, sizeof(out->code), "%s", code);
	rc = db_one(s->db, NULL, SQL_ACCOUNT_ANY_BY_CODE, DB_ARGS(db_str(code)),
	    take_account, out, e);
	if (rc)
		return rc;
	ctx = context_of(out);
	rc = workspace_walk(s->db, &ctx, count_customers, &look, e);
	if (rc == ERR_OK)
		rc = db_one(s->db, &ctx, SQL_ERASE_COUNT_USERS, DB_NOARGS,
		    take_count, &out->users, e);
	return rc;
}

static enum err_code
audit_step(
    struct site *s, const struct erasure *x, const char *step, struct err *e)
{
	struct audit_event event = {.action = AUDIT_ACCOUNT_ERASE};
	struct db_context ctx = context_of(x);
	char detail[120];

	snprintf(detail, sizeof(detail), "{\"account\":\"%s\",\"step\":\"%s\"}",
	    x->code, step);
	event.detail = detail;
	return audit_change(s, &ctx, &event, 1, e);
}

struct erasing {
	struct site *site;
	const struct erasure *x;
};

static enum err_code
begin_body(struct db *db, void *arg, struct err *e)
{
	struct erasing *g = arg;
	struct db_context ctx = context_of(g->x);
	uint64_t marked;
	enum err_code rc;

	rc = db_exec(db, &ctx, SQL_ERASE_MARK, DB_ARGS(db_int(clock_now_ms())),
	    &marked, NULL, e);
	if (rc == ERR_OK)
		rc = db_exec(
		    db, &ctx, SQL_ERASE_account_key, DB_NOARGS, NULL, NULL, e);
	return rc || !marked ? rc : audit_step(g->site, g->x, "begin", e);
}

/* What is in doubt is done again. */
static enum err_code
begin_done(struct db *db, void *arg, struct err *e)
{
	(void)db;
	(void)arg;
	return err_set(e, ERR_NOT_FOUND, NULL);
}

enum err_code
erase_begin(struct site *s, struct erasure *x, struct err *e)
{
	struct erasing g = {s, x};

	return db_transaction(s->db, begin_body, begin_done, &g, e);
}

/* A pass over the tables. */
struct pass {
	struct site *site;
	erase_each *each;
	void *arg;
	uint64_t rows; /* deleted so far */
};

/* Each statement commits by itself, so that no transaction is huge. */
static enum err_code
clear(struct pass *p, const struct db_context *ctx, const struct erase_row *row,
    struct err *e)
{
	enum err_code rc;
	uint64_t n;

	if (stays(row))
		return ERR_OK;
	do {
		rc = db_exec(p->site->db, ctx, row->st, DB_NOARGS, &n, NULL, e);
		if (rc || !n)
			break;
		p->rows += n;
		p->each(p->arg, row->table, n);
	} while (true);
	return rc;
}

static enum err_code
clear_workspace(const struct db_context *ctx, const struct uuid *workspace,
    void *arg, struct err *e)
{
	struct pass *p = arg;
	enum err_code rc = ERR_OK;
	size_t i;

	(void)workspace;
	for (i = 0; rc == ERR_OK && i < ERASE_ROWS; i++)
		if (erase_rows[i].owner == TABLE_WORKSPACE)
			rc = clear(p, ctx, &erase_rows[i], e);
	return rc;
}

static enum err_code
clear_all(struct pass *p, const struct db_context *ctx, struct err *e)
{
	enum err_code rc = ERR_OK;
	size_t i;

	for (i = 0; rc == ERR_OK && i < sizeof(first) / sizeof(first[0]); i++)
		rc = clear(p, ctx, &first[i], e);
	if (rc == ERR_OK)
		rc = workspace_walk(p->site->db, ctx, clear_workspace, p, e);
	for (i = 0; rc == ERR_OK && i < ERASE_ROWS; i++)
		if (erase_rows[i].owner == TABLE_ACCOUNT &&
		    erase_rows[i].st != last.st)
			rc = clear(p, ctx, &erase_rows[i], e);
	return rc ? rc : clear(p, ctx, &last, e);
}

static enum err_code
end_body(struct db *db, void *arg, struct err *e)
{
	struct erasing *g = arg;
	uint64_t deleted;
	enum err_code rc;

	rc = db_exec(db, NULL, SQL_ERASE_ACCOUNT,
	    DB_ARGS(db_int(g->x->account_id)), &deleted, NULL, e);
	return rc || !deleted ? rc : audit_step(g->site, g->x, "end", e);
}

/* What a request that had begun before the mark still wrote is found by the
 * next pass; the account goes after one that found nothing. */
enum err_code
erase_rest(struct site *s, const struct erasure *x, erase_each *each, void *arg,
    struct err *e)
{
	struct pass p = {.site = s, .each = each, .arg = arg};
	struct db_context ctx = context_of(x);
	struct erasing g = {s, x};
	uint64_t before;
	enum err_code rc;
	bool was;

	rc = salt_destroy(s->conf->keys_dir, x->code, &was, e);
	if (rc)
		return rc;
	do {
		before = p.rows;
		rc = export_erase(s, &ctx, e);
		if (rc == ERR_OK)
			rc = clear_all(&p, &ctx, e);
	} while (rc == ERR_OK && p.rows != before);
	return rc ? rc : db_transaction(s->db, end_body, begin_done, &g, e);
}
