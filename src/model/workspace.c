#include <string.h>

#include "base/clock.h"
#include "model/account.h"
#include "model/audit.h"
#include "model/name.h"
#include "model/segment.h"
#include "vault/rand.h"

struct creation {
	struct db_context ctx;
	const char *name;
	struct uuid uuid;
};

static enum err_code
create_body(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;
	uint64_t id;
	enum err_code rc;

	rc = db_exec(db, &c->ctx, SQL_WORKSPACE_INSERT,
	    DB_ARGS(db_uuid(&c->uuid), db_str(c->name), db_int(clock_now_ms())),
	    NULL, &id, e);
	if (rc)
		return rc;
	c->ctx.workspace_id = (uint32_t)id;
	rc = segment_create_all(db, &c->ctx, e);
	return rc ? rc
	          : audit_change(site_of(db), &c->ctx,
	                &(struct audit_event){
	                    AUDIT_WORKSPACE_CREATE, &c->uuid, NULL},
	                1, e);
}

/* ERR_NOT_FOUND, where workspace_find says ERR_NO_WORKSPACE. */
static enum err_code
lookup(struct db *db, const struct db_context *ctx, const struct uuid *uuid,
    uint32_t *id_out, struct err *e)
{
	return db_one(db, ctx, SQL_WORKSPACE_BY_UUID, DB_ARGS(db_uuid(uuid)),
	    db_take_u32, id_out, e);
}

static enum err_code
create_done(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;

	return lookup(db, &c->ctx, &c->uuid, &c->ctx.workspace_id, e);
}

enum err_code
workspace_create(struct db *db, const struct db_context *ctx, const char *name,
    struct uuid *out, struct err *e)
{
	struct creation c = {.ctx = *ctx, .name = name};
	enum err_code rc;

	rc = name_check("the name", name, 1, NAME_MAX_CHARS, e);
	if (rc)
		return rc;
	rand_uuid(&c.uuid);
	rc = db_transaction(db, create_body, create_done, &c, e);
	*out = c.uuid;
	return rc;
}

enum err_code
workspace_find(struct db *db, const struct db_context *ctx,
    const struct uuid *uuid, uint32_t *id_out, struct err *e)
{
	enum err_code rc = lookup(db, ctx, uuid, id_out, e);

	return rc == ERR_NOT_FOUND ? err_set(e, ERR_NO_WORKSPACE, NULL) : rc;
}

struct search {
	const struct uuid *uuid;
	struct db_context *out;
};

static enum err_code
bind_within(struct db *db, const struct db_context *ctx, const char *code,
    void *arg, struct err *e)
{
	struct search *s = arg;

	(void)code;
	*s->out = *ctx;
	return lookup(db, ctx, s->uuid, &s->out->workspace_id, e);
}

enum err_code
workspace_bind(struct db *db, const struct uuid *uuid, struct db_context *out,
    struct err *e)
{
	struct search s = {uuid, out};
	enum err_code rc = account_walk(db, bind_within, &s, e);

	if (rc)
		memset(out, 0, sizeof(*out));
	return rc == ERR_NOT_FOUND ? err_set(e, ERR_NO_WORKSPACE, NULL) : rc;
}

struct place {
	uint32_t id;
	struct uuid uuid;
};

static enum err_code
read_places(
    struct db *db, const struct db_context *ctx, struct buf *out, struct err *e)
{
	struct place p;
	struct db_rows *r;
	enum err_code rc;

	rc = db_query(db, ctx, SQL_WORKSPACE_WALK, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (db_next(r)) {
		p.id = (uint32_t)db_get_int(r, 0);
		db_get_uuid(r, 1, &p.uuid);
		buf_add(out, &p, sizeof(p));
	}
	return db_done(&r, e);
}

enum err_code
workspace_walk(struct db *db, const struct db_context *ctx,
    workspace_each *each, void *arg, struct err *e)
{
	struct db_context in = *ctx;
	struct buf list = {0};
	struct place p;
	enum err_code rc = read_places(db, ctx, &list, e);
	size_t i;

	for (i = 0; i < list.len && !rc; i += sizeof(p)) {
		memcpy(&p, list.data + i, sizeof(p));
		in.workspace_id = p.id;
		rc = each(&in, &p.uuid, arg, e);
	}
	buf_free(&list);
	return rc;
}

enum err_code
workspace_list(
    struct db *db, const struct db_context *ctx, struct buf *out, struct err *e)
{
	char text[UUID_TEXT];
	struct db_rows *r;
	struct uuid uuid;
	enum err_code rc;

	rc = db_query(db, ctx, SQL_WORKSPACE_LIST, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (db_next(r)) {
		db_get_uuid(r, 0, &uuid);
		uuid_format(&uuid, text);
		buf_addf(out, "%s %s\n", text, db_get_bytes(r, 1, NULL));
	}
	return db_done(&r, e);
}
