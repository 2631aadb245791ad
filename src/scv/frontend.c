/* /scv/customer and /scv/getCustomer: customers' own profiles, by their
 * sessions. What the schema's permissions do not open is as good as not there
 * (S14). */
#include <string.h>

#include "http/handlers.h"
#include "scv/change.h"
#include "scv/query.h"
#include "scv/scv.h"
#include "work/single.h"

/* How to answer. */
struct viewing {
	struct request *rq;
	struct projection projection;
	bool metadata;
};

static const char *
title_of(const struct schema *s, const struct attribute *a)
{
	unsigned i;

	if (a->field && a->field->display_name && *a->field->display_name)
		return a->field->display_name;
	for (i = 0; i < s->naliases; i++)
		if (!strcmp(s->aliases[i].name, a->name) && s->aliases[i].title)
			return s->aliases[i].title;
	return a->name;
}

/* The type as JSON Schema has it. */
static const char *
type_of(const struct attribute *a)
{
	static const struct {
		enum field_type_id id;
		const char *name;
	} TYPES[] = {{FIELD_NUMBER, "number"}, {FIELD_CURRENCY, "number"},
	    {FIELD_INTEGER, "integer"}, {FIELD_BOOLEAN, "boolean"},
	    {FIELD_ARRAY, "array"}};

	if (!a->field)
		return a->system == ATTRIBUTE_SEGMENTS ||
		               a->system == ATTRIBUTE_EVENT_LOG
		           ? "array"
		           : "string";
	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
		if (a->field->type == TYPES[i].id)
			return TYPES[i].name;
	return "string";
}

static void
write_about(struct buf *out, const struct schema *s, const struct attribute *a)
{
	const char *title = title_of(s, a);
	unsigned access = attribute_access(s, a);

	buf_add_json(out, a->name, strlen(a->name));
	buf_adds(out, ":{\"title\":");
	buf_add_json(out, title, strlen(title));
	buf_addf(out, ",\"type\":\"%s\",\"permissions\":[", type_of(a));
	if (access & ACCESS_READ)
		buf_adds(out, "\"read\"");
	if (access & ACCESS_WRITE)
		buf_addf(out, "%s\"write\"", access & ACCESS_READ ? "," : "");
	buf_adds(out, "]}");
}

/* {"attributes":{...},"metadata":{"attributes":{...}}} */
static void
write_wrapped(
    struct buf *out, const struct projection *p, const struct open_customer *c)
{
	buf_adds(out, "{\"attributes\":");
	projection_write(out, p, c);
	buf_adds(out, ",\"metadata\":{\"attributes\":{");
	for (unsigned i = 0; i < p->n; i++) {
		if (i)
			buf_addc(out, ',');
		write_about(out, p->schema, &p->list[i]);
	}
	buf_adds(out, "}}}");
}

static enum err_code
take(void *arg, const struct open_customer *c, struct err *e)
{
	struct viewing *v = arg;
	struct buf *out = resp_json(v->rq, 200);

	(void)e;
	if (v->metadata)
		write_wrapped(out, &v->projection, c);
	else
		projection_write(out, &v->projection, c);
	return ERR_OK;
}

static void
read_metadata(struct viewing *v)
{
	const char *asked = request_query(v->rq, "retMetadata");

	v->metadata = asked && !strcmp(asked, "attributes");
	if (!v->metadata && asked && *asked)
		request_invalid(
		    v->rq, "retMetadata", "attributes is all that there is");
}

/* A customer that is gone has no session: it went just now. */
static enum err_code
show(struct request *rq, void *arg, struct err *e)
{
	struct viewing *v = arg;
	const struct schema *schema;
	struct customer_wish wish;
	struct keyring *ring;
	enum err_code rc = scv_open(rq, &schema, &ring, e);

	if (rc)
		return rc;
	read_metadata(v);
	rc = projection_read(
	    rq, schema, PROJECT_ATTRIBUTES, PROJECT_SESSION, &v->projection, e);
	if (!rc)
		rc = query_end(rq, e);
	if (rc)
		return rc;
	projection_wish(&v->projection, ring, &wish);
	rc =
	    customer_open(rq->site, &rq->ctx, &wish, &rq->customer, take, v, e);
	if (rc == ERR_NOT_FOUND)
		return err_set(e, ERR_AUTH, NULL);
	if (!rc)
		request_audit(
		    rq, &rq->customer, "{\"attributes\":%u}", v->projection.n);
	return rc;
}

enum err_code
scv_frontend_show(struct request *rq, struct err *e)
{
	struct viewing v = {.rq = rq};

	return scv_run(rq, show, &v, e);
}

static enum err_code
change(struct request *rq, void *arg, struct err *e)
{
	struct single o = {.mode = SINGLE_UPDATE, .id = rq->customer};
	const struct schema *schema;
	struct keyring *ring;
	struct change c;
	enum err_code rc = scv_open(rq, &schema, &ring, e);

	(void)arg;
	if (!rc)
		rc = change_read(rq, schema, PROJECT_SESSION, &c, e);
	if (rc)
		return rc;
	o.schema = schema;
	o.record = &c.record;
	o.wrong = c.wrong;
	rc = work_single(rq->site, &rq->ctx, &o, e);
	if (rc == ERR_NOT_FOUND)
		return err_set(e, ERR_AUTH, NULL);
	if (rc)
		return change_refused(rq, schema, &c, rc, e);
	buf_adds(resp_json(rq, 200), "{}");
	return ERR_OK;
}

enum err_code
scv_frontend_change(struct request *rq, struct err *e)
{
	return scv_run(rq, change, NULL, e);
}
