/*
 * S5: proves of a statement's text that it changes nothing that a process
 * remembers of a workspace (model/api_key_cache.h) without raising the
 * workspace's generation.
 *
 * Of account, workspace and api_key a statement may UPDATE the columns that
 * nobody remembers; any other one only if it assigns GENERATION_NEXT to
 * generation as well. Rows of them are inserted plainly, a workspace with a
 * generation, and deleted by those alone whose name begins with ERASE_: they
 * follow ERASE_MARK, which has raised it.
 */
#ifndef COFFER_T_DB_GENERATION_H
#define COFFER_T_DB_GENERATION_H

#include <stdbool.h>
#include <stddef.h>

#include "db/stmt.h"

/* False, and the reason in why, unless the statement is proven. */
bool generation_check(const struct stmt_row *row, char *why, size_t n);

#endif
