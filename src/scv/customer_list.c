/* GET /scv/customers: customers by one dimension, a page at a time. */
#include <string.h>

#include "http/handlers.h"
#include "http/route.h"
#include "model/audit.h"
#include "model/customer.h"
#include "model/segment.h"
#include "scv/query.h"
#include "scv/scv.h"

/* Those up to SEARCH are dimensions. */
enum {
	USERNAME,
	EMAIL,
	TERTIARY,
	SEGMENT,
	SEARCH,
	SORT,
	RET_ALL,
	RET_SOME,
	PAGE
};
#define DIMENSIONS (SEARCH + 1)
static const struct query_param PARAMS[] = {
    [USERNAME] = {"username", false},
    [EMAIL] = {"email", false},
    [TERTIARY] = {"tertiary", false},
    [SEGMENT] = {"segment", false},
    [SEARCH] = {"search[contains]", false},
    [SORT] = {"sort", false},
    [RET_ALL] = {"retAllProps", true},
    [RET_SOME] = {"retProps", true},
    PAGE_PARAMS,
    {NULL, false},
};

/* The system attribute that a dimension names a customer by. */
static const enum field_role_id KEYS[] = {[USERNAME] = FIELD_ROLE_USERNAME,
    [EMAIL] = FIELD_ROLE_VERIFIED_EMAIL,
    [TERTIARY] = FIELD_ROLE_TERTIARY_ID};

struct ask {
	struct request *rq;
	struct query query;
	unsigned dimension; /* of PARAMS */
	const char *value;
	bool known; /* which list it is; while something is told of it, not */
	struct segment segment;
	struct customer_list list;
	struct paging paging;
	const char *name; /* of the list, for its cursors */
	struct customer_page page;
	struct links links;
	struct projection projection;
	struct keyring *ring;
	struct uuid found; /* of who is found by a key */
	unsigned written;
};

/* Exactly one dimension; else each that is given, or could be, is told. */
static void
read_dimension(struct ask *a)
{
	unsigned i, n = 0;

	for (i = 0; i < DIMENSIONS; i++) {
		if (!a->query.given[i])
			continue;
		n++;
		a->dimension = i;
		a->value = a->query.given[i];
	}
	a->known = n == 1 && *a->value;
	for (i = 0; i < DIMENSIONS && n != 1; i++) {
		if (!n || a->query.given[i])
			request_invalid(a->rq, PARAMS[i].name,
			    n ? "only one of username, email, tertiary, "
			        "segment and search[contains] can be given"
			      : "one of username, email, tertiary, segment "
			        "and search[contains] must be given");
	}
}

static void
read_sort(struct ask *a)
{
	static const struct {
		const char *name;
		enum list_order order;
	} ORDERS[] = {{"segmentedDate", LIST_SEGMENTED},
	    {"createdDate", LIST_CREATED}, {"updatedDate", LIST_UPDATED}};
	const char *s = a->query.given[SORT];
	size_t i;

	if (!s || !*s)
		return;
	a->list.descending = *s == '-';
	s += a->list.descending;
	for (i = 0; i < 3 && strcmp(ORDERS[i].name, s) != 0; i++)
		continue;
	if (i < 3)
		a->list.order = ORDERS[i].order;
	a->known &= i < 3;
	if (i == 3)
		request_invalid(a->rq, "sort",
		    "must be segmentedDate, createdDate or updatedDate, with "
		    "a leading - for descending");
	else if (ORDERS[i].order == LIST_SEGMENTED && !a->query.given[SEGMENT])
		request_invalid(a->rq, "sort", "segmentedDate needs a segment");
}

/* Reads what can be told without the database. */
static void
read_query(struct ask *a)
{
	query_read(a->rq, PARAMS, &a->query);
	read_dimension(a);
	read_sort(a);
	paging_read(&a->query, PAGE, &a->paging);
}

static enum err_code
find_segment(struct ask *a, struct err *e)
{
	enum err_code rc = segment_find_code(
	    a->rq->site->db, &a->rq->ctx, a->value, &a->segment, e);

	a->list.segment_id = a->segment.id;
	if (rc != ERR_NOT_FOUND)
		return rc;
	a->known = false;
	request_invalid(a->rq, "segment", "there is no segment of this code");
	return ERR_OK;
}

/* A list is its dimension, the value and the order. */
static void
name_list(struct ask *a)
{
	const char *value = a->value;

	if (a->dimension == SEGMENT)
		value = arena_printf(a->rq->arena, "%u", a->segment.id);
	a->name = arena_printf(a->rq->arena, "%s\n%d\n%d\n%s",
	    PARAMS[a->dimension].name, (int)a->list.order, a->list.descending,
	    value);
}

/* Who has the value of a system attribute: a page of one, or none. Whatever the
 * value is, at most one customer has it. */
