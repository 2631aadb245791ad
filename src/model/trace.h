/*
 * Traces: whom a thing is about that is kept outside of a customer's row (a
 * waiting chunk, a wrong row of a job, an idempotent answer), so that deletion
 * finds it without opening all there is.
 *
 * A trace is the head of an HMAC under a key of the account's secret at rest
 * (REST_TRACE), which no rotation changes, over the workspace and either the
 * value of a unique field, folded, or the customer's UUID.
 */
#ifndef COFFER_MODEL_TRACE_H
#define COFFER_MODEL_TRACE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "db/db.h"
#include "model/field.h"
#include "model/record.h"
#include "model/site.h"
#include "vault/keyring.h"

#define TRACE_LEN 8

/* Appends the trace of one value of a unique field (its stored JSON, not
 * null), of a customer, or all those of a record. */
void trace_add_value(struct buf *out, const struct db_context *ctx,
    struct keyring *k, const struct field *f, struct arena *a, const char *json,
    size_t n);
/* True for a field whose values are traces: it is unique, about to be, or was
 * until a change that is being carried out. */
bool trace_names(const struct field *f);
void trace_add_customer(struct buf *out, const struct db_context *ctx,
    struct keyring *k, const struct uuid *customer);
void trace_add_record(struct buf *out, const struct db_context *ctx,
    struct keyring *k, const struct schema *s, struct arena *a,
    const struct record *r);

/* Puts traces into order, each once. */
void trace_sort(struct buf *traces);

/* True if two sorted lists have one in common. */
bool trace_meet(const struct buf *traces, const void *others, size_t n);

/* What a row of the table is about, and the bytes of its ref. */
enum trace_kind {
	TRACE_ERROR = 1, /* job's UUID, number of the row (32 bits LE) */
	TRACE_ANSWER     /* user (32 bits LE), digest of the key, route */
};
#define TRACE_REF_MAX 128

/* Writes down that what `ref` names is about these (sorted) traces, until it
 * expires. In the transaction that keeps it. */
MUST_CHECK enum err_code trace_put(struct db *db, const struct db_context *ctx,
    enum trace_kind kind, const struct buf *traces, const void *ref, size_t n,
    int64_t expires_at, struct err *e);

/* Deletes some of those that have expired. */
MUST_CHECK enum err_code trace_sweep(
    struct site *s, const struct db_context *ctx, struct err *e);

#endif
