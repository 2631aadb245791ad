/*
 * What a backup is brought back into, on a DB_OWNER connection. From
 * restore_begin to restore_end the schema says that a restore has not come to
 * its end: no program works with it, and only another restore goes on.
 */
#ifndef COFFER_DB_RESTORE_H
#define COFFER_DB_RESTORE_H

#include "db/db.h"

/* The version of a schema that is half restored. */
#define RESTORE_MARK 4294967295u

/* Makes the database if there is none. ERR_CONFLICT if it has tables of ours,
 * unless `replace`. Changes nothing else. */
MUST_CHECK enum err_code restore_check(
    struct db *db, bool replace, struct err *e);

/* Marks the schema, then drops the tables of ours. */
MUST_CHECK enum err_code restore_begin(struct db *db, struct err *e);

/* Moves every account's key epoch and every workspace's generation past all
 * that a process may remember of them.
 * The mark went with schema_migration, which a backup brings last. Ends all
 * sessions of customers. */
MUST_CHECK enum err_code restore_end(struct db *db, struct err *e);

#endif
