/* The records of exports: making, finding, listing. */
#include "model/export.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/export_row.h"
#include "vault/rand.h"

static const char *const states[] = {
#define X(name, text, live) text,
#include "tbl/export_states.h"
#undef X
};

const char *
export_state_name(enum export_state st)
{
	return states[st];
}

static enum export_state
state_parse(const char *name)
{
	unsigned i = 0;

	while (i < EXPORT_STATES - 1 && strcmp(states[i], name))
		i++;
	return (enum export_state)i;
}

void
export_id(const struct export *x, char out[EXPORT_ID_MAX + 1])
{
	clock_format(x->id, out);
	snprintf(out + CLOCK_TEXT - 1, EXPORT_ID_MAX + 1 - (CLOCK_TEXT - 1),
	    "_%s", x->code);
}

static void
take_text(struct db_rows *r, unsigned col, char *out, size_t size)
{
	snprintf(out, size, "%s", db_get_bytes(r, col, NULL));
}

void
export_take(struct db_rows *r, void *arg)
{
	struct export *x = arg;
	const char *sha256;
	size_t n;

	memset(x, 0, sizeof(*x));
	x->id = db_get_int(r, 0);
	x->segment_id = (uint32_t)db_get_int(r, 1);
	take_text(r, 2, x->code, sizeof(x->code));
	x->state = state_parse(db_get_bytes(r, 3, NULL));
	x->spreadsheet_safe = db_get_int(r, 4);
	db_get_uuid(r, 5, &x->job);
	db_get_uuid(r, 6, &x->api_key);
	x->members = (uint64_t)db_get_int(r, 7);
	x->written = (uint64_t)db_get_int(r, 8);
	x->bytes = (uint64_t)db_get_int(r, 9);
	sha256 = db_get_bytes(r, 10, &n);
	x->has_sha256 = n == sizeof(x->sha256);
	if (x->has_sha256)
		memcpy(x->sha256, sha256, n);
	take_text(r, 11, x->message, sizeof(x->message));
	x->started_at = db_get_int(r, 12);
	x->finished_at = db_get_int(r, 13);
	x->expires_at = db_get_int(r, 14);
	if (x->state == EXPORT_COMPLETED && x->expires_at <= clock_now_ms())
		x->state = EXPORT_EXPIRED;
}

enum err_code
export_read(struct db *db, const struct db_context *ctx, enum stmt st,
    struct db_val key, struct export *out, struct err *e)
{
	return db_one(db, ctx, st, DB_ARGS(key), export_take, out, e);
}

enum err_code
export_audit(struct site *s, const struct db_context *ctx,
    enum audit_action action, const struct export *x, struct err *e)
{
	char id[EXPORT_ID_MAX + 1], detail[400];
	struct audit_event event = {
	    .action = action, .subject = &x->job, .detail = detail};

	export_id(x, id);
	snprintf(detail, sizeof(detail),
	    "{\"exportid\":\"%s\",\"segment\":\"%s\",\"status\":\"%s\","
	    "\"rows\":%llu}",
	    id, x->code, export_state_name(x->state),
	    (unsigned long long)x->written);
	return audit_change(s, ctx, &event, 1, e);
}

enum err_code
export_drop(struct db *db, const struct db_context *ctx, enum stmt st,
    int64_t id, struct err *e)
{
	enum err_code err;
	uint64_t n;

	do
		err = db_exec(db, ctx, st, DB_ARGS(db_int(id)), &n, NULL, e);
	while (!err && n);
	return err;
}

struct creation {
	struct site *site;
	const struct db_context *ctx;
	struct export *x;
	struct job job;
};

static void
take_segment(struct db_rows *r, void *arg)
{
	struct export *x = arg;

	x->segment_id = (uint32_t)db_get_int(r, 0);
	x->members = (uint64_t)db_get_int(r, 2);
}

static enum err_code
check_waiting(struct creation *c, struct err *e)
{
	int64_t n = 0, most = c->site->conf->exports_waiting;
	enum err_code err;

	err = db_one(c->site->db, c->ctx, SQL_EXPORT_WAITING, DB_NOARGS,
	    db_take_int, &n, e);
	if (!err && n >= most)
		return err_set(e, ERR_TOO_MANY_REQUESTS,
		    "%d exports wait or run already", (int)n);
	return err;
}

