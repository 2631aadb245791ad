/* Names that people give to things: accounts, workspaces, groups, keys. */
#ifndef COFFER_MODEL_NAME_H
#define COFFER_MODEL_NAME_H

#include <stddef.h>

#include "base/err.h"

#define NAME_MAX_CHARS 200

/* A text of `least` to `most` characters of valid UTF-8 without control
 * characters; else ERR_BAD_REQUEST, in words that begin with `what`. */
MUST_CHECK enum err_code name_check(
    const char *what, const char *s, size_t least, size_t most, struct err *e);

#endif
