/*
 * Inside src/model and for those who walk stored customers: reading a stored
 * profile. How profiles are made and merged: model/customer.h.
 */
#ifndef COFFER_MODEL_PROFILE_H
#define COFFER_MODEL_PROFILE_H

#include "base/arena.h"
#include "base/err.h"
#include "model/record.h"
#include "vault/keyring.h"

/* A member of a stored profile: the characters of its name, its JSON. Whose it
 * is tells schema_find_stored, by the layout: while a field takes over a system
 * attribute, rows of the older one still have that one's name. */
struct profile_member {
	const char *name, *json;
	size_t nname, n;
};

/* Reads the member after *p, which is at '{' (for an empty profile: at '}') or
 * at a comma, and moves *p on to what follows. False at the end: *p is then at
 * the last '}', or somewhere else (or NULL) if the profile is damaged. */
bool profile_next(const char **p, const char *end, struct profile_member *out);

/* A walk through the members of a stored profile that fields of the schema
 * stand for, those of older layouts by schema_find_stored. Both are sorted by
 * name, so that a member's field is mostly the one after the last. */
struct profile_walk {
	const struct schema *schema;
	uint32_t layout;
	const char *p, *end;
	unsigned next; /* field */
};
void profile_walk_begin(struct profile_walk *w, const struct schema *s,
    uint32_t layout, const char *text, size_t n);

/* The next such member, and the index of its field. */
bool profile_walk_next(
    struct profile_walk *w, struct profile_member *out, unsigned *field_out);

/* After the last one: ERR_CRYPTO if the profile is damaged. */
MUST_CHECK enum err_code profile_walk_end(
    const struct profile_walk *w, struct err *e);

/* Whose profile it is, and under which key and layout it was stored. */
struct profile_owner {
	struct keyring *ring;
	const char *workspace, *customer; /* UUIDs as text */
	uint32_t key_version, layout;
};

/* The plain JSON that member `m` has under field f of the schema: opened if it
 * is sealed, converted if the row is of an older layout (model/field.h). It
 * points into the profile or into `plain`, which is overwritten and the
 * caller's to wipe. ERR_CRYPTO if it cannot be opened, ERR_INTERNAL if it has
 * no such form. */
MUST_CHECK enum err_code profile_value(const struct profile_owner *o,
    const struct schema *s, const struct field *f,
    const struct profile_member *m, struct buf *plain, struct value *out,
    struct err *e);

/* Opens a stored profile of n bytes: out->values has what is stored for each
 * field of the schema as plain JSON, in the form of the schema's layout; what
 * had to be opened or converted is in the arena (the caller wipes it by its
 * end), other values point into `text`. ERR_CRYPTO if a value cannot be opened
 * or the profile is damaged. */
MUST_CHECK enum err_code profile_open(const struct profile_owner *o,
    const struct schema *s, const char *text, size_t n, struct arena *a,
    struct record *out, struct err *e);

/* The same of those fields alone that `wanted` (a flag a field) marks. */
MUST_CHECK enum err_code profile_open_some(const struct profile_owner *o,
    const struct schema *s, const char *text, size_t n, const bool *wanted,
    struct arena *a, struct record *out, struct err *e);

#endif
