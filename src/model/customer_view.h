/*
 * Reading stored profiles for an answer: those of the current layout are
 * copied; while a conversion runs, others are put into its form on their way,
 * so that readers see the fields as they are defined now.
 */
#ifndef COFFER_MODEL_CUSTOMER_VIEW_H
#define COFFER_MODEL_CUSTOMER_VIEW_H

#include "model/customer.h"

struct customer_view {
	struct site *site;
	const struct db_context *ctx;
	uint32_t layout; /* profiles of this one (or a newer) are copied */
	struct schema schema;
	struct arena *arena;
	struct keyring *ring; /* NULL: no conversion runs */
	char workspace[UUID_TEXT];
	struct record nothing;
	struct buf text;
};

/* Looks how profiles are stored, before they are read. Ends with
 * customer_view_close, also after an error. */
MUST_CHECK enum err_code customer_view_open(struct site *s,
    const struct db_context *ctx, struct customer_view *out, struct err *e);

/* Wipes; counts what was sealed (S20), as well as it can: readers do not fail
 * for a count. Not while rows are read. */
void customer_view_close(struct customer_view *v);

/* Puts a profile of an older layout into the current form: *profile, *n and
 * *key_version are replaced; the text is the view's until the next call. */
MUST_CHECK enum err_code customer_view_convert(struct customer_view *v,
    const struct uuid *customer, uint32_t layout, const char **profile,
    size_t *n, uint32_t *key_version, struct err *e);

#endif
