#include <assert.h>
#include <errmsg.h>
#include <errno.h>
#include <fcntl.h>
#include <mysqld_error.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/internal.h"

/* Longer waits for a row lock are an error worth a retry. */
#define LOCK_WAIT_SECONDS 10

#define PASSWORD_MAX 256

/* What an error number means where it is not ERR_DATABASE. */
static const struct {
	unsigned no;
	enum err_code code;
} meanings[] = {
    {ER_DUP_ENTRY, ERR_DUPLICATE},
    {ER_DUP_ENTRY_WITH_KEY_NAME, ERR_DUPLICATE},
    {ER_LOCK_DEADLOCK, ERR_RETRY},
    {ER_LOCK_WAIT_TIMEOUT, ERR_RETRY},
    {ER_UNKNOWN_COM_ERROR, ERR_RETRY}, /* "WSREP has not yet prepared" */
    {ER_ERROR_DURING_COMMIT, ERR_RETRY},
    {ER_CHECKREAD, ERR_RETRY}, /* innodb_snapshot_isolation */
    {ER_NEED_REPREPARE, ERR_RETRY},
    {ER_CON_COUNT_ERROR, ERR_UNAVAILABLE},
    {ER_TOO_MANY_USER_CONNECTIONS, ERR_UNAVAILABLE},
    {ER_SERVER_SHUTDOWN, ERR_UNAVAILABLE},
    {ER_NORMAL_SHUTDOWN, ERR_UNAVAILABLE},
    {ER_ABORTING_CONNECTION, ERR_UNAVAILABLE},
    {ER_NEW_ABORTING_CONNECTION, ERR_UNAVAILABLE},
    {ER_CONNECTION_KILLED, ERR_UNAVAILABLE},
    {ER_QUERY_INTERRUPTED, ERR_UNAVAILABLE},
    {ER_OPTION_PREVENTS_STATEMENT, ERR_UNAVAILABLE}, /* read only */
    {CR_SERVER_GONE_ERROR, ERR_UNAVAILABLE},
    {CR_SERVER_LOST, ERR_UNAVAILABLE},
    {CR_SERVER_LOST_EXTENDED, ERR_UNAVAILABLE},
    {CR_ERR_NET_READ, ERR_UNAVAILABLE},
    {CR_ERR_NET_WRITE, ERR_UNAVAILABLE},
};

static enum err_code
meaning(unsigned no)
{
	size_t i;

	if (no > REQUIRED && no < REQUIRED + ERR_COUNT)
		return (enum err_code)(no - REQUIRED);
	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].no == no)
			return meanings[i].code;
	return ERR_DATABASE;
}

/* Errors of the library: the protocol's state is in doubt. */
static bool
is_client_error(unsigned no)
{
	return (no >= CR_MIN_ERROR && no <= CR_MAX_ERROR) ||
	       (no >= CER_MIN_ERROR && no <= CER_MAX_ERROR);
}

enum err_code
conn_error(struct db *db, const char *name, unsigned no, const char *state,
    struct err *e)
{
	enum err_code code = meaning(no);

	if (code == ERR_UNAVAILABLE || is_client_error(no))
		db->lost = true;
	if (db->in_tx && (db->lost || code == ERR_RETRY))
		db->tx_err = code;
	if (no > REQUIRED && no < REQUIRED + ERR_COUNT)
		return err_fault(
		    e, code, "%s: what it requires is not so", name);
	return err_fault(e, code, "%s: error %u (%s)", name, no, state);
}

/* The text of an error in connecting holds no values. */
static enum err_code
connect_error(struct db *db, MYSQL *m, const char *doing, struct err *e)
{
	const char *user = db->role == DB_OWNER ? db->conf->database_owner
	                                        : db->conf->database_user;

	err_fault(e, ERR_UNAVAILABLE, "%s as user %s: error %u: %s", doing,
	    user, mysql_errno(m), mysql_error(m));
	if (mysql_errno(m) == ER_BAD_DB_ERROR ||
	    mysql_errno(m) == ER_DBACCESS_DENIED_ERROR)
		snprintf(e->text, sizeof(e->text),
		    "the database is not set up: run cofferctl migrate");
	return ERR_UNAVAILABLE;
}

