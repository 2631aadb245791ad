/* Inside src/db: the connection, compiled statements, errors. */
#ifndef COFFER_DB_INTERNAL_H
#define COFFER_DB_INTERNAL_H

#include <mysql.h>
#include <sys/types.h>

#include "base/buf.h"
#include "db/db.h"

/* What fills a `?` of a compiled text. */
enum slot { SLOT_ARG, SLOT_LIST, SLOT_ACCOUNT, SLOT_WORKSPACE };

/* A statement's text as the server takes it, and what its markers are. */
struct plan {
	struct buf text;
	struct buf slots; /* a byte each, enum slot */
};

/* Compiles a row of the registry. `times` (at least 1) is how many values the
 * list marker takes or, in a statement without one, how many tuples follow
 * VALUES; 1 leaves the statement as it stands. Asserts that the markers are
 * those of its scope. */
void plan_compile(const struct stmt_row *row, unsigned times, struct plan *out);
void plan_free(struct plan *p);

/* A statement is prepared at most once in each of these forms. From FORM_SIZED
 * on they are those of list_sizes or of row_sizes. Lists are filled up to a
 * size, and MariaDB takes 1 to 2 us for each value. */
#define LIST_SIZES 6
#define ROW_SIZES 3
enum form {
	FORM_PLAIN,
	FORM_ARRAY,
	FORM_SIZED,
	FORM_COUNT = FORM_SIZED + LIST_SIZES
};
extern const unsigned list_sizes[LIST_SIZES], row_sizes[ROW_SIZES];

/* A column of results and its buffer, which is kept for the next run. */
struct column {
	bool is_int;
	int64_t i;
	char *data; /* cap + 1 bytes */
	size_t cap;
	unsigned long len;
	my_bool null, error;
};

struct prepared {
	MYSQL_STMT *stmt;
	const char *name;
	bool reads; /* a SELECT: may be run twice without harm */
	unsigned nslots, ncols;
	uint8_t *slots;
	MYSQL_BIND *params;
	MYSQL_BIND *results;
	struct column *cols;
	int64_t account, workspace; /* what params point to */
};

/* The one result that may be open on a connection. */
struct db_rows {
	struct db *db;
	struct prepared *ps;
	bool open, end;
	struct err err;
};

struct db {
	const struct conf *conf;
	enum db_role role;
	MYSQL *mysql; /* NULL: not connected */
	pid_t pid;    /* of the process that connected */
	bool bulk;    /* array binding */
	bool lost;    /* to be given up before the next use */
	bool again;   /* what failed may be tried on a new connection */
	bool in_tx;
	bool snapshot;        /* in_tx, of db_snapshot */
	enum err_code tx_err; /* the transaction is gone already, by this */
	void *owner;
	db_ended *ended;
	struct db_rows rows;
	struct prepared *prepared[STMT_COUNT][FORM_COUNT];
};

/* conn.c */

/* A connection that seems to stand; connects if there is none. Inside a
 * transaction that the server has ended: the error that ended it. */
MUST_CHECK enum err_code conn_ready(struct db *db, struct err *e);

/* Turns a server's or the library's error number into an error; notes in db
 * that the connection or the transaction is lost. The server's own text is
 * left out, for it quotes values. `name` says what was done. */
enum err_code conn_error(struct db *db, const char *name, unsigned no,
    const char *state, struct err *e);

/* Runs a text without results or values of clients. */
MUST_CHECK enum err_code conn_run(
    struct db *db, const char *sql, struct err *e);

/* exec.c: what a call of db.h runs. */
struct call {
	const struct db_context *ctx;
	enum stmt st;
	enum form form;
	unsigned times; /* for plan_compile */
	struct db_args args, list;
};

/* ERR_NO_CONTEXT unless ctx has what the scope of the statement takes. */
MUST_CHECK enum err_code call_check(const struct call *c, struct err *e);

/* prepared.c */

/* A zeroed array, for free(3); n may be 0. Aborts when memory is out. */
void *prepared_alloc(size_t n, size_t size);

/* Prepares on the standing connection, unless that was done before. */
MUST_CHECK enum err_code prepared_get(
    struct db *db, const struct call *c, struct prepared **out, struct err *e);
void prepared_free(struct prepared **ps);

/* Binds values: args then list, in the order of the slots; a list that is
 * shorter than its slots is filled up with its last value. */
void prepared_bind(struct prepared *ps, const struct call *c);

/* Executes what is bound. Sets db->again. */
MUST_CHECK enum err_code prepared_run(
    struct db *db, struct prepared *ps, struct err *e);

/* Turns the failure of a call on ps into an error, by conn_error. */
enum err_code prepared_error(struct db *db, struct prepared *ps, struct err *e);

/* Completes the columns of a row just fetched: grows buffers that were too
 * small, ends bytes with a NUL. False: an integer is past 64 bits, signed. */
bool prepared_row(struct prepared *ps);

/* Frees the buffers of results that have grown past 1 MiB. */
void prepared_trim(struct prepared *ps);

#endif
