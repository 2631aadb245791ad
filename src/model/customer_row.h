/*
 * Inside src/model: a row of the table customer, whole, as CUSTOMER_COLUMNS
 * (model/customer.sql.h) and then profile and events name it.
 */
#ifndef COFFER_MODEL_CUSTOMER_ROW_H
#define COFFER_MODEL_CUSTOMER_ROW_H

#include "model/customer.h"

enum {
	CUSTOMER_SEQ,
	CUSTOMER_UUID,
	CUSTOMER_REVISION,
	CUSTOMER_KEY_VERSION,
	CUSTOMER_LAYOUT,
	CUSTOMER_CREATED,
	CUSTOMER_UPDATED,
	CUSTOMER_PROFILE,
	CUSTOMER_EVENTS,
	CUSTOMER_ROW /* how many: where a statement's own columns begin */
};

/* Reads the row in hand; appends its profile and events to `bytes`. */
void customer_row_take(
    struct db_rows *r, struct customer *out, struct buf *bytes);

#endif
