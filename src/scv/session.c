/* POST /scv/sessions, DELETE /scv/sessions/{handle}: a portal's backend opens
 * and ends sessions. DELETE /scv/session: the customer logs out. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "http/cookie.h"
#include "http/handlers.h"
#include "model/customer.h"
#include "model/session.h"

/* How a body may name a customer. */
static const struct naming {
	const char *member;
	enum field_role_id role; /* FIELD_ROLES: by the customer's id */
} NAMINGS[] = {
    {"customerid", FIELD_ROLES},
    {"email", FIELD_ROLE_VERIFIED_EMAIL},
    {"username", FIELD_ROLE_USERNAME},
    {"tertiary", FIELD_ROLE_TERTIARY_ID},
};
#define COUNT (sizeof(NAMINGS) / sizeof(NAMINGS[0]))

static const struct naming *
naming_of(const char *member)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(NAMINGS[i].member, member))
			return &NAMINGS[i];
	return NULL;
}

/* The one member that names a customer, and its text; its id, if that is the
 * text. */
static enum err_code
read_body(struct request *rq, const struct naming **out, const char **text,
    struct uuid *id, struct err *e)
{
	const char *name;
	json_t *v;

	*out = NULL;
	json_object_foreach(rq->json, name, v)
	{
		const struct naming *n = naming_of(name);

		if (!n)
			request_invalid(rq, name, "unknown");
		else if (*out)
			request_invalid(rq, name, "one name is enough");
		else if (jv_type(v) != JV_STRING || !json_string_length(v))
			request_invalid(rq, name, "a text is required");
		else if (n->role == FIELD_ROLES &&
		         !uuid_parse(
		             json_string_value(v), json_string_length(v), id))
			request_invalid(rq, name, "not a UUID of version 4");
		else
			*text = json_string_value(v);
		*out = n ? n : *out;
	}
	if (!*out && !rq->ninvalid)
		request_invalid(rq, "customerid",
		    "one of customerid, email, username and tertiary is "
		    "required");
	return rq->ninvalid ? err_set(e, ERR_BAD_REQUEST, NULL) : ERR_OK;
}

/* The seq of the customer whose `f` is the text; a text that no value can be
 * is nobody's. */
static enum err_code
look_up(struct request *rq, const struct field *f, const char *text,
    uint64_t *seq_out, struct err *e)
{
	struct buf value = {.max = PROFILE_MAX};
	uint8_t digest[1][INDEX_LEN];
	struct keyring *ring;
	struct cell_error ce;
	enum err_code rc;

	*seq_out = CUSTOMER_NONE;
	if (field_text_is_blank(f, text, strlen(text)) ||
	    !field_from_text(f, rq->arena, text, strlen(text), &value, &ce)) {
		buf_free(&value);
		return ERR_OK;
	}
	rc = site_keyring_at(rq->site, &rq->ctx, rq->key_epoch, &ring, e);
	if (!rc) {
		field_digest(f, rq->arena, ring, &rq->workspace, value.data,
		    value.len, digest[0]);
		rc = customer_lookup(rq->site->db, &rq->ctx, field_unique_id(f),
		    (const uint8_t(*)[INDEX_LEN])digest, 1, seq_out, rq->arena,
		    e);
	}
	buf_free(&value);
	return rc;
}

static enum err_code
find_by_role(struct request *rq, enum field_role_id role, const char *text,
    struct uuid *out, struct err *e)
{
	const struct schema *schema;
	const struct field *f;
	uint64_t seq;
	bool found = false;
	enum err_code rc;

	rc = site_schema(rq->site, &rq->ctx, &rq->state, &schema, e);
	if (rc)
		return rc;
	f = schema_role(schema, role);
	if (f->indexing)
		return err_set(e, ERR_WAITING, NULL);
	rc = look_up(rq, f, text, &seq, e);
	if (!rc && seq != CUSTOMER_NONE)
		rc = customer_uuids(
		    rq->site->db, &rq->ctx, &seq, 1, out, &found, rq->arena, e);
	return rc || found ? rc : err_set(e, ERR_NOT_FOUND, NULL);
}

static enum err_code
find_customer(struct request *rq, struct uuid *out, struct err *e)
{
	const struct naming *n;
	const char *text = "";
	enum err_code rc = read_body(rq, &n, &text, out, e);

	if (rc || n->role == FIELD_ROLES)
		return rc;
	return find_by_role(rq, n->role, text, out, e);
}

/* The cookie for `seconds`, 0 of which take it away (RFC 6265, section 4.1). */
static void
set_cookie(struct request *rq, const char *id, int64_t seconds)
{
	resp_header(rq, "Set-Cookie",
	    arena_printf(rq->arena,
	        SESSION_COOKIE "=%s; Path=/; Max-Age=%" PRId64
	                       "; Secure; HttpOnly; SameSite=Lax",
	        id, seconds));
}

enum err_code
scv_session_open(struct request *rq, struct err *e)
{
	char id[SESSION_ID_TEXT], handle[UUID_TEXT];
	struct uuid customer;
	struct session s;
	struct buf *b;
	enum err_code rc = find_customer(rq, &customer, e);

	if (!rc)
		rc = session_open(
		    rq->site, &rq->ctx, &customer, &rq->api_key, id, &s, e);
	if (rc)
		return rc;
	set_cookie(rq, id, rq->site->conf->session_absolute);
	uuid_format(&s.handle, handle);
	b = resp_json(rq, 201);
	buf_addf(b, "{\"sessionid\":\"%s\",\"handle\":\"%s\",\"expires\":\"",
	    id, handle);
	buf_add_time(b, s.expires_at);
	buf_adds(b, "\"}");
	wipe(id, sizeof(id));
	return ERR_OK;
}

enum err_code
scv_session_close(struct request *rq, struct err *e)
{
	struct uuid handle;
	enum err_code rc;

	if (!uuid_parse(rq->vars[0], strlen(rq->vars[0]), &handle))
		return err_set(e, ERR_NOT_FOUND, NULL);
	rc = session_close(rq->site, &rq->ctx, &handle, e);
	if (!rc)
		resp_json(rq, 204);
	return rc;
}

/* Somebody else may have ended it just now. */
enum err_code
scv_session_logout(struct request *rq, struct err *e)
{
	enum err_code rc = session_close(rq->site, &rq->ctx, &rq->session, e);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	set_cookie(rq, "", 0);
	resp_json(rq, 204);
	return ERR_OK;
}
