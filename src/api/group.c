/* PUT and POST /v1/cg: the customer groups of a workspace. */
#include <string.h>

#include "api/api.h"
#include "model/segment.h"

struct definition {
	const char *workspace_id; /* opened already */
	const char *name, *code, *description;
};

/* Where a member of the body goes; NULL for a name that is not known. */
static const char **
member_place(struct definition *d, const char *name)
{
	if (!strcmp(name, "workspace_id"))
		return &d->workspace_id;
	if (!strcmp(name, "name"))
		return &d->name;
	if (!strcmp(name, "code"))
		return &d->code;
	if (!strcmp(name, "description"))
		return &d->description;
	return NULL;
}

static enum err_code
definition_read(const json_t *body, struct definition *d, struct err *e)
{
	const char *name, **place;
	json_t *v;

	memset(d, 0, sizeof(*d));
	json_object_foreach((json_t *)body, name, v)
	{
		place = member_place(d, name);
		if (!place)
			return err_set(e, ERR_BAD_REQUEST,
			    "a group has no member of that name: name, code "
			    "and description are what it has");
		if (jv_type(v) == JV_NULL)
			continue;
		if (jv_type(v) != JV_STRING)
			return err_set(
			    e, ERR_BAD_REQUEST, "%s must be a string", name);
		*place = json_string_value(v);
	}
	if (!d->name || !d->code)
		return err_set(e, ERR_MISSING_FIELDS, NULL);
	return ERR_OK;
}

enum err_code
api_group_create(struct request *rq, struct err *e)
{
	struct definition d;
	struct segment s;
	enum err_code rc;

	rc = definition_read(rq->json, &d, e);
	if (rc == ERR_OK)
		rc = segment_create(rq->site->db, &rq->ctx, d.code, d.name,
		    d.description, &s, e);
	if (rc)
		return rc;
	return segment_write(rq->site->db, &rq->ctx, &s, resp_json(rq, 201), e);
}

enum err_code
api_group_list(struct request *rq, struct err *e)
{
	struct buf *out = resp_json(rq, 200);
	enum err_code rc;

	buf_adds(out, "{\"groups\":");
	rc = segment_list_write(rq->site->db, &rq->ctx, out, e);
	buf_addc(out, '}');
	return rc;
}
