#include "db/restore.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "db/internal.h"
#include "db/migrate.h"

/* None of these texts holds a value of a client's, and the server's words are
 * for the operator. */
static enum err_code
run(struct db *db, const char *sql, struct err *e)
{
	unsigned no;

	if (!mysql_query(db->mysql, sql))
		return ERR_OK;
	no = mysql_errno(db->mysql);
	(void)conn_error(db, "restore", no, mysql_sqlstate(db->mysql), e);
	return err_fault(
	    e, e->code, "restore: error %u: %s", no, mysql_error(db->mysql));
}

/* Of the database's tables, how many are ours. */
static enum err_code
count_tables(struct db *db, unsigned *out, struct err *e)
{
	MYSQL_RES *res;
	MYSQL_ROW row;
	enum err_code err = run(db, "SHOW TABLES", e);

	*out = 0;
	if (err)
		return err;
	res = mysql_store_result(db->mysql);
	while (res && (row = mysql_fetch_row(res)))
		for (unsigned i = 0; i < tables_count; i++)
			*out += !strcmp(row[0], tables[i].name);
	mysql_free_result(res);
	return ERR_OK;
}

enum err_code
restore_check(struct db *db, bool replace, struct err *e)
{
	unsigned n = 0;
	enum err_code err = migrate_database(db, e);

	if (!err)
		err = count_tables(db, &n, e);
	if (err || !n || replace)
		return err;
	return err_set(e, ERR_CONFLICT,
	    "the database %s has %u tables of Coffer's already: --replace "
	    "drops them",
	    db->conf->database_name, n);
}

enum err_code
restore_begin(struct db *db, struct err *e)
{
	struct buf sql = {0};
	enum err_code err;

	buf_addf(&sql,
	    "INSERT INTO schema_migration VALUES (%u, 'restore', %lld)"
	    " ON DUPLICATE KEY UPDATE applied_at = VALUES(applied_at)",
	    RESTORE_MARK, (long long)clock_now_ms());
	err = run(db,
	    "CREATE TABLE IF NOT EXISTS schema_migration ("
	    " version INT UNSIGNED NOT NULL PRIMARY KEY,"
	    " name VARCHAR(64) NOT NULL, applied_at BIGINT NOT NULL"
	    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
	    e);
	if (!err)
		err = run(db, sql.data, e);
	for (unsigned i = 0; i < tables_count && !err; i++) {
		if (!strcmp(tables[i].name, "schema_migration"))
			continue;
		buf_reset(&sql);
		buf_addf(&sql, "DROP TABLE IF EXISTS `%s`", tables[i].name);
		err = run(db, sql.data, e);
	}
	buf_free(&sql);
	return err;
}

/* Seconds since 1970 are more than any count of changes, and a generation goes
 * past all that a process may remember of another life. Sessions that have been
 * closed since the backup must not live again, and nobody knows which. */
enum err_code
restore_end(struct db *db, struct err *e)
{
	char sql[120];
	enum err_code err = conn_ready(db, e);

	snprintf(sql, sizeof(sql),
	    "UPDATE account SET key_epoch = GREATEST(key_epoch + 1, %lld)",
	    (long long)(clock_now_ms() / 1000));
	if (!err)
		err = run(db, sql, e);
	if (!err)
		err = run(db,
		    "UPDATE workspace SET generation = " GENERATION_NEXT, e);
	return err ? err : run(db, "DELETE FROM session", e);
}
