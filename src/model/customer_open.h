/*
 * Customers in the clear, for those who may read plaintext: profiles opened by
 * a schema and a keyring that the caller has at hand (site_schema,
 * site_keyring_at), so that one customer costs one read and nothing else.
 */
#ifndef COFFER_MODEL_CUSTOMER_OPEN_H
#define COFFER_MODEL_CUSTOMER_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "model/api_key.h"
#include "model/field.h"
#include "model/record.h"
#include "model/site.h"

/* What is to be read of each customer beside its row. */
struct customer_wish {
	const struct schema *schema;
	struct keyring *ring;
	/* A flag a field of the schema: whose values are opened; NULL: of
	 * none. */
	const bool *fields;
	bool events;
	bool segments; /* one more statement for up to OPEN_BATCH customers */
	/* Of customer_open alone: given by the read itself if it is owed
	 * (ERR_SUPERSEDED: other than that of the key in hand), and also where
	 * there is no such customer. May be NULL. */
	struct key_proof *proof;
};
#define OPEN_BATCH 500

/* A group that the customer is in; `all` is none of them. */
struct membership {
	const char *code;
	int64_t segmented_at;
};

/* A customer in hand; all of it is wiped after the call that got it. */
struct open_customer {
	uint64_t seq;
	struct uuid uuid;
	uint32_t revision;
	int64_t created_at, updated_at;
	const struct value *values; /* by field of the schema, as plain JSON */
	const char *events;         /* packed: model/event.h */
	size_t nevents;
	const struct membership *segments; /* the newest first */
	unsigned nsegments;
};

/* Takes a customer; no statement runs meanwhile. What it returns but ERR_OK
 * ends the reading. */
typedef enum err_code customer_take(
    void *arg, const struct open_customer *c, struct err *e);

/* One customer by its UUID; ERR_NOT_FOUND. ERR_SUPERSEDED if the customer was
 * written by fields or keys that are newer than the wish's: read those anew. */
MUST_CHECK enum err_code customer_open(struct site *s,
    const struct db_context *ctx, const struct customer_wish *w,
    const struct uuid *id, customer_take *take, void *arg, struct err *e);

/* Customers by their seqs, n different ones, in the order of the list; those
 * that are gone are left out. In batches of OPEN_BATCH and OPEN_BYTES at most:
 * memory does not grow with n. ERR_SUPERSEDED as above. */
#define OPEN_BYTES (4u << 20)
MUST_CHECK enum err_code customer_open_list(struct site *s,
    const struct db_context *ctx, const struct customer_wish *w,
    const uint64_t *seqs, unsigned n, customer_take *take, void *arg,
    struct err *e);

#endif
