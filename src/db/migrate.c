#include "db/migrate.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/internal.h"
#include "db/restore.h"

#define FILE_MAX (1 << 20)
#define NAME_MAX_LEN 64 /* of schema_migration.name */

/* Runs a text of a migration: no values of clients are in it, so the server's
 * own words may be told. */
static enum err_code
run_sql(struct db *db, const char *sql, const char *doing, struct err *e)
{
	if (!mysql_query(db->mysql, sql))
		return ERR_OK;
	(void)conn_error(
	    db, doing, mysql_errno(db->mysql), mysql_sqlstate(db->mysql), e);
	return err_fault(e, e->code, "%s: error %u: %s", doing,
	    mysql_errno(db->mysql), mysql_error(db->mysql));
}

/* `name`, with its backticks doubled. */
static void
add_name(struct buf *b, const char *name)
{
	buf_addc(b, '`');
	for (; *name; name++) {
		if (*name == '`')
			buf_addc(b, '`');
		buf_addc(b, *name);
	}
	buf_addc(b, '`');
}

/* 'text', escaped. */
static void
add_text(struct db *db, struct buf *b, const char *s)
{
	size_t n = strlen(s);
	char *room;

	buf_addc(b, '\'');
	room = buf_room(b, 2 * n + 1);
	b->len += mysql_real_escape_string(db->mysql, room, s, n);
	buf_addc(b, '\'');
}

