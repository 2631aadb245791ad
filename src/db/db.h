/*
 * The database: one connection, prepared statements by name, results row by
 * row. src/db is the only includer of mysql.h.
 *
 * Statements are rows of the registry (db/stmt.h). The markers :account and
 * :workspace in their text are bound here, from the context, and from nowhere
 * else: a statement on tenant rows cannot run without it (S16).
 */
#ifndef COFFER_DB_DB_H
#define COFFER_DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/conf.h"
#include "base/err.h"
#include "db/stmt.h"

/* Who acts, and where: what every tenant statement takes from here. Zero
 * means not bound. */
struct db_context {
	uint32_t account_id;
	uint32_t workspace_id;
	uint32_t user_id; /* the actor; 0 for the programs themselves */
	/* Who acts where that is no user, for the audit log: a member of JSON
	 * ("api_key":"UUID") of at most DB_AGENT_MAX bytes; NULL: nobody. */
	const char *agent;
};
#define DB_AGENT_MAX 64

/* A value for a marker or a cell of a bulk. Bytes are not copied: they live
 * as long as the call. */
enum db_type { DB_NULL, DB_INT, DB_BYTES };
struct db_val {
	enum db_type type;
	int64_t i;
	const void *p;
	size_t n;
};

static inline struct db_val
db_null(void)
{
	return (struct db_val){.type = DB_NULL};
}

static inline struct db_val
db_int(int64_t v)
{
	return (struct db_val){.type = DB_INT, .i = v};
}

static inline struct db_val
db_bytes(const void *p, size_t n)
{
	return (struct db_val){.type = DB_BYTES, .p = p, .n = n};
}

struct db_val db_str(const char *s); /* NULL becomes DB_NULL */

static inline struct db_val
db_uuid(const struct uuid *u)
{
	return db_bytes(u->b, UUID_LEN);
}

/* An array literal of values: DB_ARGS(db_int(1), db_str("x")) */
struct db_args {
	const struct db_val *v;
	size_t n;
};
#define DB_ARGS(...)                                            \
	((struct db_args){(const struct db_val[]){__VA_ARGS__}, \
	    sizeof(((const struct db_val[]){__VA_ARGS__})) /    \
	        sizeof(struct db_val)})
#define DB_NOARGS ((struct db_args){NULL, 0})

struct db; /* one connection and its prepared statements */

enum db_role { DB_APP, DB_OWNER }; /* rows only; may create tables */

/* A handle; it connects at first use and again after a loss. Never NULL; `c`
 * must outlive it. A host without TLS is refused, but for a Unix socket
 * (S37). */
struct db *db_new(const struct conf *c, enum db_role role);
void db_free(struct db **db);

/* Connects if need be, and makes sure that the server answers.
 * ERR_UNAVAILABLE if it does not. */
MUST_CHECK enum err_code db_ping(struct db *db, struct err *e);

/* Gives the connection up (after a fork, without disturbing the parent's
 * session, or when its state is in doubt). Not inside a transaction. */
void db_close(struct db *db);

/* Runs a statement that gives no rows. *affected_out (may be NULL) is the
 * number of rows changed, *id_out (may be NULL) a generated key.
 * Errors: ERR_NO_CONTEXT (an ACCOUNT statement needs ctx->account_id, a
 * WORKSPACE statement both ids), ERR_DUPLICATE (1062), ERR_RETRY (1213, 1205,
 * WSREP not ready), ERR_UNAVAILABLE (the connection is gone; outside a
 * transaction the statement may have taken place), ERR_DATABASE. A connection
 * found gone before the statement was sent is made anew; a SELECT is sent once
 * more. */
MUST_CHECK enum err_code db_exec(struct db *db, const struct db_context *ctx,
    enum stmt st, struct db_args args, uint64_t *affected_out, uint64_t *id_out,
    struct err *e);

/* Runs a statement that gives rows, which are then read one by one, unbuffered;
 * no other statement can run on this connection until db_done. */
struct db_rows;
MUST_CHECK enum err_code db_query(struct db *db, const struct db_context *ctx,
    enum stmt st, struct db_args args, struct db_rows **out, struct err *e);

/* The same for a statement with a list marker "IN (?...)", which must be its
 * last: list.n values (1 to DB_LIST_MAX) follow args. */
#define DB_LIST_MAX 500
MUST_CHECK enum err_code db_query_list(struct db *db,
    const struct db_context *ctx, enum stmt st, struct db_args args,
    struct db_args list, struct db_rows **out, struct err *e);

/* Runs a changing statement with a list marker, like db_exec. */
MUST_CHECK enum err_code db_exec_list(struct db *db,
    const struct db_context *ctx, enum stmt st, struct db_args args,
    struct db_args list, uint64_t *affected_out, struct err *e);

/* The next row: true if there is one. False at the end or on an error; db_done
 * tells which. */
bool db_next(struct db_rows *r);

/* Columns of the current row, by position from 0. Bytes live until the next
 * db_next or db_done and are followed by a NUL. NULL reads as 0 or as NULL
 * with length 0. db_get_int also reads a decimal such as a SUM, whole part;
 * the others assert that the column's type is theirs. */
