/*
 * S16: proves of a statement's text that it reaches no row of another tenant.
 *
 * Every table that is named after FROM, JOIN, INTO or UPDATE and belongs to an
 * account (workspace) must have its account_id (workspace_id) equal to
 * :account (:workspace), by a condition that always holds: one of WHERE or ON,
 * joined to the others by AND alone; or equal, in the same way, to that column
 * of another table for which it is proven. workspace.id counts as a
 * workspace_id (and is proven where workspace.account_id is), account.id as an
 * account_id. A row that is inserted has the marker in that column's place;
 * no assignment changes such a column. Statements of scope SERVER name SERVER
 * tables only, but that a SELECT may join the one row of workspace whose id is
 * the workspace_id of such a table: what an API key or a session opens.
 *
 * What the checker does not understand (UNION, WITH, RIGHT or NATURAL JOIN,
 * USING, CASE, BETWEEN, row comparisons, a column without its table's name
 * beside several tables) proves nothing, so that such a statement fails.
 */
#ifndef COFFER_T_DB_TENANCY_H
#define COFFER_T_DB_TENANCY_H

#include <stdbool.h>
#include <stddef.h>

#include "db/stmt.h"

/* False, and the reason in why, unless the statement is proven. */
bool tenancy_check(const struct stmt_row *row, char *why, size_t n);

#endif
