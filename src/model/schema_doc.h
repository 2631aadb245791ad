/*
 * The workspace's fields as a JSON Schema document (draft-07), as GET and PUT
 * /scv/schema give and take it: a property a field, or a name for a system
 * attribute that nobody writes (struct alias).
 *
 * Beside draft-07's own words a property has
 *   x-scv-source       "customer.$verifiedEmail": the field of that role, or,
 *                      of what nobody writes, an alias
 *   x-pii              true: stored encrypted
 *   x-scv-searchable   a text: found by substrings
 *   x-coffer-unique    true: no two customers have the same; not given: as it
 *                      is
 *   x-coffer-format    of a string: a date with this pattern; of a number: an
 *                      amount in this currency
 * and the document x-scv-permissions.
 */
#ifndef COFFER_MODEL_SCHEMA_DOC_H
#define COFFER_MODEL_SCHEMA_DOC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "model/field.h"
#include "model/job.h"
#include "model/site.h"

/* What is wrong with a document, and where: a JSON pointer (RFC 6901). */
struct schema_fault {
	const char *pointer, *reason;
	const struct schema_fault *next;
};

/* In the order in which they were found; all in the arena. */
struct schema_faults {
	struct arena *arena;
	const struct schema_fault *first;
	struct schema_fault *last;
	unsigned n;
};
#define SCHEMA_FAULTS_MAX 1000 /* more are counted, not kept */

/* Appends the document. */
void schema_doc_write(struct buf *out, const struct schema *s);

/* A document that was read: what its fields are to be, sorted by name, without
 * ids, and the words to be kept in workspace.schema_words (NULL: none). */
struct schema_doc {
	struct field *fields;
	unsigned n;
	const char *words;
};

/* Reads a document. `old`: the fields as they are now, for what a document
 * leaves as it is. ERR_BAD_REQUEST if there is any fault. *out lives in the
 * arena; it ends with schema_doc_release, also after an error. */
MUST_CHECK enum err_code schema_doc_read(const json_t *doc,
    const struct schema *old, struct arena *a, struct schema_doc *out,
    struct schema_faults *faults, struct err *e);
void schema_doc_release(struct schema_doc *doc);

/* What came of putting a document. */
struct schema_put {
	struct schema_faults faults; /* of any error that lies in a place */
	bool changed;                /* false: all was so already */
	bool converting;             /* `job` was started, or, with
	                                ERR_CONFLICT, runs already */
	struct job job;
};

/* Makes the workspace's fields, aliases and permissions what the document says,
 * in one transaction: fields that it leaves out are deleted.
 * ERR_BAD_REQUEST, ERR_INVALID (stored values do not fit), ERR_CONFLICT: then
 * nothing has changed. */
MUST_CHECK enum err_code schema_put(struct site *s,
    const struct db_context *ctx, const json_t *doc, struct arena *a,
    struct schema_put *out, struct err *e);

/* Gives a changed definition the words of the old one, but for those that do
 * not fit it. ERR_INTERNAL. */
MUST_CHECK enum err_code property_words_keep(
    const struct field *old, struct arena *a, struct field *f, struct err *e);

#endif
