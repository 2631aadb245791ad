/* /v1/cpf: the fields of a workspace. */
#include <string.h>

#include "http/handlers.h"
#include "model/field_change.h"
#include "work/wake.h"

enum err_code
api_field_list(struct request *rq, struct err *e)
{
	struct schema s;
	struct buf *out;
	enum err_code rc;

	rc = schema_load(rq->site->db, &rq->ctx, rq->arena, &s, e);
	if (rc)
		return rc;
	out = resp_json(rq, 200);
	buf_adds(out, "{\"fields\":[");
	for (unsigned i = 0; i < s.n; i++) {
		if (s.fields[i].builtin)
			continue;
		if (out->data[out->len - 1] != '[')
			buf_addc(out, ',');
		field_write(out, &s.fields[i]);
	}
	buf_adds(out, "]}");
	schema_release(&s);
	return ERR_OK;
}

static void
add_job(struct request *rq, struct buf *out, const struct job *job)
{
	buf_add_member(out, "job_id",
	    job_id(rq->site->conf, rq->account_code, job, rq->arena));
}

/* What stored values have against a change. */
static void
answer_offences(struct request *rq, const struct field_change *c,
    const char *field, const struct err *e)
{
	struct buf *out = resp_json(rq, 400);
	char id[UUID_TEXT];
	unsigned i;

	buf_adds(out, "{\"status\":400");
	buf_add_member(out, "message", err_text(e));
	buf_adds(out, ",\"violations\":");
	buf_add_u64(out, c->offences.total);
	buf_adds(out, ",\"errors\":[");
	for (i = 0; i < c->offences.n; i++) {
		const struct offender *o = &c->offences.list[i];

		uuid_format(&o->customer, id);
		buf_addf(out, "%s{\"customer_id\":\"%s\"", i ? "," : "", id);
		buf_add_member(out, "field", field);
		buf_add_member(out, "code", row_code_name(o->code));
		buf_add_member(out, "message", o->text);
		buf_addc(out, '}');
	}
	buf_adds(out, "]}");
}

/* A conversion runs: the answer says which. */
static void
answer_busy(
    struct request *rq, const struct field_change *c, const struct err *e)
{
	struct buf *out = resp_json(rq, 409);

	buf_adds(out, "{\"status\":409");
	buf_add_member(out, "message", err_text(e));
	add_job(rq, out, &c->job);
	buf_adds(out, ",\"errors\":[]}");
}

typedef enum err_code change(struct site *s, const struct db_context *ctx,
    const json_t *body, struct arena *a, struct field_change *out,
    struct err *e);

/* Does it; an answer that is more than a message is sent here. *done: it was,
 * or, if false and ERR_OK, `c` is the caller's to answer. */
static enum err_code
run(struct request *rq, change *does, struct field_change *c, bool *done,
    struct err *e)
{
	const json_t *name = json_object_get(rq->json, "field_name");
	enum err_code rc;

	rc = does(rq->site, &rq->ctx, rq->json, rq->arena, c, e);
	*done = rc == ERR_INVALID || (rc == ERR_CONFLICT && c->converting);
	if (rc == ERR_INVALID)
		answer_offences(rq, c, json_string_value(name), e);
	else if (*done)
		answer_busy(rq, c, e);
	if (*done)
		return ERR_OK;
	if (!rc && c->converting)
		wake_send(rq->site->conf, c->job.chunks_left);
	return rc;
}

/* The field, and the job if one runs. */
static void
answer(struct request *rq, const struct field_change *c, int status)
{
	struct buf *out = resp_json(rq, status);

	field_write(out, &c->field);
	if (!c->converting)
		return;
	out->len--; /* the brace */
	add_job(rq, out, &c->job);
	buf_addc(out, '}');
}

static enum err_code
add(struct site *s, const struct db_context *ctx, const json_t *body,
    struct arena *a, struct field_change *out, struct err *e)
{
	struct field f;
	enum err_code rc = field_from_definition(body, a, &f, e);

	*out = (struct field_change){.converting = false};
	return rc ? rc : field_add(s, ctx, &f, a, out, e);
}

enum err_code
api_field_create(struct request *rq, struct err *e)
{
	struct field_change *c = arena_alloc(rq->arena, sizeof(*c));
	bool done;
	enum err_code rc = run(rq, add, c, &done, e);

	if (!rc && !done)
		answer(rq, c, 201);
	return rc;
}

enum err_code
api_field_change(struct request *rq, struct err *e)
{
	struct field_change *c = arena_alloc(rq->arena, sizeof(*c));
	bool done;
	enum err_code rc = run(rq, field_change, c, &done, e);

	if (!rc && !done)
		answer(rq, c, c->converting ? 202 : 200);
	return rc;
}

enum err_code
api_field_delete(struct request *rq, struct err *e)
{
	struct field_change *c = arena_alloc(rq->arena, sizeof(*c));
	struct buf *out;
	bool done;
	enum err_code rc = run(rq, field_delete, c, &done, e);

	if (rc || done)
		return rc;
	out = resp_json(rq, c->converting ? 202 : 200);
	buf_addf(out, "{\"field_name\":\"%s\"", c->field.name);
	if (c->converting)
		add_job(rq, out, &c->job);
	buf_addc(out, '}');
	return ERR_OK;
}
