#include "ingest/answer.h"

#include <string.h>

#include "base/err.h"

#define CLEAN "Data is clean to upload"

/* The members that are always there; the object stays open. */
static void
begin(struct buf *out, const char *job_id, const char *status, uint32_t rows)
{
	buf_adds(out, "{\"message\":\"" CLEAN "\"");
	if (job_id)
		buf_add_member(out, "job_id", job_id);
	buf_add_member(out, "status", status);
	buf_adds(out, ",\"rows\":");
	buf_add_u64(out, rows);
}

void
answer_clean(struct buf *out, uint32_t rows)
{
	begin(out, NULL, "validated", rows);
	buf_addc(out, '}');
}

void
answer_queued(struct buf *out, const char *job_id, uint32_t rows)
{
	begin(out, job_id, "queued", rows);
	buf_addc(out, '}');
}

void
answer_completed(struct buf *out, const char *job_id, uint32_t rows,
    const struct uuid *ids, uint32_t n)
{
	char text[UUID_TEXT];
	uint32_t i;

	begin(out, job_id, "completed", rows);
	buf_adds(out, ",\"customer_ids\":[");
	for (i = 0; i < n; i++) {
		uuid_format(&ids[i], text);
		buf_addf(out, "%s\"%s\"", i ? "," : "", text);
	}
	buf_adds(out, "]}");
}

static void
add_error(struct buf *out, const struct row_error *r)
{
	buf_addf(out, "{\"row\":%u,\"line\":%u", r->row, r->line);
	buf_add_member(out, "field", r->field);
	buf_add_member(out, "code", row_code_name(r->code));
	buf_add_member(out, "message", r->text);
	buf_addc(out, '}');
}

void
answer_invalid(struct buf *out, uint32_t rows, const struct row_errors *errs)
{
	const struct err invalid = {.code = ERR_INVALID};
	bool header = errs->n && !errs->list[0].row;
	unsigned i;

	buf_addf(out, "{\"status\":%d", err_status(invalid.code));
	buf_add_member(out, "message", err_text(&invalid));
	buf_addf(out, ",\"rows\":%u,\"invalid_rows\":%u,\"errors\":[", rows,
	    header ? 0 : errs->invalid_rows);
	for (i = 0; i < errs->n; i++) {
		if (i)
			buf_addc(out, ',');
		add_error(out, &errs->list[i]);
	}
	buf_addc(out, ']');
	if (errs->total > errs->n)
		buf_adds(out, ",\"errors_truncated\":true");
	buf_addc(out, '}');
}
