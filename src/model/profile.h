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

/* A member of a stored profile: the characters of its name, its JSON. */
struct profile_member {
	const char *name, *json;
	size_t nname, n;
};

/* Reads the member after *p, which is at '{' (for an empty profile: at '}') or
 * at a comma, and moves *p on to what follows. False at the end: *p is then at
 * the last '}', or somewhere else (or NULL) if the profile is damaged. */
bool profile_next(const char **p, const char *end, struct profile_member *out);

/* Whether a stored value has the look of a sealed one: a string of base64, long
 * enough. */
bool profile_looks_sealed(const struct profile_member *m);

/* Whose profile it is, and under which key and layout it was stored. */
struct profile_owner {
	struct keyring *ring;
	const char *workspace, *customer; /* UUIDs as text */
	uint32_t key_version, layout;
};

/* Opens a stored profile of n bytes: out->values has what is stored for each
 * field of the schema as plain JSON, PII opened into the arena (the caller
 * wipes it by its end), other values pointing into `text`. ERR_CRYPTO if a
 * value cannot be opened or the profile is damaged. */
MUST_CHECK enum err_code profile_open(const struct profile_owner *o,
    const struct schema *s, const char *text, size_t n, struct arena *a,
    struct record *out, struct err *e);

#endif
