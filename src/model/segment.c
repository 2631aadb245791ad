#include "model/segment.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/audit.h"
#include "model/name.h"
#include "model/rows.h"
#include "vault/rand.h"

#define DESCRIPTION_MAX 1000

static bool
code_valid(const char *s)
{
	size_t n = strlen(s);

	if (n < 1 || n > SEGMENT_CODE_MAX || *s == '_' || *s == '-')
		return false;
	for (; *s; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= '0' && *s <= '9') &&
		    *s != '_' && *s != '-')
			return false;
	return true;
}

struct creation {
	const struct db_context *ctx;
	const char *code, *name, *description;
	struct segment *out;
};

static enum err_code
insert(struct db *db, const struct creation *c, struct err *e)
{
	return db_exec(db, c->ctx, SQL_SEGMENT_INSERT,
	    DB_ARGS(db_int(c->out->id), db_uuid(&c->out->uuid), db_str(c->code),
	        db_str(c->name), db_str(c->description),
	        db_int(clock_now_ms())),
	    NULL, NULL, e);
}

enum err_code
segment_create_all(struct db *db, const struct db_context *ctx, struct err *e)
{
	struct segment all = {.id = SEGMENT_ALL};
	struct creation c = {ctx, "all", "All customers", "", &all};

	rand_uuid(&all.uuid);
	return insert(db, &c, e);
}

/* Codes hold nothing that JSON escapes. */
static enum err_code
audit_creation(struct db *db, const struct creation *c, struct err *e)
{
	char detail[SEGMENT_CODE_MAX + 16];

	snprintf(detail, sizeof(detail), "{\"code\":\"%s\"}", c->code);
	return audit_change(site_of(db), c->ctx,
	    &(struct audit_event){AUDIT_GROUP_CREATE, &c->out->uuid, detail}, 1,
	    e);
}

static enum err_code
create_body(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;
	uint64_t id;
	enum err_code rc;

	rc = db_one(
	    db, c->ctx, SQL_SEGMENT_NEXT_ID, DB_NOARGS, db_take_u64, &id, e);
	if (rc == ERR_OK)
		rc = db_exec(db, c->ctx, SQL_SEGMENT_TAKE_ID,
		    DB_ARGS(db_int((int64_t)id + 1)), NULL, NULL, e);
	if (rc)
		return rc;
	c->out->id = (uint32_t)id;
	rc = insert(db, c, e);
	return rc ? rc : audit_creation(db, c, e);
}

static void
take_segment(struct db_rows *r, void *arg)
{
	struct segment *s = arg;

	s->id = (uint32_t)db_get_int(r, 0);
	db_get_uuid(r, 1, &s->uuid);
}

static enum err_code
create_done(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;

	return db_one(db, c->ctx, SQL_SEGMENT_BY_UUID,
	    DB_ARGS(db_uuid(&c->out->uuid)), take_segment, c->out, e);
}

enum err_code
segment_texts_check(const struct segment_change *texts, struct err *e)
{
	enum err_code rc = ERR_OK;

	if (texts->code && !code_valid(texts->code))
		return err_set(e, ERR_BAD_REQUEST,
		    "code must have 1 to %d of a-z, 0-9, '-' and '_' and "
		    "begin with a letter or digit",
		    SEGMENT_CODE_MAX);
	if (texts->name)
		rc = name_check("name", texts->name, 1, NAME_MAX_CHARS, e);
	if (rc == ERR_OK && texts->description)
		rc = name_check(
		    "description", texts->description, 0, DESCRIPTION_MAX, e);
	return rc;
}

enum err_code
segment_create(struct db *db, const struct db_context *ctx, const char *code,
    const char *name, const char *description, struct segment *out,
    struct err *e)
{
	struct creation c = {
	    ctx, code, name, description ? description : "", out};
	enum err_code rc = segment_texts_check(
	    &(struct segment_change){code, name, c.description}, e);

	if (rc)
		return rc;
	rand_uuid(&out->uuid);
	rc = db_transaction(db, create_body, create_done, &c, e);
	if (rc == ERR_DUPLICATE)
		return err_set(
		    e, ERR_CONFLICT, "a group with this code exists");
	return rc;
}

enum err_code
segment_find(struct db *db, const struct db_context *ctx, const char *text,
    struct segment *out, struct err *e)
{
	struct uuid uuid;
	enum err_code rc = ERR_NOT_FOUND;

	if (uuid_parse(text, strlen(text), &uuid))
		rc = db_one(db, ctx, SQL_SEGMENT_BY_UUID,
		    DB_ARGS(db_uuid(&uuid)), take_segment, out, e);
	return rc == ERR_NOT_FOUND ? err_set(e, ERR_NO_CUSTOMERS, NULL) : rc;
}

