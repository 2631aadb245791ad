/*
 * What the other face says of a workspace's schema beside its fields, kept as
 * JSON in workspace.schema_words:
 *   {"aliases":{"NAME":PROPERTY}, "permissions":{"NAME":["read","write"]},
 *    "title":"...", "description":"..."}
 * each member perhaps missing, members sorted. PROPERTY is the alias as a
 * document has it (model/schema_doc.h).
 */
#ifndef COFFER_MODEL_SCHEMA_WORDS_H
#define COFFER_MODEL_SCHEMA_WORDS_H

#include "model/field.h"

/* Fills aliases and permissions of the schema from its words. ERR_INTERNAL if
 * they cannot be read. */
MUST_CHECK enum err_code schema_read_words(
    struct schema *s, struct arena *a, struct err *e);

/* The alias of that name; NULL if there is none. */
const struct alias *schema_find_alias(const struct schema *s, const char *name);

/* The system attribute that is called so and that nobody writes ("$segments");
 * SYSTEM_ATTRIBUTES if there is none. */
enum system_attribute system_attribute_find(const char *name);

/* Takes the permissions of n names out of words; the result is in the arena, or
 * is `words` itself if nothing was in it. */
MUST_CHECK enum err_code schema_words_without(const char *words,
    const char *const *names, unsigned n, struct arena *a, const char **out,
    struct err *e);

#endif
