/*
 * Queries of lists on the Single Customer View face: their parameters, the page
 * that they ask for, and the links to the pages beside it.
 */
#ifndef COFFER_SCV_QUERY_H
#define COFFER_SCV_QUERY_H

#include "http/request.h"
#include "model/customer_list.h"

#define QUERY_PARAMS_MAX 12

/* A list of parameters, which ends with a NULL name. `open`: it may be empty
 * and may be repeated, its reader says what is wrong with it. */
struct query_param {
	const char *name;
	bool open;
};

struct query {
	struct request *rq;
	const struct query_param *params;
	const char *given[QUERY_PARAMS_MAX]; /* by parameter; NULL: not given */
};

/* Reads the query. What is unknown, empty, repeated or not text is noted by
 * request_invalid, each; ERR_BAD_REQUEST is query_end's to return. */
void query_read(
    struct request *rq, const struct query_param *params, struct query *out);

/* ERR_BAD_REQUEST if anything has been noted. */
MUST_CHECK enum err_code query_end(const struct request *rq, struct err *e);

/* The page that is asked for: page[size], page[before], page[after]. */
#define PAGE_PARAMS                                     \
	{"page[size]", false}, {"page[before]", false}, \
	{                                               \
		"page[after]", false                    \
	}
#define PAGE_SIZE_DEFAULT 50
struct paging {
	unsigned size;
	const char *cursor; /* NULL: the first page */
	bool backward;      /* the cursor ends the page */
	struct list_split split;
};

/* Reads the parameters, which begin at params[first]; notes what is wrong. */
void paging_read(const struct query *q, unsigned first, struct paging *out);

/* Reads the cursor, if there is one: of this list and no other (its name holds
 * all that a list depends on; the workspace is added). ERR_BAD_REQUEST, noted.
 */
MUST_CHECK enum err_code paging_open(
    struct request *rq, const char *list, struct paging *p, struct err *e);

/* The pages beside a page, NULL where there is none: absolute URLs in the
 * arena, of the request's path and its other parameters. */
struct links {
	const char *prev, *next;
};
MUST_CHECK enum err_code links_make(struct request *rq, const char *list,
    const struct customer_page *page, struct links *out, struct err *e);

/* Sets the header Link (RFC 8288), unless it would be too long for nginx;
 * appends "links":{"prev":...,"next":...}. */
void links_header(struct request *rq, const struct links *l);
void links_write(struct buf *out, const struct links *l);

#endif
