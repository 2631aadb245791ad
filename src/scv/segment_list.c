/* GET /scv/segments: the segments of a workspace, a page at a time, in the
 * order of their making. */

#include "http/handlers.h"
#include "model/segment.h"
#include "scv/query.h"

#define LIST "" /* there is one order, and nothing to choose by */

static const struct query_param PARAMS[] = {PAGE_PARAMS, {NULL, false}};

struct ask {
	struct request *rq;
	struct paging paging;
	uint32_t ids[LIST_MAX + 1]; /* as they were read */
	uint32_t first, last;       /* of the page */
	struct customer_page page;  /* its links, and how many there are */
};

static enum err_code
read_ids(struct ask *a, bool down, unsigned n, unsigned *n_out, struct err *e)
{
	uint64_t place = a->paging.cursor ? a->paging.split.place : 0;

	return segment_ids(a->rq->site->db, &a->rq->ctx, down, (uint32_t)place,
	    n, a->ids, n_out, e);
}

/* Finds the page: which ids it begins and ends with, and whether there are
 * segments before and after it. */
static enum err_code
find_page(struct ask *a, struct err *e)
{
	struct customer_page *p = &a->page;
	bool back = a->paging.backward;
	unsigned n, others;
	enum err_code rc = read_ids(a, back, a->paging.size + 1, &n, e);

	if (rc)
		return rc;
	p->n = n < a->paging.size ? n : a->paging.size;
	*(back ? &p->prev : &p->next) = n > p->n;
	p->begin = p->end = a->paging.split;
	if (p->n) {
		a->first = a->ids[back ? p->n - 1 : 0];
		a->last = a->ids[back ? 0 : p->n - 1];
		p->begin.place = a->first;
		p->end.place = a->last + 1;
	}
	if (!a->paging.cursor)
		return ERR_OK;
	rc = read_ids(a, !back, 1, &others, e);
	*(back ? &p->next : &p->prev) = others > 0;
	return rc;
}

static enum err_code
flush(void *rq, struct err *e)
{
	return resp_flush(rq, e);
}

static enum err_code
write_page(struct ask *a, const struct links *links, struct err *e)
{
	struct request *rq = a->rq;
	struct buf *out = resp_stream(rq, 200, "application/json");
	enum err_code rc = ERR_OK;

	links_header(rq, links);
	request_audit(rq, NULL, "{\"segments\":%u}", a->page.n);
	buf_adds(out, "{\"data\":[");
	if (a->page.n)
		rc = segment_range_write(rq->site->db, &rq->ctx, a->first,
		    a->last, out, flush, rq, e);
	buf_adds(out, "],");
	links_write(out, links);
	buf_addc(out, '}');
	return rc;
}

static enum err_code
answer(struct db *db, void *arg, struct err *e)
{
	struct ask *a = arg;
	struct links links;
	enum err_code rc = paging_open(a->rq, LIST, &a->paging, e);

	(void)db;
	if (!rc)
		rc = find_page(a, e);
	if (!rc)
		rc = links_make(a->rq, LIST, &a->page, &links, e);
	return rc ? rc : write_page(a, &links, e);
}

enum err_code
scv_segment_list(struct request *rq, struct err *e)
{
	struct ask *a = arena_alloc(rq->arena, sizeof(*a));
	struct query q;
	enum err_code rc;

	a->rq = rq;
	query_read(rq, PARAMS, &q);
	paging_read(&q, 0, &a->paging);
	rc = query_end(rq, e);
	return rc ? rc : db_snapshot(rq->site->db, answer, a, e);
}