/* Moves its time on until nobody else's export has it. */
static enum err_code
insert(struct creation *c, struct err *e)
{
	struct export *x = c->x;
	enum err_code err;

	x->id = clock_now_ms();
	do
		err = db_exec(c->site->db, c->ctx, SQL_EXPORT_INSERT,
		    DB_ARGS(db_int(x->id), db_int(x->segment_id),
		        db_str(x->code), db_int(x->spreadsheet_safe),
		        db_uuid(&x->job), db_uuid(&x->api_key),
		        db_int((int64_t)x->members)),
		    NULL, NULL, e);
	while (err == ERR_DUPLICATE && x->id++ < INT64_MAX);
	return err;
}

static enum err_code
create_body(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;
	struct export *x = c->x;
	enum err_code err;

	err = db_one(db, c->ctx, SQL_EXPORT_SEGMENT, DB_ARGS(db_str(x->code)),
	    take_segment, x, e);
	if (!err)
		err = check_waiting(c, e);
	if (!err)
		err = insert(c, e);
	if (err)
		return err;
	c->job = (struct job){.uuid = x->job,
	    .kind = JOB_KIND_EXPORT,
	    .segment_id = x->segment_id,
	    .columns = "[]",
	    .rows = (uint32_t)x->members};
	err = job_enqueue(c->site, c->ctx, &c->job, 1, NULL, e);
	return err ? err
	           : export_audit(c->site, c->ctx, AUDIT_EXPORT_CREATE, x, e);
}

static enum err_code
create_done(struct db *db, void *arg, struct err *e)
{
	struct creation *c = arg;

	return export_of_job(db, c->ctx, &c->x->job, c->x, e);
}

enum err_code
export_create(struct site *s, const struct db_context *ctx, const char *code,
    bool spreadsheet_safe, const struct uuid *api_key, struct export *out,
    struct err *e)
{
	struct creation c = {.site = s, .ctx = ctx, .x = out};

	*out = (struct export){
	    .spreadsheet_safe = spreadsheet_safe, .api_key = *api_key};
	if (strlen(code) > SEGMENT_CODE_MAX)
		return err_set(e, ERR_NOT_FOUND, NULL);
	strcpy(out->code, code);
	rand_uuid(&out->job);
	return db_transaction(s->db, create_body, create_done, &c, e);
}

/* Reads "TIME_CODE"; false if no exportid is like that. */
static bool
id_parse(const char *s, struct export *out)
{
	char text[EXPORT_ID_MAX + 1], time[CLOCK_TEXT];

	if (strlen(s) > EXPORT_ID_MAX || strlen(s) <= CLOCK_TEXT)
		return false;
	memcpy(time, s, CLOCK_TEXT - 1);
	time[CLOCK_TEXT - 1] = '\0';
	snprintf(out->code, sizeof(out->code), "%s", s + CLOCK_TEXT);
	if (!clock_parse(time, &out->id))
		return false;
	export_id(out, text);
	return !strcmp(text, s);
}

enum err_code
export_find(struct db *db, const struct db_context *ctx, const char *exportid,
    struct export *out, struct err *e)
{
	struct export asked;
	enum err_code err;

	if (!id_parse(exportid, &asked))
		return err_set(e, ERR_NOT_FOUND, NULL);
	err = export_read(db, ctx, SQL_EXPORT_FIND, db_int(asked.id), out, e);
	if (!err && strcmp(out->code, asked.code))
		return err_set(e, ERR_NOT_FOUND, NULL);
	return err;
}

enum err_code
export_of_job(struct db *db, const struct db_context *ctx,
    const struct uuid *job, struct export *out, struct err *e)
{
	return export_read(db, ctx, SQL_EXPORT_OF_JOB, db_uuid(job), out, e);
}

static void
reverse(struct export *list, unsigned n)
{
	struct export x;
	unsigned i;

	for (i = 0; i < n / 2; i++) {
		x = list[i];
		list[i] = list[n - 1 - i];
		list[n - 1 - i] = x;
	}
}

enum err_code
export_list(struct db *db, const struct db_context *ctx, int64_t id, bool newer,
    unsigned max, struct export *out, unsigned *n_out, struct err *e)
{
	struct db_rows *r;
	enum err_code err;

	*n_out = 0;
	err = db_query(db, ctx,
	    newer ? SQL_EXPORT_LIST_NEWER : SQL_EXPORT_LIST_OLDER,
	    DB_ARGS(db_int(id), db_int(max)), &r, e);
	if (err)
		return err;
	while (*n_out < max && db_next(r))
		export_take(r, &out[(*n_out)++]);
	if (newer)
		reverse(out, *n_out);
	return db_done(&r, e);
}

/* Members come and go while it is written. */
double
export_progress(const struct export *x)
{
	if (x->has_sha256)
		return 1;
	if (!x->written || !x->members)
		return 0;
	return x->written < x->members ? (double)x->written / (double)x->members
	                               : 0.99;
}