int64_t db_get_int(struct db_rows *r, unsigned col);
const char *db_get_bytes(struct db_rows *r, unsigned col, size_t *n_out);
bool db_is_null(struct db_rows *r, unsigned col);
void db_get_uuid(struct db_rows *r, unsigned col, struct uuid *out);

/* Ends the reading (drains what is left) and says whether it went well to the
 * end. *r becomes NULL. */
MUST_CHECK enum err_code db_done(struct db_rows **r, struct err *e);

/* Exactly one row or ERR_NOT_FOUND: runs, fetches the first row into `take`
 * (which copies what it wants; NULL wants nothing), ends. */
typedef void db_take(struct db_rows *r, void *arg);
MUST_CHECK enum err_code db_one(struct db *db, const struct db_context *ctx,
    enum stmt st, struct db_args args, db_take *take, void *arg, struct err *e);

/* For db_one, where the row is one value: `arg` is where it goes. */
void db_take_int(struct db_rows *r, void *arg);  /* int64_t */
void db_take_u32(struct db_rows *r, void *arg);  /* uint32_t */
void db_take_u64(struct db_rows *r, void *arg);  /* uint64_t */
void db_take_uuid(struct db_rows *r, void *arg); /* struct uuid */

/* Inserts many rows by one "INSERT ... VALUES (...)" statement of the
 * registry: `cells` holds nrows * ncols values row by row (ncols: its `?`
 * markers). Array binding where the server has it and [database] bulk is on,
 * else multi-row statements; both give the same result. A duplicate is
 * ERR_DUPLICATE without saying which row. */
MUST_CHECK enum err_code db_bulk(struct db *db, const struct db_context *ctx,
    enum stmt st, const struct db_val *cells, size_t nrows, size_t ncols,
    struct err *e);

/* A transaction. `body` runs between START TRANSACTION and COMMIT; ERR_OK
 * commits, anything else rolls back. On ERR_RETRY it is run again, up to five
 * times with backoff and jitter, so body must start from scratch each time.
 * If the connection is lost during COMMIT, `done` (may be NULL) is asked on a
 * new connection whether the transaction took place: it returns ERR_OK for
 * yes, ERR_NOT_FOUND for no (the transaction is then run again); without it
 * ERR_UNAVAILABLE. If the run after it meets ERR_DUPLICATE or ERR_CONFLICT,
 * `done` is asked once more: the first COMMIT may have come through late, and
 * that is ERR_OK. When the server has ended the transaction already (deadlock,
 * loss), further statements of body fail by the same error, and the
 * transaction does too, whatever body returns for success. */
typedef enum err_code db_body(struct db *db, void *arg, struct err *e);
MUST_CHECK enum err_code db_transaction(
    struct db *db, db_body *body, db_body *done, void *arg, struct err *e);

/* The same, for bodies that change a few rows, with fewer waits for the
 * server: what gives nothing back (db_exec and db_exec_list without results,
 * db_bulk of a few rows, db_require) is held back, values copied, and sent in
 * its order behind START TRANSACTION as one compound statement, before the next
 * statement that gives something back or, together with COMMIT, when body
 * returns. So ERR_OK of such a call says nothing yet. The first error of
 * what was held back is that of the call that sends it, the transaction fails
 * by it whatever body makes of it, and nothing after it is done; at the end it
 * is the transaction's. Where body fails before its requirements were sent they
 * are looked at first, and the error of one goes before its own. Without
 * compound statements (MySQL; [database] compound = off) it is
 * db_transaction. */
MUST_CHECK enum err_code db_transaction_deferred(
    struct db *db, db_body *body, db_body *done, void *arg, struct err *e);

/* Requires a SELECT to give a row (locking it, if the SELECT does): otherwise
 * the error is `code`. In a deferred transaction that is told later. */
MUST_CHECK enum err_code db_require(struct db *db, const struct db_context *ctx,
    enum stmt st, struct db_args args, enum err_code code, struct err *e);

/* True inside db_transaction and db_transaction_deferred. */
bool db_in_transaction(const struct db *db);

/* Reads: every statement of body sees the data as they were at its start, and
 * none of them locks or changes anything. Body runs once; its error is given
 * back, and with one it may leave a reading open: the connection is then given
 * up. Not inside a transaction. */
MUST_CHECK enum err_code db_snapshot(
    struct db *db, db_body *body, void *arg, struct err *e);

/* True inside db_snapshot. */
bool db_in_snapshot(const struct db *db);

/* Whose handle this is: `owner` comes back from db_owner, and `ended` is told
 * of the end of each run of a transaction's body, before `done` is asked and
 * before it is run again. In doubt: COMMIT was sent and nobody knows. */
enum db_end { DB_COMMITTED, DB_ROLLED_BACK, DB_IN_DOUBT };
typedef void db_ended(void *owner, enum db_end how);
void db_own(struct db *db, void *owner, db_ended *ended);
void *db_owner(const struct db *db);

#endif
