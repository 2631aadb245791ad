#include "model/key_use.h"

#include <string.h>

#include "base/log.h"

const char *
key_kind_name(enum key_kind kind)
{
	switch (kind) {
	case KEY_DATA:
		return "data";
	case KEY_INDEX:
		return "index";
	case KEY_REST:
		return "rest";
	}
	return "?";
}

/* `now` is the count with the last n. */
static void
warn_at(const struct site *s, const struct db_context *ctx, enum key_kind kind,
    uint32_t version, uint64_t now, uint64_t n)
{
	uint64_t at = (uint64_t)s->conf->keys_rotate_at;

	if (now >= at && now - n < at)
		log_warning("account %u: %s key version %u has sealed %llu "
		            "values: rotate it (cofferctl key rotate)",
		    ctx->account_id, key_kind_name(kind), version,
		    (unsigned long long)now);
}

enum err_code
key_use_add(struct site *s, const struct db_context *ctx, enum key_kind kind,
    uint32_t version, uint64_t n, struct err *e)
{
	uint64_t now = 0, affected;
	enum err_code rc;

	rc = db_exec(s->db, ctx, SQL_ACCOUNT_KEY_SEALED,
	    DB_ARGS(db_int((int64_t)n), db_int(kind), db_int(version)),
	    &affected, &now, e);
	if (rc || !affected)
		return rc;
	warn_at(s, ctx, kind, version, now, n);
	if (kind != KEY_DATA || now <= KEY_USE_MAX)
		return ERR_OK;
	return err_fault(e, ERR_CRYPTO,
	    "account %u: data key version %u has sealed %llu values, as many "
	    "as is safe: rotate it (cofferctl key rotate)",
	    ctx->account_id, version, (unsigned long long)now);
}

/* What waits for its count, of the account's data key of this version. */
struct gathered {
	uint32_t account_id, version;
	uint64_t n;
};

static struct gathered *
find_gathered(struct buf *list, uint32_t account_id, uint32_t version)
{
	struct gathered fresh = {account_id, version, 0};
	struct gathered *g = (struct gathered *)(void *)list->data;
	struct gathered *end = g + list->len / sizeof(*g);

	while (g < end && g->account_id != account_id)
		g++;
	if (g < end && g->version != version)
		*g = fresh;
	if (g < end)
		return g;
	buf_add(list, &fresh, sizeof(fresh));
	return (struct gathered *)(void *)(list->data + list->len) - 1;
}

enum err_code
key_use_gather(struct site *s, const struct db_context *ctx, uint32_t version,
    uint64_t n, struct err *e)
{
	struct gathered *g;
	enum err_code rc;

	g = find_gathered(&s->gathered, ctx->account_id, version);
	g->n += n;
	if (g->n < KEY_USE_GATHERED)
		return ERR_OK;
	rc = key_use_add(s, ctx, KEY_DATA, version, g->n, e);
	if (!rc)
		g->n = 0;
	return rc;
}

/* The row at hand. Rows are ordered by kind and version: one that another of
 * its kind follows is not the current one. */
static void
add_row(const struct site *s, struct db_rows *r, struct buf *out)
{
	struct key_use u = {.kind = (enum key_kind)db_get_int(r, 0),
	    .version = (uint32_t)db_get_int(r, 1),
	    .sealed = (uint64_t)db_get_int(r, 2),
	    .created_at = db_get_int(r, 4),
	    .current = true};
	struct key_use *last;
	const char *master;
	size_t n;

	master = db_get_bytes(r, 3, &n);
	memcpy(u.master, master, n < MASTER_ID ? n : MASTER_ID);
	u.exhausted = u.sealed >= (uint64_t)s->conf->keys_rotate_at;
	if (out->len) {
		last = (struct key_use *)(out->data + out->len - sizeof(u));
		if (last->kind == u.kind)
			last->current = last->exhausted = false;
	}
	buf_add(out, &u, sizeof(u));
}

enum err_code
key_use_list(struct site *s, const struct db_context *ctx, struct buf *out,
    struct err *e)
{
	struct db_rows *r;
	enum err_code rc;

	rc = db_query(s->db, ctx, SQL_ACCOUNT_KEY_USE, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (db_next(r))
		add_row(s, r, out);
	return db_done(&r, e);
}
