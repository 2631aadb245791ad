/*
 * Attributes: the flat names of the Single Customer View face. A field is
 * known by its name; the field that holds a system attribute also by that
 * ($verifiedEmail); system attributes without a field ($customerid) by theirs
 * and by the tenant's aliases of them.
 */
#ifndef COFFER_SCV_ATTRIBUTE_H
#define COFFER_SCV_ATTRIBUTE_H

#include <stdbool.h>

#include "base/arena.h"
#include "model/field.h"

struct attribute {
	const char *name;          /* as it was asked for; the schema's */
	const struct field *field; /* whose value it is, or NULL: */
	enum system_attribute system;
	bool own; /* of the tenant's schema: a field of its own, an alias */
};

/* The attribute that n bytes of a name mean; false if there is none. */
bool attribute_find(
    const struct schema *s, const char *name, size_t n, struct attribute *out);

/* All attributes of a schema, by name (bytewise), in the arena; *n_out. */
struct attribute *attribute_list(
    const struct schema *s, struct arena *a, unsigned *n_out);

/* What a session may do with it (of enum access), under this name or, of a
 * field, under the field's own. Nobody writes a system attribute. */
unsigned attribute_access(const struct schema *s, const struct attribute *a);

#endif