enum err_code
segment_find_code(struct db *db, const struct db_context *ctx, const char *code,
    struct segment *out, struct err *e)
{
	return db_one(db, ctx, SQL_SEGMENT_BY_CODE, DB_ARGS(db_str(code)),
	    take_segment, out, e);
}

enum err_code
segment_read(struct db *db, const struct db_context *ctx, uint32_t id,
    struct segment *out, struct err *e)
{
	enum err_code rc = db_one(db, ctx, SQL_SEGMENT_BY_ID,
	    DB_ARGS(db_int(id)), take_segment, out, e);

	return rc == ERR_NOT_FOUND ? err_set(e, ERR_NO_CUSTOMERS, NULL) : rc;
}

/* The row at hand of SEGMENT_LIST or SEGMENT_SHOW. */
static void
write_row(struct db_rows *r, void *arg)
{
	struct buf *out = arg;
	char text[UUID_TEXT];
	struct uuid uuid;

	db_get_uuid(r, 0, &uuid);
	uuid_format(&uuid, text);
	buf_addf(out, "{\"customer_group_id\":\"%s\"", text);
	buf_add_member(out, "code", db_get_bytes(r, 1, NULL));
	buf_add_member(out, "name", db_get_bytes(r, 2, NULL));
	buf_add_member(out, "description", db_get_bytes(r, 3, NULL));
	buf_adds(out, ",\"customers\":");
	buf_add_i64(out, db_get_int(r, 4));
	buf_addc(out, '}');
}

enum err_code
segment_list_write(
    struct db *db, const struct db_context *ctx, struct buf *out, struct err *e)
{
	struct db_rows *r;
	bool first = true;
	enum err_code rc;

	rc = db_query(db, ctx, SQL_SEGMENT_LIST, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	buf_addc(out, '[');
	for (; db_next(r); first = false) {
		if (!first)
			buf_addc(out, ',');
		write_row(r, out);
	}
	buf_addc(out, ']');
	return db_done(&r, e);
}

enum err_code
segment_ids(struct db *db, const struct db_context *ctx, bool down,
    uint32_t from, unsigned n, uint32_t *out, unsigned *n_out, struct err *e)
{
	struct db_rows *r;
	enum err_code rc;

	*n_out = 0;
	rc = db_query(db, ctx, down ? SQL_SEGMENT_IDS_DOWN : SQL_SEGMENT_IDS_UP,
	    DB_ARGS(db_int(from), db_int(n)), &r, e);
	if (rc)
		return rc;
	while (*n_out < n && db_next(r))
		out[(*n_out)++] = (uint32_t)db_get_int(r, 0);
	return db_done(&r, e);
}

enum err_code
segment_range_write(struct db *db, const struct db_context *ctx, uint32_t first,
    uint32_t last, struct buf *out, segment_flush *flush, void *arg,
    struct err *e)
{
	struct db_rows *r;
	bool some = false;
	enum err_code rc;

	rc = db_query(db, ctx, SQL_SEGMENT_RANGE,
	    DB_ARGS(db_int(first), db_int(last)), &r, e);
	if (rc)
		return rc;
	while (!rc && db_next(r)) {
		buf_adds(out, some ? "," : "");
		some = true;
		write_row(r, out);
		rc = flush(arg, e);
	}
	return rows_end(rc, &r, e);
}

enum err_code
segment_list(
    struct db *db, const struct db_context *ctx, struct buf *out, struct err *e)
{
	char text[UUID_TEXT];
	struct db_rows *r;
	struct uuid uuid;
	enum err_code rc;

	rc = db_query(db, ctx, SQL_SEGMENT_LIST, DB_NOARGS, &r, e);
	if (rc)
		return rc;
	while (db_next(r)) {
		db_get_uuid(r, 0, &uuid);
		uuid_format(&uuid, text);
		buf_addf(out, "%s %s %s\n", text, db_get_bytes(r, 1, NULL),
		    db_get_bytes(r, 2, NULL));
	}
	return db_done(&r, e);
}

enum err_code
segment_write(struct db *db, const struct db_context *ctx,
    const struct segment *s, struct buf *out, struct err *e)
{
	enum err_code rc = db_one(db, ctx, SQL_SEGMENT_SHOW,
	    DB_ARGS(db_int(s->id)), write_row, out, e);

	return rc == ERR_NOT_FOUND ? err_set(e, ERR_NO_CUSTOMERS, NULL) : rc;
}

enum err_code
segment_reserve(struct db *db, const struct db_context *ctx,
    uint32_t segment_id, uint32_t n, uint64_t *first_out, struct err *e)
{
	uint64_t affected;
	enum err_code rc = db_exec(db, ctx, SQL_SEGMENT_RESERVE,
	    DB_ARGS(db_int(n), db_int(segment_id)), &affected, first_out, e);

	if (!rc && !affected)
		return err_set(e, ERR_NO_CUSTOMERS, NULL);
	return rc;
}
