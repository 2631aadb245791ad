#include "model/audit_own.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "vault/audit_key.h"

#define BATCH 500 /* entries stored by one call of db_bulk */
#define CELLS 13

static const struct {
	const char *action, *level;
} actions[] = {
#define INFO "info"
#define WARNING "warning"
#define X(name, text, level) {text, level},
#include "tbl/audit_actions.h"
#undef X
#undef INFO
#undef WARNING
};

static struct audit_text
text(const char *s)
{
	return (struct audit_text){s, strlen(s)};
}

/* A detail that is too long or no object is not told by half. */
static struct audit_text
detail_text(const char *s)
{
	struct audit_text t = text(s ? s : "");

	if (!t.n)
		return t;
	if (t.n > AUDIT_DETAIL_MAX || *s != '{' || s[t.n - 1] != '}' ||
	    !utf8_valid(s, t.n))
		return text("{\"cut\":true}");
	return t;
}

/* The detail with the agent as its first member, in `room`; the agent alone if
 * there is no room for both. */
static struct audit_text
told(const char *agent, const struct audit_text *detail, char *room)
{
	const char *rest = detail->n > 2 ? detail->s + 1 : "}";
	size_t nrest = detail->n > 2 ? detail->n - 1 : 1;
	int n;

	if (strlen(agent) + nrest + 2 > AUDIT_DETAIL_MAX) {
		rest = ",\"cut\":true}";
		nrest = strlen(rest);
	}
	n = snprintf(room, AUDIT_ROOM, "{%s%s%.*s", agent,
	    nrest > 1 && *rest != ',' ? "," : "", (int)nrest, rest);
	return (struct audit_text){room, (size_t)n};
}

void
audit_fill(struct audit_entry *out, const struct db_context *ctx,
    const struct audit_event *event, char room[AUDIT_ROOM])
{
	assert(event->action > AUDIT_NONE && event->action < AUDIT_ACTIONS);
	memset(out, 0, sizeof(*out));
	out->at = clock_now_ms();
	out->level = text(actions[event->action].level);
	out->action = text(actions[event->action].action);
	out->request = text(log_request_id());
	out->detail = detail_text(event->detail);
	if (ctx && ctx->agent)
		out->detail = told(ctx->agent, &out->detail, room);
	if (ctx) {
		out->account_id = ctx->account_id;
		out->workspace_id = ctx->workspace_id;
		out->user_id = ctx->user_id;
	}
	out->has_subject = event->subject != NULL;
	if (event->subject)
		memcpy(out->subject, event->subject->b, sizeof(out->subject));
}

static struct db_val
text_cell(const struct audit_text *t)
{
	return db_bytes(t->s, t->n);
}

static void
fill_cells(struct db_val *v, const struct audit_entry *en, int64_t now)
{
	*v++ = db_bytes(en->chain, sizeof(en->chain));
	*v++ = db_int((int64_t)en->n);
	*v++ = db_int(en->at);
	*v++ = db_int(now);
	*v++ = text_cell(&en->level);
	*v++ = text_cell(&en->action);
	*v++ = db_int(en->account_id);
	*v++ = db_int(en->workspace_id);
	*v++ = db_int(en->user_id);
	*v++ = en->has_subject ? db_bytes(en->subject, sizeof(en->subject))
	                       : db_null();
	*v++ = text_cell(&en->detail);
	*v++ = text_cell(&en->request);
	*v = db_bytes(en->mac, sizeof(en->mac));
}

enum err_code
audit_store(
    struct db *db, const struct audit_entry *list, unsigned n, struct err *e)
{
	struct db_val *cells = calloc(n, CELLS * sizeof(*cells));
	int64_t now = clock_now_ms();
	enum err_code rc;
	unsigned i;

	if (!cells)
		abort();
	for (i = 0; i < n; i++)
		fill_cells(cells + (size_t)i * CELLS, &list[i], now);
	if (n == 1)
		rc = db_exec(db, NULL, SQL_AUDIT_INSERT,
		    (struct db_args){cells, CELLS}, NULL, NULL, e);
	else
		rc = db_bulk(db, NULL, SQL_AUDIT_INSERT, cells, n, CELLS, e);
	free(cells);
	return rc;
}

static void
chain_new(struct audit_chain *c)
{
	c->pid = getpid();
	audit_head_new(&c->head);
	c->base = c->head;
}

static void
chain_end(struct audit_chain *c, enum db_end how)
{
	if (!c->moved)
		return;
	c->moved = false;
	if (how == DB_ROLLED_BACK)
		c->head = c->base;
	else if (how == DB_COMMITTED && !c->failed)
		c->base = c->head;
	else
		chain_new(c);
	c->failed = false;
}

static void
on_end(void *owner, enum db_end how)
{
	struct site *s = owner;

	chain_end(&s->audit->changes, how);
	chain_end(&s->audit->anchors, how);
}

enum err_code
audit_put(struct audit *a, struct audit_chain *c, const struct db_context *ctx,
    const struct audit_event *list, unsigned n, struct err *e)
{
	unsigned batch = n < BATCH ? n : BATCH, done = 0, i;
	struct audit_entry *entries = calloc(batch, sizeof(*entries));
	char(*rooms)[AUDIT_ROOM] = calloc(batch, sizeof(*rooms));
	enum err_code rc = ERR_OK;

	if ((!entries || !rooms) && batch)
		abort();
	if (c->pid != getpid())
		chain_new(c);
	c->moved = true;
	while (done < n && !rc) {
		for (i = 0; i < batch && done < n; i++, done++) {
			audit_fill(&entries[i], ctx, &list[done], rooms[i]);
			audit_entry_chain(a->key, &c->head, &entries[i]);
		}
		rc = audit_store(a->site->db, entries, i, e);
	}
	c->failed |= rc != ERR_OK;
	free(entries);
	free(rooms);
	return rc;
}

struct change {
	struct audit *audit;
	const struct db_context *ctx;
	const struct audit_event *list;
	unsigned n;
};

static enum err_code
change_body(struct db *db, void *arg, struct err *e)
{
	struct change *c = arg;

	(void)db;
	return audit_put(
	    c->audit, &c->audit->changes, c->ctx, c->list, c->n, e);
}

enum err_code
audit_change(struct site *s, const struct db_context *ctx,
    const struct audit_event *list, unsigned n, struct err *e)
{
	struct change c = {s->audit, ctx, list, n};

	if (db_in_transaction(s->db))
		return change_body(s->db, &c, e);
	return db_transaction(s->db, change_body, NULL, &c, e);
}

enum err_code
audit_open(struct site *s, struct err *e)
{
	struct audit *a = calloc(1, sizeof(*a));
	enum err_code rc;

	if (!a)
		abort();
	a->site = s;
	a->file.fd = -1;
	rc = audit_key_load(s->conf->keys_dir, &a->key, e);
	if (rc) {
		free(a);
		return rc;
	}
	s->audit = a;
	db_own(s->db, s, on_end);
	return ERR_OK;
}

void
audit_close(struct audit **ap)
{
	struct audit *a = *ap;

	if (!a)
		return;
	audit_file_left(a);
	db_own(a->site->db, NULL, NULL);
	audit_file_close(&a->file);
	mac_free(&a->key);
	buf_free(&a->record);
	free(a);
	*ap = NULL;
}

void
audit_direct(struct site *s)
{
	s->audit->direct = true;
}