static enum err_code
find_key(struct ask *a, const struct schema *schema, struct err *e)
{
	struct request *rq = a->rq;
	const struct field *f = schema_role(schema, KEYS[a->dimension]);
	struct buf json = {0};
	uint8_t digest[1][INDEX_LEN];
	uint64_t seq;
	enum err_code rc;

	if (f->indexing)
		return err_set(e, ERR_WAITING, NULL);
	buf_add_json(&json, a->value, strlen(a->value));
	field_digest(f, rq->arena, a->ring, &rq->workspace, json.data, json.len,
	    digest[0]);
	buf_free(&json);
	rc = customer_lookup(rq->site->db, &rq->ctx, field_unique_id(f),
	    (const uint8_t(*)[INDEX_LEN])digest, 1, &seq, rq->arena, e);
	if (!rc && seq != CUSTOMER_NONE)
		a->page.seqs[a->page.n++] = seq;
	return rc;
}

static enum err_code
find_page(struct ask *a, const struct schema *schema, struct err *e)
{
	struct customer_list *l = &a->list;

	if (a->dimension < SEGMENT)
		return find_key(a, schema, e);
	if (a->dimension == SEARCH) {
		l->text = a->value;
		l->ntext = strlen(a->value);
	}
	l->size = a->paging.size;
	l->has_split = a->paging.cursor != NULL;
	l->backward = a->paging.backward;
	l->split = a->paging.split;
	return customer_list_read(a->rq->site, &a->rq->ctx, l, &a->page, e);
}

static enum err_code
write_one(void *arg, const struct open_customer *c, struct err *e)
{
	struct ask *a = arg;
	struct buf *out = &a->rq->resp.body;

	buf_adds(out, a->written++ ? "," : "");
	a->found = c->uuid;
	projection_write(out, &a->projection, c);
	return resp_flush(a->rq, e);
}

static void
audit(struct ask *a)
{
	struct request *rq = a->rq;
	char detail[80];

	snprintf(detail, sizeof(detail),
	    "{\"dimension\":\"%s\",\"customers\":%u}",
	    PARAMS[a->dimension].name, a->page.n);
	if (a->dimension >= SEGMENT) {
		request_audit(rq,
		    a->dimension == SEGMENT ? &a->segment.uuid : NULL, "%s",
		    detail);
		return;
	}
	audit_note(rq->site, &rq->ctx,
	    &(struct audit_event){
	        AUDIT_CUSTOMER_FIND, a->written ? &a->found : NULL, detail});
	rq->audit_done = true;
}

static enum err_code
write_page(struct ask *a, struct err *e)
{
	struct request *rq = a->rq;
	bool find = a->dimension < SEGMENT;
	struct customer_wish wish;
	struct buf *out;
	enum err_code rc;

	projection_wish(&a->projection, a->ring, &wish);
	out = resp_stream(rq, 200, "application/json");
	links_header(rq, &a->links);
	if (!find)
		audit(a);
	buf_adds(out, "{\"data\":[");
	rc = customer_open_list(rq->site, &rq->ctx, &wish, a->page.seqs,
	    a->page.n, write_one, a, e);
	if (rc)
		return rc;
	if (find)
		audit(a);
	buf_adds(out, "],");
	links_write(out, &a->links);
	buf_addc(out, '}');
	return resp_flush(rq, e);
}

/* Fields and keys are read within the snapshot: its rows were written by
 * these. */
static enum err_code
open_reading(struct ask *a, const struct schema **schema_out, struct err *e)
{
	struct request *rq = a->rq;
	enum err_code rc = schema_state(rq->site->db, &rq->ctx, &rq->state, e);

	if (!rc)
		rc = site_keyring(rq->site, &rq->ctx, &a->ring, e);
	if (rc)
		return rc;
	rq->key_epoch = keyring_epoch(a->ring);
	return scv_open(rq, schema_out, &a->ring, e);
}

/* All that is wrong with the query is told at once. */
static enum err_code
read_rest(struct ask *a, const struct schema *schema, struct err *e)
{
	enum err_code rc = projection_read(a->rq, schema, PROJECT_ATTRIBUTES,
	    PROJECT_BACKEND, &a->projection, e);

	if (rc == ERR_BAD_REQUEST) /* noted: query_end tells */
		rc = ERR_OK;
	if (!rc && a->known && a->dimension == SEGMENT)
		rc = find_segment(a, e);
	if (!rc && a->known) {
		name_list(a);
		rc = paging_open(a->rq, a->name, &a->paging, e);
	}
	return rc ? rc : query_end(a->rq, e);
}

static enum err_code
answer(struct db *db, void *arg, struct err *e)
{
	struct ask *a = arg;
	const struct schema *schema;
	enum err_code rc = open_reading(a, &schema, e);

	(void)db;
	if (!rc)
		rc = read_rest(a, schema, e);
	if (!rc)
		rc = find_page(a, schema, e);
	if (!rc)
		rc = links_make(a->rq, a->name, &a->page, &a->links, e);
	return rc ? rc : write_page(a, e);
}

enum err_code
scv_customer_list(struct request *rq, struct err *e)
{
	struct ask *a = arena_alloc(rq->arena, sizeof(*a));

	a->rq = rq;
	read_query(a);
	return db_snapshot(rq->site->db, answer, a, e);
}
