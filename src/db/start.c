/* START TRANSACTION without a round trip of its own. The server answers in the
 * order of asking; libmariadb can send a text and read its answer later
 * (mysql_send_query), but sends and reads prepared statements at once, by the
 * functions that its public struct st_mariadb_methods names. */
#include <assert.h>
#include <string.h>

#include "db/internal.h"

#define START "START TRANSACTION"

/* While a SELECT is sent behind START TRANSACTION: the library's own methods,
 * and whether the transaction has begun. */
static const struct st_mariadb_methods *own;
static struct st_mariadb_methods both;
static bool begun;

static int
read_both(MYSQL *m)
{
	m->methods = own;
	if (mysql_read_query_result(m))
		return 1;
	begun = true;
	return own->db_read_stmt_result(m);
}

static enum err_code
start_error(struct db *db, struct err *e)
{
	return conn_error(
	    db, START, mysql_errno(db->mysql), mysql_sqlstate(db->mysql), e);
}

enum err_code
conn_send_start(struct db *db, struct err *e)
{
	assert(!db->starting);
	if (mysql_send_query(db->mysql, START, strlen(START)))
		return start_error(db, e);
	db->starting = true;
	return ERR_OK;
}

enum err_code
conn_started(struct db *db, struct err *e)
{
	enum err_code err;

	if (!db->starting)
		return ERR_OK;
	db->starting = false;
	if (!mysql_read_query_result(db->mysql))
		return ERR_OK;
	err = start_error(db, e);
	db->tx_err = err;
	db->unstarted = db->lost && !db->fresh;
	return err;
}

/* If the start has failed, the answer to the SELECT is still to come: the
 * connection is given up. */
int
conn_select(struct db *db, MYSQL_STMT *st)
{
	int failed;

	if (!db->starting)
		return mysql_stmt_execute(st);
	own = db->mysql->methods;
	both = *own;
	both.db_read_stmt_result = read_both;
	begun = false;
	db->mysql->methods = &both;
	failed = mysql_stmt_execute(st);
	db->mysql->methods = own;
	db->starting = false;
	if (!begun) {
		db->lost = true;
		db->unstarted = !db->fresh;
	}
	return failed;
}
