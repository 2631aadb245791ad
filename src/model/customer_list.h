/*
 * Lists of customers, a page at a time: the members of a group, or who has a
 * text, in one of several orders, up or down.
 *
 * A page begins or ends at a split: a point between two customers of the order.
 * Customers that come, go or change meanwhile move nobody else across it, so
 * that paging by the splits of one page after the other, either way, neither
 * passes over nor repeats anybody who stays where it was. Equal dates are
 * ordered by seq (members by their position), so an order is always total.
 *
 * What a page costs does not depend on how deep it is. By date and of a group,
 * the index of the date is walked, or the members are read and sorted:
 * whichever looks at fewer rows (a small group in a million customers is read,
 * a large one walked).
 */
#ifndef COFFER_MODEL_CUSTOMER_LIST_H
#define COFFER_MODEL_CUSTOMER_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "model/site.h"

#define LIST_MAX 1000 /* customers of a page */

enum list_order {
	LIST_JOINED,    /* as they came into the group; of a text: by seq */
	LIST_SEGMENTED, /* when they came; into `all`: when they were made */
	LIST_CREATED,
	LIST_UPDATED
};

/* The customers that are at this place or past it are above the split, the
 * others below; 0 for a date where the order has none. */
struct list_split {
	int64_t date;
	uint64_t place;
};

struct customer_list {
	uint32_t segment_id; /* whose members, or */
	const char *text;    /* unless NULL who has this text (search_scan) */
	size_t ntext;
	enum list_order order; /* not LIST_SEGMENTED with a text */
	bool descending;
	unsigned size; /* 1 to LIST_MAX */
	/* Where the page begins, or, backward, ends; else it is the first. */
	bool has_split, backward;
	struct list_split split;
};

struct customer_page {
	uint64_t seqs[LIST_MAX]; /* in the order of the list */
	unsigned n;
	bool prev, next; /* whether there are customers before and after it */
	struct list_split begin, end;
};

/* Reads a page. Within db_snapshot, so that the page is of one moment and its
 * customers are there to be read. Errors: those of the database and of
 * search_scan. */
MUST_CHECK enum err_code customer_list_read(struct site *s,
    const struct db_context *ctx, const struct customer_list *l,
    struct customer_page *out, struct err *e);

#endif
