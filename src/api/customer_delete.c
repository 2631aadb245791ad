/* DELETE /v1/customer: some customers of a group at once, or all of them as a
 * job. */
#include <stdlib.h>
#include <string.h>

#include "http/handlers.h"
#include "base/log.h"
#include "http/route.h"
#include "model/customer_delete.h"
#include "work/wake.h"

struct order {
	const char *group;
	const json_t *ids; /* an array, or NULL */
	bool all;
};

static enum err_code
read_member(struct order *o, const char *name, const json_t *v, struct err *e)
{
	enum jv_type type = jv_type(v);

	if (!strcmp(name, "workspace_id"))
		return ERR_OK; /* opened already */
	if (!strcmp(name, "customer_group_id")) {
		o->group = json_string_value(v);
		if (type != JV_STRING && type != JV_NULL)
			return err_set(e, ERR_BAD_REQUEST,
			    "customer_group_id must be a string");
	} else if (!strcmp(name, "customer_ids")) {
		o->ids = type == JV_NULL ? NULL : v;
		if (type != JV_ARRAY && type != JV_NULL)
			return err_set(e, ERR_BAD_REQUEST,
			    "customer_ids must be an array of ids");
	} else if (!strcmp(name, "all")) {
		o->all = json_is_true(v);
		if (type != JV_BOOL && type != JV_NULL)
			return err_set(
			    e, ERR_BAD_REQUEST, "all must be true or false");
	} else {
		return err_set(e, ERR_BAD_REQUEST,
		    "unknown member: a deletion has workspace_id, "
		    "customer_group_id and customer_ids or all");
	}
	return ERR_OK;
}

static enum err_code
read_order(const json_t *body, struct order *o, struct err *e)
{
	const char *name;
	json_t *v;
	enum err_code rc = ERR_OK;

	memset(o, 0, sizeof(*o));
	json_object_foreach((json_t *)body, name, v)
	{
		rc = read_member(o, name, v, e);
		if (rc)
			return rc;
	}
	if (!o->group || (!o->ids && !o->all))
		return err_set(e, ERR_MISSING_FIELDS, NULL);
	if (o->ids && o->all)
		return err_set(
		    e, ERR_BAD_REQUEST, "give customer_ids or all, not both");
	if (o->ids &&
	    (!json_array_size(o->ids) || json_array_size(o->ids) > DELETE_MAX))
		return err_set(e, ERR_BAD_REQUEST,
		    "customer_ids must have 1 to %d ids", DELETE_MAX);
	return ERR_OK;
}

/* An id, and where it stands in the body. */
struct place {
	struct uuid id;
	size_t i;
};

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = memcmp(&x->id, &y->id, sizeof(x->id));

	return c ? c : (x->i > y->i) - (x->i < y->i);
}

static int
compare_order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->i > y->i) - (x->i < y->i);
}

static enum err_code
read_id(const json_t *v, size_t i, struct place *out, struct err *e)
{
	out->i = i;
	if (jv_type(v) == JV_STRING &&
	    uuid_parse(json_string_value(v), json_string_length(v), &out->id))
		return ERR_OK;
	return err_set(e, ERR_BAD_REQUEST,
	    "customer_ids[%zu] is not a customer id (a UUID of version 4)", i);
}

/* The ids in their order, each once. */
static enum err_code
read_ids(const json_t *array, struct arena *a, struct uuid **out,
    unsigned *n_out, struct err *e)
{
	size_t i, n = json_array_size(array), m = 0;
	struct place *list = arena_calloc(a, n, sizeof(*list));
	enum err_code rc;

	for (i = 0; i < n; i++) {
		rc = read_id(json_array_get(array, i), i, &list[i], e);
		if (rc)
			return rc;
	}
	qsort(list, n, sizeof(*list), compare_places);
	for (i = 0; i < n; i++)
		if (!m || memcmp(&list[m - 1].id, &list[i].id, UUID_LEN) != 0)
			list[m++] = list[i];
	qsort(list, m, sizeof(*list), compare_order);
	*out = arena_calloc(a, m, sizeof(**out));
	for (i = 0; i < m; i++)
		(*out)[i] = list[i].id;
	*n_out = (unsigned)m;
	return ERR_OK;
}

static void
answer(struct request *rq, const struct deletion *d)
{
	struct buf *out = resp_json(rq, 200);
	const char *sep = "";
	char text[UUID_TEXT];
	unsigned i;

	buf_addf(out, "{\"deleted\":%u,\"not_found\":[", d->deleted);
	for (i = 0; i < d->n; i++) {
		if (d->gone_out[i])
			continue;
		uuid_format(&d->ids[i], text);
		buf_addf(out, "%s\"%s\"", sep, text);
		sep = ",";
	}
	buf_adds(out, "]}");
}

static enum err_code
delete_some(struct request *rq, const struct segment *group,
    const struct uuid *ids, unsigned n, struct err *e)
{
	struct deletion d = {.group = group, .ids = ids, .n = n};
	enum err_code rc;

	d.gone_out = arena_calloc(rq->arena, n, sizeof(*d.gone_out));
	rc = customer_delete(rq->site, &rq->ctx, &d, rq->arena, e);
	if (rc)
		return rc;
	log_warning(
	    "customers deleted: %u, not found: %u", d.deleted, d.n - d.deleted);
	answer(rq, &d);
	return ERR_OK;
}

static enum err_code
delete_all(struct request *rq, const struct segment *group, const char *key,
    struct err *e)
{
	struct deletion_job d = {.account_code = rq->account_code,
	    .group = *group,
	    .again = {.route = rq->route->name, .key = key}};
	enum err_code rc =
	    customer_delete_all(rq->site, &rq->ctx, &d, rq->arena, e);

	if (!rc) {
		buf_add(resp_json(rq, d.status), d.answer.data, d.answer.len);
		if (d.queued) {
			log_warning("deletion of a whole group accepted");
			wake_send(rq->site->conf,
			    (unsigned)rq->site->conf->worker_processes);
		}
	}
	buf_free(&d.answer);
	return rc;
}

enum err_code
api_customer_delete(struct request *rq, struct err *e)
{
	const char *key = request_header(rq, "idempotency-key");
	struct segment group;
	struct uuid *ids = NULL;
	struct order o;
	unsigned n = 0;
	enum err_code rc = read_order(rq->json, &o, e);

	if (!rc && key)
		rc = idempotency_key_check(key, e);
	if (!rc && o.ids)
		rc = read_ids(o.ids, rq->arena, &ids, &n, e);
	if (!rc)
		rc = segment_find(rq->site->db, &rq->ctx, o.group, &group, e);
	if (rc)
		return rc;
	return o.all ? delete_all(rq, &group, key, e)
	             : delete_some(rq, &group, ids, n, e);
}
