#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "db/internal.h"

#define TRIES 5
#define PAUSE_MS 20
#define PAUSE_MAX_MS 1000

/* How long a lost COMMIT is asked after while the server is away. */
#define PROBES 8

static void
pause_before(unsigned attempt)
{
	uint32_t r;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		abort();
	poll(
	    NULL, 0, (int)clock_backoff_ms(PAUSE_MS, PAUSE_MAX_MS, attempt, r));
}

bool
db_in_transaction(const struct db *db)
{
	return db->in_tx && !db->snapshot;
}

bool
db_in_snapshot(const struct db *db)
{
	return db->in_tx && db->snapshot;
}

void
db_own(struct db *db, void *owner, db_ended *ended)
{
	db->owner = owner;
	db->ended = ended;
}

void *
db_owner(const struct db *db)
{
	return db->owner;
}

static void
tell_end(struct db *db, enum db_end how)
{
	db->in_tx = false;
	if (db->ended)
		db->ended(db->owner, how);
}

static enum err_code
start(struct db *db, bool snapshot, struct err *e)
{
	enum err_code err = conn_ready(db, e);

	if (!err && !snapshot)
		return conn_run(db, "START TRANSACTION", e);
	if (!err)
		err = conn_run(
		    db, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", e);
	if (!err)
		err = conn_run(db,
		    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", e);
	return err;
}

/* A connection that turns out to be gone is made anew, once. */
static enum err_code
begin(struct db *db, bool snapshot, struct err *e)
{
	bool fresh = !db->mysql;
	enum err_code err = start(db, snapshot, e);

	if (err == ERR_UNAVAILABLE && db->lost && !fresh)
		err = start(db, snapshot, e);
	db->in_tx = !err;
	db->snapshot = !err && snapshot;
	db->tx_err = ERR_OK;
	return err;
}

/* After a loss there is nothing to roll back: the server has done so. */
static void
roll_back(struct db *db)
{
	struct err ignored;

	assert(!db->rows.open);
	if (!db->lost && conn_run(db, "ROLLBACK", &ignored))
		db->lost = true;
	tell_end(db, DB_ROLLED_BACK);
}

/* Asks `done` until it knows; ERR_RETRY if the transaction did not happen. */
static enum err_code
ask(struct db *db, db_body *done, void *arg, struct err *e)
{
	enum err_code err = ERR_UNAVAILABLE;
	unsigned i;

	for (i = 0; i < PROBES && err == ERR_UNAVAILABLE; i++) {
		if (i)
			pause_before(i);
		err = done(db, arg, e);
	}
	if (err != ERR_NOT_FOUND)
		return err;
	return err_fault(e, ERR_RETRY, "the transaction was lost in COMMIT");
}

/* Only a plain call for a retry says that nothing was committed; after any
 * other failure nobody knows, which is noted in *doubted. */
static enum err_code
commit(struct db *db, db_body *done, void *arg, bool *doubted, struct err *e)
{
	enum err_code err;

	assert(!db->rows.open);
	err = conn_run(db, "COMMIT", e);
	if (err == ERR_RETRY) {
		roll_back(db);
		return err;
	}
	tell_end(db, err ? DB_IN_DOUBT : DB_COMMITTED);
	if (!err)
		return ERR_OK;
	db->lost = true;
	*doubted = true;
	if (done)
		return ask(db, done, arg, e);
	return err_fault(e, ERR_UNAVAILABLE, "connection lost in COMMIT");
}

static enum err_code
try_once(struct db *db, db_body *body, db_body *done, void *arg, bool *doubted,
    struct err *e)
{
	enum err_code err = begin(db, false, e);

	if (err)
		return err;
	err = body(db, arg, e);
	if (!err && db->tx_err)
		err = err_fault(e, db->tx_err,
		    "the transaction had ended before its COMMIT");
	if (!err)
		return commit(db, done, arg, doubted, e);
	roll_back(db);
	return err;
}

enum err_code
db_transaction(
    struct db *db, db_body *body, db_body *done, void *arg, struct err *e)
{
	enum err_code err = ERR_RETRY;
	bool doubted = false;
	unsigned i;

	assert(!db->in_tx);
	for (i = 0; i < TRIES && err == ERR_RETRY; i++) {
		if (i)
			pause_before(i);
		err = try_once(db, body, done, arg, &doubted, e);
	}
	/* The COMMIT that was in doubt came through after `done` was asked. */
	if (doubted && done && (err == ERR_DUPLICATE || err == ERR_CONFLICT) &&
	    done(db, arg, &(struct err){.code = ERR_OK}) == ERR_OK)
		return ERR_OK;
	return err;
}

enum err_code
db_snapshot(struct db *db, db_body *body, void *arg, struct err *e)
{
	struct err ignored;
	enum err_code err;

	assert(!db->in_tx);
	err = begin(db, true, e);
	if (err)
		return err;
	err = body(db, arg, e);
	if (db->rows.open) {
		assert(err);
		db->rows.open = false;
		db->lost = true;
	}
	if (!db->lost && conn_run(db, "COMMIT", &ignored))
		db->lost = true;
	db->in_tx = db->snapshot = false;
	return err;
}
