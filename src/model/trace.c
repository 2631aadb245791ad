#include "model/trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/sweep.h"
#include "model/types/types.h"

#define SUBJECT_CUSTOMER UINT32_MAX /* stands where a field's id does */

static void
add(struct buf *out, const struct db_context *ctx, struct keyring *k,
    uint32_t subject, const void *p, size_t n)
{
	struct mac *m = keyring_rest_mac(k, REST_TRACE);
	uint8_t digest[MAC_LEN], head[8];

	put_u32(head, ctx->workspace_id);
	put_u32(head + 4, subject);
	mac_reset(m);
	mac_add_part(m, head, sizeof(head));
	mac_add_part(m, p, n);
	mac_finish(m, digest);
	buf_add(out, digest, TRACE_LEN);
}

static bool
is_number(const struct field *f)
{
	return f->type == FIELD_NUMBER || f->type == FIELD_INTEGER ||
	       f->type == FIELD_CURRENCY;
}

/* The value as the field's type stores it: one that was packed or kept while
 * the field had another type may be a string for a number, or the other way
 * round. False if it is no value of the type; else `out` has it. */
static bool
as_stored(const struct field *f, struct arena *a, const char *json, size_t n,
    struct buf *out)
{
	bool quoted = n && *json == '"';
	struct cell_error ce;

	if (quoted != is_number(f)) {
		buf_add(out, json, n);
		return true;
	}
	if (quoted)
		json = string_text(a, json, n, &n);
	return field_from_text(f, a, json, n, out, &ce);
}

/* Under the field's own id, whatever its role: that may change while the trace
 * waits. */
void
trace_add_value(struct buf *out, const struct db_context *ctx,
    struct keyring *k, const struct field *f, struct arena *a, const char *json,
    size_t n)
{
	struct buf value = {0};
	const char *folded;
	size_t len;

	if (as_stored(f, a, json, n, &value)) {
		folded =
		    field_type_of(f)->fold(f, a, value.data, value.len, &len);
		add(out, ctx, k, f->id, folded, len);
	}
	buf_free(&value);
}

bool
trace_names(const struct field *f)
{
	return (f->unique || f->indexing || (f->was && f->was->unique)) &&
	       field_type_of(f)->fold;
}

void
trace_add_customer(struct buf *out, const struct db_context *ctx,
    struct keyring *k, const struct uuid *customer)
{
	add(out, ctx, k, SUBJECT_CUSTOMER, customer->b, UUID_LEN);
}

void
trace_add_record(struct buf *out, const struct db_context *ctx,
    struct keyring *k, const struct schema *s, struct arena *a,
    const struct record *r)
{
	unsigned i;

	if (r->has_customer)
		trace_add_customer(out, ctx, k, &r->customer);
	for (i = 0; i < s->n; i++) {
		const struct value *v = &r->values[i];

		if (trace_names(&s->fields[i]) && v->json && !value_is_null(v))
			trace_add_value(
			    out, ctx, k, &s->fields[i], a, v->json, v->n);
	}
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, TRACE_LEN);
}

void
trace_sort(struct buf *traces)
{
	char *p = traces->data;
	size_t i, last = 0;

	if (!traces->len)
		return;
	qsort(p, traces->len / TRACE_LEN, TRACE_LEN, compare);
	for (i = TRACE_LEN; i < traces->len; i += TRACE_LEN) {
		if (!memcmp(p + last, p + i, TRACE_LEN))
			continue;
		last += TRACE_LEN;
		memmove(p + last, p + i, TRACE_LEN);
	}
	traces->len = last + TRACE_LEN;
}

bool
trace_meet(const struct buf *traces, const void *others, size_t n)
{
	const char *p = traces->data, *q = others;
	size_t i = 0, j = 0;
	int c;

	while (i + TRACE_LEN <= traces->len && j + TRACE_LEN <= n) {
		c = memcmp(p + i, q + j, TRACE_LEN);
		if (!c)
			return true;
		if (c < 0)
			i += TRACE_LEN;
		else
			j += TRACE_LEN;
	}
	return false;
}

#define PUT_CELLS 4

enum err_code
trace_put(struct db *db, const struct db_context *ctx, enum trace_kind kind,
    const struct buf *traces, const void *ref, size_t n, int64_t expires_at,
    struct err *e)
{
	size_t i, rows = traces->len / TRACE_LEN;
	struct db_val *cells, *v;
	enum err_code err;

	v = cells = calloc(rows + 1, PUT_CELLS * sizeof(*cells));
	if (!cells)
		abort();
	for (i = 0; i < rows; i++) {
		*v++ = db_bytes(traces->data + i * TRACE_LEN, TRACE_LEN);
		*v++ = db_int(kind);
		*v++ = db_bytes(ref, n);
		*v++ = db_int(expires_at);
	}
	err = db_bulk(db, ctx, SQL_TRACE_PUT, cells, rows, PUT_CELLS, e);
	free(cells);
	return err;
}

enum err_code
trace_sweep(struct site *s, const struct db_context *ctx, struct err *e)
{
	return sweep_rows(
	    s->db, ctx, SQL_TRACE_SWEEP, DB_ARGS(db_int(clock_now_ms())), e);
}
