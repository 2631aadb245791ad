/*
 * The statement registry: every SQL statement of Coffer, by name. Statements
 * stand beside the rows they fill, in X-macro files (model/NAME.sql.h):
 *
 *   STMT(NAME, SCOPE, "SELECT ...")
 *
 * Scope says what the text takes from the context, and is checked when the
 * registry is built up (and by t/db/test_stmt):
 *   SERVER     nothing: tables that belong to no tenant (tbl/tables.h)
 *   ACCOUNT    :account, for every table of the text
 *   WORKSPACE  :workspace (for workspace tables), and :account where the
 *              table has it
 * Other values are `?`, in order. "(?...)" at the end of a list statement takes
 * up to DB_LIST_MAX values. Statements never quote a value into their text.
 */
#ifndef COFFER_DB_STMT_H
#define COFFER_DB_STMT_H

/* The files of the registry. A test of this room alone is compiled, with the
 * room, against a small file of its own (-DSTMT_FILE='"db/test.sql.h"'). */
#ifndef STMT_FILE
#define STMT_FILE "db/all.sql.h"
#endif

/* What workspace.generation becomes, by every statement that changes what a
 * process may remember of the workspace (model/api_key_cache.h; t/db/test_stmt
 * proves it): more than it was, and than any count of another life of the
 * database. */
#define GENERATION_NOW "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED)"
#define GENERATION_NEXT "GREATEST(generation + 1, " GENERATION_NOW ")"

enum stmt_scope { STMT_SERVER, STMT_ACCOUNT, STMT_WORKSPACE };

enum stmt {
#define STMT(name, scope, sql) SQL_##name,
#include STMT_FILE
#undef STMT
	STMT_COUNT
};

struct stmt_row {
	const char *name;
	enum stmt_scope scope;
	const char *sql;
};

/* The row of a statement; asserts on an unknown one. */
const struct stmt_row *stmt_get(enum stmt st);

/* A table of the schema, the column by which it belongs to a tenant, and what
 * the application's user may do to its rows. */
enum table_owner { TABLE_SERVER, TABLE_ACCOUNT, TABLE_WORKSPACE };
enum table_rights { TABLE_READ, TABLE_APPEND, TABLE_WRITE };
struct table_row {
	const char *name;
	enum table_owner owner;
	enum table_rights rights;
};
extern const struct table_row tables[];
extern const unsigned tables_count;

#endif
