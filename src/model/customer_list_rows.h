/* Inside src/model: reading the rows of a list of customers. */
#ifndef COFFER_MODEL_CUSTOMER_LIST_ROWS_H
#define COFFER_MODEL_CUSTOMER_LIST_ROWS_H

#include "db/db.h"
#include "model/customer_list.h"
#include "model/seq_set.h"

struct list_row {
	int64_t date;
	uint64_t place, seq;
};

/* A list that is being read. */
struct lister {
	struct site *site;
	const struct db_context *ctx;
	const struct customer_list *ask;
	enum list_order order; /* as it is read */
	struct err *e;
	struct list_row rows[LIST_MAX + 1 + DB_LIST_MAX];
	unsigned n;
	/* Of a list that is filtered, once it is known: how many customers
	 * pass, of how many; of a text, which. */
	bool counted;
	uint64_t passing, live;
	struct seq_set hits;
};

/* The statements of an order by a date of customers: [up, down] but for `of`.
 */
struct list_stmts {
	enum stmt plain[2], walk[2], members[2], of;
};
extern const struct list_stmts LIST_STMTS[];

/* Appends the rows of a statement to l->rows. */
MUST_CHECK enum err_code list_query(
    struct lister *l, enum stmt st, struct db_args args);

/* Reads up to n customers that have the text, by seq. */
MUST_CHECK enum err_code list_search(
    struct lister *l, bool down, struct list_split from, unsigned n);

/* Reads up to n customers that are in the group or have the text, by date. */
MUST_CHECK enum err_code list_filter(
    struct lister *l, bool down, struct list_split from, unsigned n);

#endif
