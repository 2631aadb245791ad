/*
 * Bringing the schema up to date: schema/NNN-name.sql in order of their
 * numbers, each applied once.
 */
#ifndef COFFER_DB_MIGRATE_H
#define COFFER_DB_MIGRATE_H

#include "db/db.h"

/* Applies what is missing from directory `dir` (on a DB_OWNER connection, which
 * may also create the database) and grants the application's user rows, not
 * tables. *applied_out: how many files were applied. A file that fails is
 * named in the error; MariaDB commits each CREATE, so every file is written to
 * be applied again from its start (the runner skips what is there already). */
MUST_CHECK enum err_code migrate_up(struct db *db, const char *dir,
    const char *app_user, unsigned *applied_out, struct err *e);

/* ERR_OK if the newest file's version is the database's; else
 * ERR_UNAVAILABLE with a text that says to run cofferctl migrate. The newest
 * version is compiled in: SCHEMA_VERSION. */
#define SCHEMA_VERSION 16
MUST_CHECK enum err_code migrate_check(struct db *db, struct err *e);

/* Makes the database if there is none, and uses it. For DB_OWNER. */
MUST_CHECK enum err_code migrate_database(struct db *db, struct err *e);

#endif