/* Reads the first line of a file into out; "" if path is "". */
static enum err_code
read_password(const char *path, char out[PASSWORD_MAX], struct err *e)
{
	ssize_t n = 0;
	int fd;

	out[0] = '\0';
	if (!*path)
		return ERR_OK;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, out, PASSWORD_MAX - 1);
		close(fd);
	}
	if (fd < 0 || n < 0)
		return err_fault(e, ERR_UNAVAILABLE,
		    "database password file %s: %s", path, strerror(errno));
	out[n] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return ERR_OK;
}

static void
set_number(MYSQL *m, enum mysql_option option, unsigned value)
{
	mysql_options(m, option, &value);
}

/* TLS is demanded by verifying the server's certificate: nothing else makes
 * libmariadb refuse a server without it. */
static void
set_tls(MYSQL *m, const struct conf *c)
{
	my_bool on = 1;

	set_number(m, MYSQL_OPT_PROTOCOL, MYSQL_PROTOCOL_TCP);
	mysql_options(m, MYSQL_OPT_SSL_ENFORCE, &on);
	mysql_options(m, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
	mysql_options(m, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
	if (*c->database_tls_ca)
		mysql_options(m, MYSQL_OPT_SSL_CA, c->database_tls_ca);
}

static void
set_options(MYSQL *m, const struct conf *c)
{
	my_bool off = 0;

	mysql_options(m, MYSQL_OPT_RECONNECT, &off);
	set_number(m, MYSQL_OPT_LOCAL_INFILE, 0);
	set_number(m, MYSQL_OPT_CONNECT_TIMEOUT, c->database_connect_timeout);
	set_number(m, MYSQL_OPT_READ_TIMEOUT, c->database_statement_timeout);
	set_number(m, MYSQL_OPT_WRITE_TIMEOUT, c->database_statement_timeout);
	mysql_options(m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (*c->database_socket)
		set_number(m, MYSQL_OPT_PROTOCOL, MYSQL_PROTOCOL_SOCKET);
	else
		set_tls(m, c);
}

/* The owner connects without a database, for it may have to create it. */
static enum err_code
authenticate(struct db *db, MYSQL *m, struct err *e)
{
	const struct conf *c = db->conf;
	bool owner = db->role == DB_OWNER;
	char password[PASSWORD_MAX];
	enum err_code err;
	MYSQL *r;

	err = read_password(
	    owner ? c->database_owner_password_file : c->database_password_file,
	    password, e);
	if (err)
		return err;
	r = mysql_real_connect(m, *c->database_socket ? NULL : c->database_host,
	    owner ? c->database_owner : c->database_user, password,
	    owner ? NULL : c->database_name, (unsigned)c->database_port,
	    *c->database_socket ? c->database_socket : NULL, 0);
	wipe(password, sizeof(password));
	if (!r)
		return connect_error(db, m, "cannot connect", e);
	if (m->passwd)
		wipe(m->passwd, strlen(m->passwd));
	if (!*c->database_socket && !mysql_get_ssl_cipher(m))
		return err_fault(
		    e, ERR_UNAVAILABLE, "the database's host offers no TLS");
	return ERR_OK;
}

static enum err_code
set_session(struct db *db, MYSQL *m, struct err *e)
{
	int64_t wait = db->conf->database_statement_timeout / 2;
	char sql[160];

	if (wait > LOCK_WAIT_SECONDS)
		wait = LOCK_WAIT_SECONDS;
	snprintf(sql, sizeof(sql),
	    "SET SESSION autocommit = 1, innodb_lock_wait_timeout = %d, "
	    "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
	    wait > 1 ? (int)wait : 1);
	if (mysql_query(m, sql) ||
	    mysql_query(m, "SET SESSION TRANSACTION ISOLATION LEVEL "
	                   "READ COMMITTED"))
		return connect_error(db, m, "cannot set the session", e);
	if (db->role == DB_OWNER &&
	    mysql_select_db(m, db->conf->database_name) &&
	    mysql_errno(m) != ER_BAD_DB_ERROR)
		return connect_error(db, m, "cannot use the database", e);
	return ERR_OK;
}

/* Whether a server binds arrays. MySQL says so by a capability bit that
 * MariaDB leaves unset; the extended bits are the upper half. */
static bool
binds_arrays(MYSQL *m)
{
	unsigned long caps = 0, extended = 0;

	mariadb_get_infov(m, MARIADB_CONNECTION_SERVER_CAPABILITIES, &caps);
	mariadb_get_infov(
	    m, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &extended);
	return mariadb_connection(m) && !(caps & CLIENT_MYSQL) &&
	       (extended & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32));
}

/* Whether a server prepares compound statements (MariaDB 10.6, MDEV-16708). */
static bool
prepares_compounds(MYSQL *m)
{
	return mariadb_connection(m) && mysql_get_server_version(m) >= 100602;
}

static enum err_code
conn_open(struct db *db, struct err *e)
{
	const struct conf *c = db->conf;
	enum err_code err;
	MYSQL *m;

	if (!*c->database_socket && !*c->database_host)
		return err_fault(e, ERR_UNAVAILABLE,
		    "neither socket nor host is set in [database]");
	m = mysql_init(NULL);
	if (!m)
		abort();
	set_options(m, c);
	err = authenticate(db, m, e);
	if (!err)
		err = set_session(db, m, e);
	if (err) {
		mysql_close(m);
		return err;
	}
	db->mysql = m;
	db->pid = getpid();
	db->lost = false;
	db->bulk = c->database_bulk && binds_arrays(m);
	db->compound = c->database_compound && prepares_compounds(m);
	return ERR_OK;
}

/* The parent's session must not hear of its child's end: the socket is put
 * away before the library can say goodbye on it. */
static void
detach(MYSQL *m)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup3(null, mysql_get_socket(m), O_CLOEXEC) < 0)
		abort();
	close(null);
}

