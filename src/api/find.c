/* GET /v1/customer/{customer_id} and POST /v1/customer/find: one customer. */
#include <string.h>

#include "http/handlers.h"
#include "http/etag.h"
#include "http/route.h"
#include "model/account.h"
#include "model/customer.h"

/* Sends the customer that was written, or says that it is still the same. */
static void
send_customer(struct request *rq, const struct buf *text, uint32_t revision,
    bool conditional)
{
	struct buf *out;

	if (conditional && etag_none_match(rq, revision)) {
		resp_json(rq, 304);
	} else {
		out = resp_json(rq, 200);
		buf_add(out, text->data, text->len);
	}
	etag_header(rq, revision);
}

/* Looks for the customer in the context's workspace. */
static enum err_code
show(struct request *rq, const struct uuid *id, struct err *e)
{
	struct buf text = {0};
	struct uuid uuid;
	uint32_t revision;
	enum err_code code = customer_write(
	    rq->site, &rq->ctx, id, 0, &text, &uuid, &revision, e);

	if (!code) {
		request_audit(rq, &uuid, "{}");
		send_customer(rq, &text, revision, true);
	}
	buf_free(&text);
	return code;
}

/* Looks in every workspace of the account that the user may read. */
static enum err_code
show_anywhere(struct request *rq, const struct uuid *id, struct err *e)
{
	struct uuid workspace;
	char text[UUID_TEXT];
	enum err_code code =
	    customer_workspace(rq->site->db, &rq->ctx, id, &workspace, e);

	if (code)
		return code;
	uuid_format(&workspace, text);
	code = request_workspace(rq, arena_strdup(rq->arena, text), e);
	if (code == ERR_FORBIDDEN || code == ERR_NO_WORKSPACE)
		return err_set(e, ERR_NOT_FOUND, NULL);
	return code ? code : show(rq, id, e);
}

enum err_code
api_customer_show(struct request *rq, struct err *e)
{
	const char *workspace = request_query(rq, "workspace_id");
	const char *text = rq->vars[0];
	struct uuid id;
	enum err_code code;

	if (workspace) {
		code = request_workspace(rq, workspace, e);
		if (code)
			return code;
	}
	if (!uuid_parse(text, strlen(text), &id))
		return err_set(e, ERR_NOT_FOUND, NULL);
	return workspace ? show(rq, &id, e) : show_anywhere(rq, &id, e);
}

/* What POST /v1/customer/find asks for. */
struct search {
	struct schema schema;
	const struct field *field;
	struct buf value; /* as it is stored */
};

static enum err_code
find_field(struct request *rq, struct search *s, struct err *e)
{
	const json_t *name = json_object_get(rq->json, "field");

	if (jv_type(name) == JV_NONE || jv_type(name) == JV_NULL)
		return err_set(e, ERR_MISSING_FIELDS, NULL);
	if (jv_type(name) != JV_STRING)
		return err_set(e, ERR_BAD_REQUEST, "field must be a string");
	s->field = schema_find(
	    &s->schema, json_string_value(name), json_string_length(name));
	if (!s->field)
		return err_set(e, ERR_BAD_REQUEST,
		    "field: the workspace has no such field");
	if (!s->field->unique)
		return err_set(e, ERR_BAD_REQUEST,
		    "field: %s is not unique, so it cannot name a customer",
		    s->field->name);
	return ERR_OK;
}

static enum err_code
read_value(struct request *rq, struct search *s, struct err *e)
{
	const json_t *v = json_object_get(rq->json, "value");
	struct cell_error ce;

	if (jv_type(v) == JV_NONE || jv_type(v) == JV_NULL)
		return err_set(e, ERR_MISSING_FIELDS, NULL);
	if (jv_type(v) == JV_STRING &&
	    field_text_is_blank(
	        s->field, json_string_value(v), json_string_length(v)))
		return err_set(
		    e, ERR_BAD_REQUEST, "value: a value is required");
	if (field_from_json(s->field, rq->arena, v, &s->value, &ce))
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST, "value: %s", ce.text);
}

static enum err_code
find(struct request *rq, struct search *s, struct err *e)
{
	struct db *db = rq->site->db;
	uint8_t digest[1][INDEX_LEN];
	struct buf text = {0};
	struct keyring *ring;
	struct uuid id;
	uint64_t seq;
	uint32_t revision;
	enum err_code code = site_keyring(rq->site, &rq->ctx, &ring, e);

	if (code)
		return code;
	field_digest(s->field, rq->arena, ring, &rq->workspace, s->value.data,
	    s->value.len, digest[0]);
	code = customer_lookup(db, &rq->ctx, field_unique_id(s->field),
	    (const uint8_t(*)[INDEX_LEN])digest, 1, &seq, rq->arena, e);
	if (!code && seq == CUSTOMER_NONE)
		return err_set(e, ERR_NOT_FOUND, NULL);
	if (!code)
		code = customer_write(
		    rq->site, &rq->ctx, NULL, seq, &text, &id, &revision, e);
	if (!code) {
		request_audit(rq, &id, "{\"field\":\"%s\"}", s->field->name);
		send_customer(rq, &text, revision, false);
	}
	buf_free(&text);
	return code;
}

/* Members that are not known would pass for a narrower question. */
static enum err_code
refuse_unknown(const json_t *body, struct err *e)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)body, name, v)
	{
		if (strcmp(name, "workspace_id") && strcmp(name, "field") &&
		    strcmp(name, "value"))
			return err_set(e, ERR_BAD_REQUEST,
			    "members are workspace_id, field and value");
	}
	return ERR_OK;
}

enum err_code
api_customer_find(struct request *rq, struct err *e)
{
	struct search s = {.field = NULL};
	enum err_code code = refuse_unknown(rq->json, e);

	if (!code)
		code = schema_load(
		    rq->site->db, &rq->ctx, rq->arena, &s.schema, e);
	if (!code)
		code = find_field(rq, &s, e);
	if (!code)
		code = read_value(rq, &s, e);
	if (!code)
		code = find(rq, &s, e);
	buf_free(&s.value);
	schema_release(&s.schema);
	return code;
}
