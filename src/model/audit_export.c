/* The log as lines of JSON. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "model/account.h"
#include "model/audit_page.h"
#include "model/audit_verify.h"

#define NAMES 256
#define FLUSH_BYTES 65536
/* Hosts' clocks may differ by so much: stored_at may lie before `at`. */
#define SKEW_MS 3600000

struct span {
	uint8_t chain[AUDIT_CHAIN];
	uint64_t first, last;
};

/* Names that were looked up, by id: an entry's text is "" for an id that has
 * none (any more). */
struct name {
	uint32_t account_id, id;
	char text[UUID_TEXT];
};

struct exporter {
	struct db *db;
	struct buf *out;
	audit_flush *flush;
	void *arg;
	struct audit_page *page;
	struct name accounts[NAMES], workspaces[NAMES], users[NAMES];
};

static enum err_code
read_spans(struct exporter *x, int64_t since, struct buf *spans, struct err *e)
{
	int64_t stored = since > SKEW_MS ? since - SKEW_MS : 0;
	struct span span;
	struct db_rows *r;
	const char *chain;
	enum err_code rc;
	size_t n;

	rc = db_query(x->db, NULL, SQL_AUDIT_SINCE,
	    DB_ARGS(db_int(stored), db_int(since)), &r, e);
	if (rc)
		return rc;
	while (db_next(r)) {
		chain = db_get_bytes(r, 0, &n);
		memcpy(span.chain, chain, AUDIT_CHAIN);
		span.first = (uint64_t)db_get_int(r, 1);
		span.last = (uint64_t)db_get_int(r, 2);
		buf_add(spans, &span, sizeof(span));
	}
	return db_done(&r, e);
}

static void
take_uuid(struct db_rows *r, void *arg)
{
	struct uuid u;

	db_get_uuid(r, 0, &u);
	uuid_format(&u, arg);
}

static enum err_code
look_up(struct exporter *x, struct name *place, enum stmt st, struct err *e)
{
	struct db_context ctx = {.account_id = place->account_id};
	char code[ACCOUNT_CODE_MAX + 8];
	enum err_code rc;

	*place->text = '\0';
	if (st == STMT_COUNT) {
		rc = account_code(x->db, place->account_id, code, e);
		if (!rc)
			snprintf(place->text, sizeof(place->text), "%.*s",
			    ACCOUNT_CODE_MAX, code);
	} else {
		rc = db_one(x->db, &ctx, st, DB_ARGS(db_int(place->id)),
		    take_uuid, place->text, e);
	}
	return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

/* The name of an id, kept; st: STMT_COUNT for an account's code. */
static enum err_code
find_name(struct exporter *x, struct name *cache, uint32_t account_id,
    uint32_t id, enum stmt st, const char **out, struct err *e)
{
	struct name *place = &cache[id % NAMES];
	enum err_code rc = ERR_OK;

	*out = NULL;
	if (!id || !account_id)
		return ERR_OK;
	if (place->id != id || place->account_id != account_id) {
		place->id = id;
		place->account_id = account_id;
		rc = look_up(x, place, st, e);
	}
	if (*place->text)
		*out = place->text;
	return rc;
}

static enum err_code
write_entry(struct exporter *x, const struct audit_entry *en,
    const uint8_t *before, struct err *e)
{
	struct audit_names names = {.before = before};
	enum err_code rc;

	rc = find_name(x, x->accounts, en->account_id, en->account_id,
	    STMT_COUNT, &names.account, e);
	if (!rc)
		rc = find_name(x, x->workspaces, en->account_id,
		    en->workspace_id, SQL_AUDIT_WORKSPACE, &names.workspace, e);
	if (!rc)
		rc = find_name(x, x->users, en->account_id, en->user_id,
		    SQL_AUDIT_USER, &names.user, e);
	if (rc)
		return rc;
	audit_line_write(x->out, en, &names);
	return x->out->len < FLUSH_BYTES ? ERR_OK : x->flush(x->arg, e);
}

static enum err_code
export_span(struct exporter *x, const struct span *span, struct err *e)
{
	uint8_t before[MAC_LEN];
	uint64_t n = span->first - 1;
	enum err_code rc = ERR_OK;
	bool told = !n; /* the mac before the first of an export */
	unsigned i;

	if (n)
		rc = audit_mac_read(x->db, span->chain, n, before, e);
	if (rc == ERR_NOT_FOUND) {
		told = true;
		rc = ERR_OK;
	}
	while (!rc && n < span->last) {
		rc = audit_page_read(x->page, x->db, span->chain, n, e);
		for (i = 0; i < x->page->n && !rc && n < span->last; i++) {
			n = x->page->entries[i].n;
			rc = write_entry(
			    x, &x->page->entries[i], told ? NULL : before, e);
			told = true;
		}
		if (!x->page->n)
			break;
	}
	return rc;
}

enum err_code
audit_export(struct site *s, int64_t since, struct buf *out, audit_flush *flush,
    void *arg, struct err *e)
{
	struct exporter x = {.db = s->db,
	    .out = out,
	    .flush = flush,
	    .arg = arg,
	    .page = audit_page_new()};
	struct buf spans = {0};
	const struct span *list;
	enum err_code rc = read_spans(&x, since, &spans, e);
	size_t i;

	list = (const void *)spans.data;
	for (i = 0; i < spans.len / sizeof(*list) && !rc; i++)
		rc = export_span(&x, &list[i], e);
	if (!rc)
		rc = flush(arg, e);
	buf_free(&spans);
	audit_page_free(&x.page);
	return rc;
}