static enum err_code
create_database(struct db *db, struct err *e)
{
	const char *name = db->conf->database_name;
	struct buf sql = {0};
	enum err_code err;

	buf_adds(&sql, "CREATE DATABASE IF NOT EXISTS ");
	add_name(&sql, name);
	buf_adds(&sql, " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
	err = run_sql(db, sql.data, "create the database", e);
	buf_free(&sql);
	if (!err && mysql_select_db(db->mysql, name))
		err = conn_error(db, "use the database", mysql_errno(db->mysql),
		    mysql_sqlstate(db->mysql), e);
	return err;
}

/* The newest version applied; 0 where there is none (to a user without rights
 * a table that is missing is one that is denied). */
static enum err_code
read_version(struct db *db, unsigned *out, struct err *e)
{
	static const char sql[] = "SELECT MAX(version) FROM schema_migration";
	MYSQL_RES *res;
	MYSQL_ROW row;

	*out = 0;
	if (mysql_query(db->mysql, sql)) {
		unsigned no = mysql_errno(db->mysql);

		if (no == ER_NO_SUCH_TABLE || no == ER_TABLEACCESS_DENIED_ERROR)
			return ERR_OK;
		return conn_error(
		    db, "schema version", no, mysql_sqlstate(db->mysql), e);
	}
	res = mysql_store_result(db->mysql);
	row = res ? mysql_fetch_row(res) : NULL;
	if (row && row[0])
		*out = (unsigned)strtoul(row[0], NULL, 10);
	mysql_free_result(res);
	return ERR_OK;
}

/* NNN-name.sql, of letters, digits, hyphens: no text that needs quoting. */
static int
is_migration(const struct dirent *d)
{
	const char *s = d->d_name;
	size_t n = strlen(s), i;

	if (n < 9 || n >= NAME_MAX_LEN || strcmp(s + n - 4, ".sql") ||
	    s[3] != '-')
		return 0;
	for (i = 0; i < n - 4; i++)
		if (i < 3 ? !isdigit((unsigned char)s[i])
		          : !isalnum((unsigned char)s[i]) && s[i] != '-')
			return 0;
	return 1;
}

static enum err_code
read_file(const char *dir, const char *name, struct buf *out, struct err *e)
{
	char path[4096];
	char *room;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		return err_set(e, ERR_BAD_REQUEST, "path too long");
	f = fopen(path, "re");
	if (!f)
		return err_fault(
		    e, ERR_BAD_REQUEST, "%s: %s", path, strerror(errno));
	room = buf_room(out, FILE_MAX);
	out->len = fread(room, 1, FILE_MAX, f);
	room[out->len] = '\0';
	if (ferror(f) || !feof(f)) {
		fclose(f);
		return err_fault(e, ERR_BAD_REQUEST,
		    "%s: unreadable, or longer than %d bytes", path, FILE_MAX);
	}
	fclose(f);
	return ERR_OK;
}

/* What a statement of a file that was cut short fails by when the file is
 * applied again: the table, column or index is there, or gone. */
static bool
is_done_already(unsigned no)
{
	return no == ER_TABLE_EXISTS_ERROR || no == ER_DUP_FIELDNAME ||
	       no == ER_DUP_KEYNAME || no == ER_CANT_DROP_FIELD_OR_KEY;
}

static enum err_code
run_statement(struct db *db, const char *file, unsigned no, const char *sql,
    struct err *e)
{
	char doing[NAME_MAX_LEN + 32];
	enum err_code err;

	snprintf(doing, sizeof(doing), "%s, statement %u", file, no);
	err = run_sql(db, sql, doing, e);
	if (err && is_done_already(mysql_errno(db->mysql))) {
		log_info("%s: done already", doing);
		return ERR_OK;
	}
	return err;
}

/* Appends a line unless it is blank or a comment. True if it ends a statement,
 * which is then without its semicolon. */
static bool
add_line(struct buf *sql, const char *line, size_t n)
{
	size_t blank = 0;

	while (n && isspace((unsigned char)line[n - 1]))
		n--;
	while (blank < n && isspace((unsigned char)line[blank]))
		blank++;
	if (blank == n || (n - blank >= 2 && !memcmp(line + blank, "--", 2)))
		return false;
	if (line[n - 1] == ';') {
		buf_add(sql, line, n - 1);
		return true;
	}
	buf_add(sql, line, n);
	buf_addc(sql, '\n');
	return false;
}

/* Runs the statements of a file's text, which end at a `;` at a line's end. */
static enum err_code
run_text(struct db *db, const char *file, const char *text, struct err *e)
{
	struct buf sql = {0};
	enum err_code err = ERR_OK;
	unsigned no = 0;
	size_t n;

	while (*text && !err) {
		n = strcspn(text, "\n");
		if (add_line(&sql, text, n)) {
			err = run_statement(db, file, ++no, sql.data, e);
			buf_reset(&sql);
		}
		text += n + (text[n] != '\0');
	}
	if (!err && sql.len)
		err = err_set(e, ERR_BAD_REQUEST,
		    "%s: the last statement has no semicolon", file);
	buf_free(&sql);
	return err;
}

static enum err_code
apply_file(struct db *db, const char *dir, const char *file, unsigned version,
    struct err *e)
{
	struct buf text = {0};
	char sql[256];
	enum err_code err = read_file(dir, file, &text, e);

	if (!err)
		err = run_text(db, file, text.data, e);
	buf_free(&text);
	if (err && !e->text[0])
		snprintf(e->text, sizeof(e->text),
		    "migration %s failed; mend the cause and run it again",
		    file);
	if (err)
		return err;
	snprintf(sql, sizeof(sql),
	    "INSERT INTO schema_migration (version, name, applied_at) "
	    "VALUES (%u, '%s', %lld)",
	    version, file, (long long)clock_now_ms());
	return run_sql(db, sql, file, e);
}

static enum err_code
apply_missing(struct db *db, const char *dir, unsigned version,
    unsigned *applied_out, struct err *e)
{
	struct dirent **files;
	enum err_code err = ERR_OK;
	int n = scandir(dir, &files, is_migration, alphasort), i;

	if (n < 0)
		return err_fault(
		    e, ERR_BAD_REQUEST, "%s: %s", dir, strerror(errno));
	for (i = 0; i < n; i++) {
		unsigned v = (unsigned)strtoul(files[i]->d_name, NULL, 10);

		if (!err && v > version) {
			err = apply_file(db, dir, files[i]->d_name, v, e);
			*applied_out += !err;
		}
		free(files[i]);
	}
	free(files);
	return err;
}

/* What the application's user may do to the rows of a table. */
static const char *const rights[] = {
    [TABLE_READ] = "SELECT",
    [TABLE_APPEND] = "SELECT, INSERT",
    [TABLE_WRITE] = "SELECT, INSERT, UPDATE, DELETE",
};

/* Runs the grants of one entry of the user: user@host. */
static enum err_code
grant_tables(struct db *db, const char *user, const char *host, struct err *e)
{
	enum err_code err = ERR_OK;
	struct buf sql = {0};
	unsigned i;

	for (i = 0; i < tables_count && !err; i++) {
		buf_reset(&sql);
		buf_addf(&sql, "GRANT %s ON ", rights[tables[i].rights]);
		add_name(&sql, tables[i].name);
		buf_adds(&sql, " TO ");
		add_text(db, &sql, user);
		buf_addc(&sql, '@');
		add_text(db, &sql, host);
		err = run_sql(db, sql.data, "grant", e);
	}
	buf_free(&sql);
	return err;
}

/* The hosts under which the server knows a user, as a result of one column. */
static enum err_code
find_hosts(struct db *db, const char *user, MYSQL_RES **out, struct err *e)
{
	struct buf sql = {0};
	enum err_code err;

	buf_adds(
	    &sql, "SELECT Host FROM mysql.user WHERE Host <> '' AND User = ");
	add_text(db, &sql, user);
	err = run_sql(db, sql.data, "find the application's user", e);
	buf_free(&sql);
	if (err)
		return err;
	*out = mysql_store_result(db->mysql);
	return *out ? ERR_OK
	            : conn_error(db, "find the application's user",
	                  mysql_errno(db->mysql), mysql_sqlstate(db->mysql), e);
}

/* Grants to every entry of the user, for the server matches the one that is
 * nearest to where a connection comes from. */
static enum err_code
grant(struct db *db, const char *user, struct err *e)
{
	MYSQL_RES *hosts;
	MYSQL_ROW row;
	enum err_code err = find_hosts(db, user, &hosts, e);

	if (err)
		return err;
	if (!mysql_num_rows(hosts))
		err = err_set(e, ERR_BAD_REQUEST,
		    "the database has no user %s: create it first", user);
	while (!err && (row = mysql_fetch_row(hosts)))
		err = grant_tables(db, user, row[0], e);
	mysql_free_result(hosts);
	return err;
}

enum err_code
migrate_database(struct db *db, struct err *e)
{
	enum err_code err;

	assert(db->role == DB_OWNER && !db->in_tx);
	err = conn_ready(db, e);
	return err ? err : create_database(db, e);
}

/* A schema that is half restored is no schema. */
static enum err_code
check_whole(unsigned version, struct err *e)
{
	if (version != RESTORE_MARK)
		return ERR_OK;
	return err_set(e, ERR_UNAVAILABLE,
	    "a restore of this database has not come to its end: run "
	    "cofferctl restore --replace again");
}

enum err_code
migrate_up(struct db *db, const char *dir, const char *app_user,
    unsigned *applied_out, struct err *e)
{
	unsigned version;
	enum err_code err;

	*applied_out = 0;
	err = migrate_database(db, e);
	if (!err)
		err = read_version(db, &version, e);
	if (!err)
		err = check_whole(version, e);
	if (!err)
		err = apply_missing(db, dir, version, applied_out, e);
	return err ? err : grant(db, app_user, e);
}

enum err_code
migrate_check(struct db *db, struct err *e)
{
	unsigned version = 0;
	enum err_code err = conn_ready(db, e);

	if (!err)
		err = read_version(db, &version, e);
	if (!err)
		err = check_whole(version, e);
	if (err || version == SCHEMA_VERSION)
		return err;
	return err_set(e, ERR_UNAVAILABLE,
	    version < SCHEMA_VERSION
	        ? "the database's schema is older than this program: "
	          "run cofferctl migrate"
	        : "the database's schema is newer than this program: "
	          "install the version that belongs to it");
}
