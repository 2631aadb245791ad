/* /v1/cg: the customer groups of a workspace. */
#include <string.h>

#include "http/handlers.h"
#include "base/log.h"
#include "model/segment.h"
#include "work/wake.h"

struct definition {
	const char *workspace_id; /* opened already */
	const char *customer_group_id;
	const char *name, *code, *description;
};

/* Where a member of the body goes; NULL for a name that is not known. */
/* Where a member of the body goes, if the call has it. */
static const char **
member_place(struct definition *d, const char *name, const char *const *has)
{
	while (*has && strcmp(*has, name) != 0)
		has++;
	if (!*has)
		return NULL;
	if (!strcmp(name, "workspace_id"))
		return &d->workspace_id;
	if (!strcmp(name, "customer_group_id"))
		return &d->customer_group_id;
	if (!strcmp(name, "name"))
		return &d->name;
	if (!strcmp(name, "code"))
		return &d->code;
	return &d->description;
}

/* Reads the members of a list that ends with NULL, all of them strings. */
static enum err_code
definition_read(const json_t *body, const char *const *has,
    struct definition *d, struct err *e)
{
	const char *name, **place;
	json_t *v;

	memset(d, 0, sizeof(*d));
	json_object_foreach((json_t *)body, name, v)
	{
		place = member_place(d, name, has);
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
	return ERR_OK;
}

enum err_code
api_group_create(struct request *rq, struct err *e)
{
	static const char *const has[] = {
	    "workspace_id", "name", "code", "description", NULL};
	struct definition d;
	struct segment s;
	enum err_code rc;

	rc = definition_read(rq->json, has, &d, e);
	if (rc == ERR_OK && (!d.name || !d.code))
		rc = err_set(e, ERR_MISSING_FIELDS, NULL);
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

enum err_code
api_group_change(struct request *rq, struct err *e)
{
	static const char *const has[] = {"workspace_id", "customer_group_id",
	    "name", "code", "description", NULL};
	struct definition d;
	struct segment_change change;
	struct segment s;
	enum err_code rc;

	rc = definition_read(rq->json, has, &d, e);
	if (rc == ERR_OK &&
	    (!d.customer_group_id || !(d.name || d.code || d.description)))
		rc = err_set(e, ERR_MISSING_FIELDS, NULL);
	if (rc)
		return rc;
	change = (struct segment_change){d.code, d.name, d.description};
	rc = segment_change(
	    rq->site, &rq->ctx, d.customer_group_id, &change, &s, e);
	if (rc)
		return rc;
	return segment_write(rq->site->db, &rq->ctx, &s, resp_json(rq, 200), e);
}

enum err_code
api_group_delete(struct request *rq, struct err *e)
{
	static const char *const has[] = {
	    "workspace_id", "customer_group_id", NULL};
	struct segment_removal gone = {0};
	struct definition d;
	char text[UUID_TEXT];
	enum err_code rc;

	rc = definition_read(rq->json, has, &d, e);
	if (rc == ERR_OK && !d.customer_group_id)
		rc = err_set(e, ERR_MISSING_FIELDS, NULL);
	if (rc == ERR_OK)
		rc = segment_delete(
		    rq->site, &rq->ctx, d.customer_group_id, &gone, e);
	if (rc)
		return rc;
	uuid_format(&gone.segment.uuid, text);
	log_warning("group %s deleted, with %llu memberships", text,
	    (unsigned long long)gone.members);
	if (gone.queued)
		wake_send(rq->site->conf, 1);
	buf_addf(resp_json(rq, 200),
	    "{\"customer_group_id\":\"%s\",\"deleted\":true,"
	    "\"memberships\":%llu}",
	    text, (unsigned long long)gone.members);
	return ERR_OK;
}
