/* Inside src/db: the connection, compiled statements, errors. */
#ifndef COFFER_DB_INTERNAL_H
#define COFFER_DB_INTERNAL_H

#include <mysql.h>
#include <sys/types.h>

#include "base/arena.h"
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

/* What :account and :workspace of a call are bound to. */
struct tenant {
	int64_t account, workspace;
};
void tenant_take(struct tenant *out, const struct db_context *ctx);

struct prepared {
	MYSQL_STMT *stmt;
	const char *name;
	bool reads; /* a SELECT: may be run twice without harm */
	unsigned nslots, ncols;
	uint8_t *slots;
	MYSQL_BIND *params;
	MYSQL_BIND *results;
	struct column *cols;
	struct tenant tenant; /* what params may point to */
};

/* The one result that may be open on a connection. */
struct db_rows {
	struct db *db;
	struct prepared *ps;
	bool open, end;
	struct err err;
};

/* What a call of db.h runs. */
struct call {
	const struct db_context *ctx;
	enum stmt st;
	enum form form;
	unsigned times; /* for plan_compile */
	struct db_args args, list;
};

/* Of a deferred transaction (deferred.c). */

#define HELD_MAX 24           /* statements that are held back at a time */
#define HELD_TIMES 20         /* rows or values of one */
#define HELD_BYTES (1u << 20) /* of all their values */
#define BLOCKS_MAX 16         /* blocks that stay prepared */
#define REQUIRED 30000        /* error numbers of blocks: this and the code */

/* A statement that is held back. Its values are copies; it has no context. */
struct held {
	struct call call;
	struct tenant tenant;
	enum err_code code; /* of a requirement that is not so; else ERR_OK */
};

/* A block that is prepared: what it is made of, and its slots of each. */
struct block {
	struct prepared *ps; /* NULL: none */
	bool starts, commits;
	unsigned n;
	struct part {
		enum stmt st;
		unsigned times, nslots;
		enum err_code code;
	} parts[HELD_MAX];
	struct buf name; /* of ps */
	uint64_t used;
};

struct deferral {
	bool on;
	bool fresh;   /* on a connection that was made for it */
	bool started; /* START TRANSACTION has been sent */
	unsigned n;
	struct held list[HELD_MAX];
	struct arena *values; /* NULL: none yet */
	struct block blocks[BLOCKS_MAX];
	uint64_t clock;
};

struct db {
	const struct conf *conf;
	enum db_role role;
	MYSQL *mysql;  /* NULL: not connected */
	pid_t pid;     /* of the process that connected */
	bool bulk;     /* array binding */
	bool compound; /* compound statements */
	bool lost;     /* to be given up before the next use */
	bool again;    /* what failed may be tried on a new connection */
	bool in_tx;
	bool snapshot;        /* in_tx, of db_snapshot */
	enum err_code tx_err; /* the transaction is gone already, by this */
	void *owner;
	db_ended *ended;
	struct db_rows rows;
	struct deferral deferral;
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

/* exec.c */

/* ERR_NO_CONTEXT unless ctx has what the scope of the statement takes. */
MUST_CHECK enum err_code call_check(const struct call *c, struct err *e);

/* deferred.c: nothing of it does anything where deferral.on is false. */

/* Begins a deferred transaction on a connection that stands; `fresh`: that was
 * just made. Nothing is sent. */
void deferral_begin(struct db *db, bool fresh);

/* Forgets what is held back, wiped; `end`: the transaction is over. */
void deferral_end(struct db *db);

/* Whether a call that gives nothing back is to be held back: true, and it is
 * done, or *err_out says what happened. `code`: see db_require. */
bool deferral_takes(struct db *db, const struct call *c, enum err_code code,
    enum err_code *err_out, struct err *e);

/* Sends what is held back. An error of it ends the transaction. */
MUST_CHECK enum err_code deferral_flush(struct db *db, struct err *e);

/* The same with COMMIT. *undone_out on an error: nothing was committed, and the
 * transaction is to be rolled back. */
MUST_CHECK enum err_code deferral_commit(
    struct db *db, bool *undone_out, struct err *e);

/* For a body that has failed by `why`, *e: looks whether what it required was
 * so, and returns the error that counts. */
MUST_CHECK enum err_code deferral_fail(
    struct db *db, enum err_code why, struct err *e);

/* Closes what is prepared, with the connection. */
void deferral_drop(struct deferral *d);

/* prepared.c */

/* A zeroed array, for free(3); n may be 0. Aborts when memory is out. */
void *prepared_alloc(size_t n, size_t size);

/* Prepares on the standing connection, unless that was done before. */
MUST_CHECK enum err_code prepared_get(
    struct db *db, const struct call *c, struct prepared **out, struct err *e);
void prepared_free(struct prepared **ps);

/* Prepares a plan; `name` must live as long as *out. */
MUST_CHECK enum err_code prepared_make(struct db *db, const struct plan *plan,
    const char *name, struct prepared **out, struct err *e);

/* Binds values: args then list, in the order of the slots; a list that is
 * shorter than its slots is filled up with its last value. */
void prepared_bind(struct prepared *ps, const struct call *c);

/* The same for n slots from `first` on, where ps has those of several calls;
 * `tenant` must live until it is run, and c's context is not looked at. */
void prepared_bind_some(struct prepared *ps, unsigned first, unsigned n,
    const struct tenant *tenant, const struct call *c);

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
