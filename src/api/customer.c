/* POST /v1/customer/pages and POST /v1/customer: the customers of a group. */
#include "http/handlers.h"
#include "model/customer.h"
#include "model/segment.h"

/* A group and where one of its pages begins. */
struct view {
	struct segment segment;
	struct segment_page page;
	uint64_t pages;
};

/* Finds the group that the body names, and page `number` of it. A group that
 * is unknown, another's or empty is ERR_NO_CUSTOMERS. */
static enum err_code
open_view(struct request *rq, uint64_t number, struct view *out, struct err *e)
{
	const json_t *id = json_object_get(rq->json, "customer_group_id");
	struct db *db = rq->site->db;
	enum err_code rc;

	if (jv_type(id) == JV_NONE || jv_type(id) == JV_NULL)
		return err_set(e, ERR_MISSING_FIELDS, NULL);
	if (jv_type(id) != JV_STRING)
		return err_set(
		    e, ERR_BAD_REQUEST, "customer_group_id must be a string");
	rc =
	    segment_find(db, &rq->ctx, json_string_value(id), &out->segment, e);
	if (!rc)
		request_audit(rq, &out->segment.uuid, "{\"page\":%llu}",
		    (unsigned long long)number);
	if (!rc)
		rc = segment_seek(db, &rq->ctx, out->segment.id,
		    number * CUSTOMERS_PER_PAGE, CUSTOMERS_PER_PAGE, &out->page,
		    e);
	if (!rc && !out->page.total)
		return err_set(e, ERR_NO_CUSTOMERS, NULL);
	out->pages =
	    (out->page.total + CUSTOMERS_PER_PAGE - 1) / CUSTOMERS_PER_PAGE;
	return rc;
}

enum err_code
api_customer_pages(struct request *rq, struct err *e)
{
	struct view v;
	enum err_code rc = open_view(rq, 0, &v, e);

	if (rc)
		return rc;
	buf_addf(resp_json(rq, 200),
	    "{\"pages\":%llu,\"page_size\":%d,\"customers\":%llu}",
	    (unsigned long long)v.pages, CUSTOMERS_PER_PAGE,
	    (unsigned long long)v.page.total);
	return ERR_OK;
}

#define PAGE_NUMBER_MAX (INT64_MAX / CUSTOMERS_PER_PAGE)

static enum err_code
read_number(const json_t *body, uint64_t *out, struct err *e)
{
	const json_t *v = json_object_get(body, "page_number");
	int64_t n;

	if (jv_type(v) == JV_NONE || jv_type(v) == JV_NULL)
		return err_set(e, ERR_MISSING_FIELDS, NULL);
	if (jv_type(v) != JV_NUMBER || !jv_int(v, &n) || n < 0 ||
	    n > PAGE_NUMBER_MAX)
		return err_set(e, ERR_BAD_REQUEST,
		    "page_number must be an integer from 0 on");
	*out = (uint64_t)n;
	return ERR_OK;
}

static enum err_code
flush(void *arg, struct err *e)
{
	return resp_flush(arg, e);
}

enum err_code
api_customer_list(struct request *rq, struct err *e)
{
	uint64_t number = 0;
	struct view v;
	struct buf *out;
	enum err_code rc = read_number(rq->json, &number, e);

	if (!rc)
		rc = open_view(rq, number, &v, e);
	if (rc)
		return rc;
	if (number >= v.pages)
		return err_set(e, ERR_BAD_REQUEST,
		    "page_number is past the last page: there are %llu, "
		    "counted from 0",
		    (unsigned long long)v.pages);
	out = resp_stream(rq, 200, "application/json");
	buf_addf(out, "{\"page_number\":%llu,\"pages\":%llu,\"customers\":[",
	    (unsigned long long)number, (unsigned long long)v.pages);
	rc = customer_page_write(rq->site, &rq->ctx, v.segment.id, &v.page,
	    CUSTOMERS_PER_PAGE, out, flush, rq, e);
	if (!rc)
		buf_adds(out, "]}");
	return rc;
}
