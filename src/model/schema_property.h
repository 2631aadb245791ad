/*
 * Inside src/model: the properties of a schema document, one by one.
 */
#ifndef COFFER_MODEL_SCHEMA_PROPERTY_H
#define COFFER_MODEL_SCHEMA_PROPERTY_H

#include "model/schema_doc.h"

#define SOURCE_PREFIX "customer."

/* Notes a fault at a pointer and one more step ("": at the pointer itself),
 * which is escaped here. The reason says what is so ("is missing", "must
 * be..."), and holds no text of the document but its words. */
void schema_fault(struct schema_faults *faults, const char *pointer,
    const char *step, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* A pointer and one more step, in the arena. */
const char *pointer_add(struct arena *a, const char *pointer, const char *step);

/* The place of the property of that name. */
const char *property_pointer(struct arena *a, const char *name);

/* What is wrong with a description or a title that is kept as it is: not a
 * string, or too long; "" if nothing. What a workspace keeps of a document is
 * read whole with its fields, so it has to stay small. */
#define SCHEMA_TEXT_MAX 1000 /* characters */
const char *schema_text_wrong(const json_t *v);

/* Whether the property's x-scv-source is one that nobody writes. */
bool property_is_alias(const json_t *v);

/* Checks an alias. False if there was a fault. */
bool property_read_alias(const char *name, const json_t *v, struct arena *a,
    struct schema_faults *faults);

/* Reads a field; old: what it is now, or NULL. False if there was a fault;
 * *out may hold a regex in any case. */
bool property_read(const char *name, const json_t *v, const struct field *old,
    struct arena *a, struct schema_faults *faults, struct field *out);

#endif
