/*
 * Inside src/model: a property of a schema document while it is read. What its
 * words say becomes the definition of a field (PUT /v1/cpf), so that the rules
 * of fields are those of field_from_definition alone.
 */
#ifndef COFFER_MODEL_SCHEMA_READER_H
#define COFFER_MODEL_SCHEMA_READER_H

#include "model/schema_property.h"

/* The types of properties. Dates, amounts and enums are strings and numbers by
 * their type. */
enum property_type {
	STRING = 1,
	NUMBER = 2,
	INTEGER = 4,
	BOOLEAN = 8,
	ARRAY = 16,
	ANY = 31
};

/* A property while it is read. */
struct reader {
	const char *name, *pointer;
	const json_t *v;
	const struct field *old;
	struct arena *a;
	struct schema_faults *faults;
	unsigned before; /* faults of what was read before */
	const struct field_role *role;
	unsigned type; /* one of the above; 0: unknown */
	json_t *def;   /* the definition */
	json_t *words; /* what is kept beside */
};

/* Makes r->def, r->words, r->role and r->type of the property's words; what is
 * wrong in a word by itself is told. */
void property_read_words(struct reader *r);

#endif
