/*
 * Form: what an upload asks for, out of either body: JSON, or
 * multipart/form-data with the rows as a CSV file.
 */
#ifndef COFFER_INGEST_FORM_H
#define COFFER_INGEST_FORM_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/json.h"
#include "ingest/spool.h"
#include "model/job.h"

#define FORM_VALUE_MAX 1024 /* bytes of a part that is not the file */

/* Strings live in the arena. */
struct form {
	bool update;          /* the caller's: match_by is taken */
	const char *match_by; /* NULL: not given */
	const char *workspace_id;
	const char *customer_group_id;
	bool validate_only;
	enum on_existing on_existing;
	/* The rows, one of these: */
	struct spool *file; /* owned */
	const json_t *data; /* an object or an array, of body */
	json_t *body;       /* owned */
};

/* Reads a body. Missing workspace_id or customer_group_id, both or neither of
 * the rows' forms: ERR_MISSING_FIELDS. Members or parts that are unknown,
 * malformed or of a wrong type: ERR_BAD_REQUEST, naming them. Also the errors
 * of json_read, or of multipart_read and spool_write. An *out that is zeroed
 * but for `update` is filled and ends with form_free, whatever came of it. */
MUST_CHECK enum err_code form_read_json(json_source *source, void *arg,
    const struct conf *conf, struct form *out, struct err *e);
MUST_CHECK enum err_code form_read_multipart(json_source *source, void *arg,
    const char *content_type, const struct conf *conf, struct arena *a,
    struct form *out, struct err *e);

/* Wipes and frees what the form owns. */
void form_free(struct form *f);

#endif
