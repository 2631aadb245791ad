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
	deferral_end(db);
	if (db->ended)
		db->ended(db->owner, how);
}

enum kind { TX_PLAIN, TX_DEFERRED, TX_SNAPSHOT };

static enum err_code
start(struct db *db, enum kind kind, struct err *e)
{
	bool fresh = !db->mysql || db->lost;
	enum err_code err = conn_ready(db, e);

	if (!err && kind == TX_DEFERRED && db->compound) {
		deferral_begin(db, fresh);
		return ERR_OK;
	}
	if (!err && kind != TX_SNAPSHOT)
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
begin(struct db *db, enum kind kind, struct err *e)
{
	bool fresh = !db->mysql;
	enum err_code err = start(db, kind, e);

	if (err == ERR_UNAVAILABLE && db->lost && !fresh)
		err = start(db, kind, e);
	db->in_tx = !err;
	db->snapshot = !err && kind == TX_SNAPSHOT;
	db->tx_err = ERR_OK;
	return err;
}

/* After a loss there is nothing to roll back: the server has done so. */
static void
roll_back(struct db *db)
{
	bool sent = !db->deferral.on || db->deferral.started;
	struct err ignored;

	assert(!db->rows.open);
	if (sent && !db->lost && conn_run(db, "ROLLBACK", &ignored))
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

/* Only a plain call for a retry says that nothing was committed. */
static enum err_code
send_commit(struct db *db, bool *undone_out, struct err *e)
{
	enum err_code err;

	if (db->deferral.on)
		return deferral_commit(db, undone_out, e);
	err = conn_run(db, "COMMIT", e);
	*undone_out = err == ERR_RETRY;
	return err;
}

/* Where COMMIT fails otherwise than undone nobody knows, which is noted in
 * *doubted. */
static enum err_code
commit(struct db *db, db_body *done, void *arg, bool *doubted, struct err *e)
{
	bool undone;
	enum err_code err;

	assert(!db->rows.open);
	err = send_commit(db, &undone, e);
	if (err && undone) {
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
try_once(struct db *db, enum kind kind, db_body *body, db_body *done, void *arg,
    bool *doubted, struct err *e)
{
	enum err_code err = begin(db, kind, e);

	if (err)
		return err;
	err = body(db, arg, e);
	if (!err && db->tx_err)
		err = err_fault(e, db->tx_err,
		    "the transaction had ended before its COMMIT");
	if (!err)
		return commit(db, done, arg, doubted, e);
	err = deferral_fail(db, err, e);
	roll_back(db);
	return err;
}

static enum err_code
run(struct db *db, enum kind kind, db_body *body, db_body *done, void *arg,
    struct err *e)
{
	enum err_code err = ERR_RETRY;
	bool doubted = false;
	unsigned i;

	assert(!db->in_tx);
	for (i = 0; i < TRIES && err == ERR_RETRY; i++) {
		if (i)
			pause_before(i);
		err = try_once(db, kind, body, done, arg, &doubted, e);
	}
	/* The COMMIT that was in doubt came through after `done` was asked. */
	if (doubted && done && (err == ERR_DUPLICATE || err == ERR_CONFLICT) &&
	    done(db, arg, &(struct err){.code = ERR_OK}) == ERR_OK)
		return ERR_OK;
	return err;
}

enum err_code
db_transaction(
    struct db *db, db_body *body, db_body *done, void *arg, struct err *e)
{
	return run(db, TX_PLAIN, body, done, arg, e);
}

enum err_code
db_transaction_deferred(
    struct db *db, db_body *body, db_body *done, void *arg, struct err *e)
{
	return run(db, TX_DEFERRED, body, done, arg, e);
}

enum err_code
db_snapshot(struct db *db, db_body *body, void *arg, struct err *e)
{
	struct err ignored;
	enum err_code err;

	assert(!db->in_tx);
	err = begin(db, TX_SNAPSHOT, e);
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
