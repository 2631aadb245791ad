#include "model/audit_page.h"

#include <stdlib.h>
#include <string.h>

struct audit_page *
audit_page_new(void)
{
	struct audit_page *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->arena = arena_new(1 << 20);
	return p;
}

void
audit_page_free(struct audit_page **p)
{
	if (!*p)
		return;
	arena_free(&(*p)->arena);
	free(*p);
	*p = NULL;
}

static struct audit_text
take_text(struct db_rows *r, unsigned col, struct arena *a)
{
	struct audit_text t;
	const char *s = db_get_bytes(r, col, &t.n);

	t.s = arena_strndup(a, s, t.n);
	return t;
}

/* A column of fixed length; a shorter one is padded with zeros. */
static void
take_bytes(struct db_rows *r, unsigned col, void *out, size_t n)
{
	size_t got;
	const char *s = db_get_bytes(r, col, &got);

	memset(out, 0, n);
	if (s)
		memcpy(out, s, got < n ? got : n);
}

static void
take_entry(struct db_rows *r, const uint8_t *chain, struct arena *a,
    struct audit_entry *out)
{
	memcpy(out->chain, chain, AUDIT_CHAIN);
	out->n = (uint64_t)db_get_int(r, 0);
	out->at = db_get_int(r, 1);
	out->level = take_text(r, 2, a);
	out->action = take_text(r, 3, a);
	out->account_id = (uint32_t)db_get_int(r, 4);
	out->workspace_id = (uint32_t)db_get_int(r, 5);
	out->user_id = (uint32_t)db_get_int(r, 6);
	out->has_subject = !db_is_null(r, 7);
	take_bytes(r, 7, out->subject, AUDIT_SUBJECT);
	out->detail = take_text(r, 8, a);
	out->request = take_text(r, 9, a);
	take_bytes(r, 10, out->mac, MAC_LEN);
}

enum err_code
audit_page_read(struct audit_page *p, struct db *db,
    const uint8_t chain[AUDIT_CHAIN], uint64_t n, struct err *e)
{
	struct db_rows *r;
	enum err_code rc;

	arena_reset(p->arena);
	p->n = 0;
	rc = db_query(db, NULL, SQL_AUDIT_READ,
	    DB_ARGS(db_bytes(chain, AUDIT_CHAIN), db_int((int64_t)n)), &r, e);
	if (rc)
		return rc;
	while (p->n < AUDIT_PAGE && db_next(r))
		take_entry(r, chain, p->arena, &p->entries[p->n++]);
	return db_done(&r, e);
}

static void
take_mac(struct db_rows *r, void *arg)
{
	take_bytes(r, 0, arg, MAC_LEN);
}

enum err_code
audit_mac_read(struct db *db, const uint8_t chain[AUDIT_CHAIN], uint64_t n,
    uint8_t out[MAC_LEN], struct err *e)
{
	return db_one(db, NULL, SQL_AUDIT_MAC,
	    DB_ARGS(db_bytes(chain, AUDIT_CHAIN), db_int((int64_t)n)), take_mac,
	    out, e);
}