/* Closes the connection and all that was prepared on it. */
static void
conn_drop(struct db *db)
{
	int st, form;

	if (!db->mysql)
		return;
	if (db->pid != getpid())
		detach(db->mysql);
	mysql_close(db->mysql);
	db->mysql = NULL;
	db->lost = false;
	for (st = 0; st < STMT_COUNT; st++)
		for (form = 0; form < FORM_COUNT; form++)
			prepared_free(&db->prepared[st][form]);
	deferral_drop(&db->deferral);
}

/* An idle server says nothing: what can be read is the end, or its cause. */
static bool
has_hung_up(MYSQL *m)
{
	struct pollfd p = {.fd = (int)mysql_get_socket(m), .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

enum err_code
conn_ready(struct db *db, struct err *e)
{
	assert(!db->rows.open);
	db->again = false;
	if (db->in_tx) {
		if (db->tx_err)
			return err_fault(
			    e, db->tx_err, "the transaction has ended already");
		return ERR_OK;
	}
	if (db->mysql && (db->lost || has_hung_up(db->mysql)))
		conn_drop(db);
	return db->mysql ? ERR_OK : conn_open(db, e);
}

enum err_code
conn_run(struct db *db, const char *sql, struct err *e)
{
	if (!mysql_query(db->mysql, sql))
		return ERR_OK;
	return conn_error(
	    db, "query", mysql_errno(db->mysql), mysql_sqlstate(db->mysql), e);
}

struct db *
db_new(const struct conf *c, enum db_role role)
{
	struct db *db = calloc(1, sizeof(*db));

	if (!db)
		abort();
	db->conf = c;
	db->role = role;
	db->rows.db = db;
	return db;
}

void
db_free(struct db **db)
{
	if (!*db)
		return;
	conn_drop(*db);
	arena_free(&(*db)->deferral.values);
	free(*db);
	*db = NULL;
}

void
db_close(struct db *db)
{
	assert(!db->in_tx);
	db->rows.open = false;
	conn_drop(db);
}

enum err_code
db_ping(struct db *db, struct err *e)
{
	bool fresh = !db->mysql;
	enum err_code err = conn_ready(db, e);

	if (err || !mysql_ping(db->mysql))
		return err;
	err = conn_error(
	    db, "ping", mysql_errno(db->mysql), mysql_sqlstate(db->mysql), e);
	if (!fresh && !db->in_tx) {
		conn_drop(db);
		return conn_ready(db, e);
	}
	return err;
}
