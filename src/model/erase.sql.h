/* Erasing an account: of each tenant's table some rows at a time, by the list
 * of tables, ERASE_table; then of the server's tables that name accounts. */
#define TABLE(name, owner) ERASE_OF_##owner(name)
#define TABLE_APPEND(name, owner)
#define TABLE_READ(name, owner)
#define ERASE_OF_SERVER(name)
#define ERASE_OF_ACCOUNT(name)       \
	STMT(ERASE_##name, ACCOUNT, \
	    "DELETE FROM " #name " WHERE account_id = :account LIMIT 5000")
#define ERASE_OF_WORKSPACE(name)       \
	STMT(ERASE_##name, WORKSPACE, \
	    "DELETE FROM " #name " WHERE workspace_id = :workspace LIMIT 5000")
#include "tbl/tables.h"
#undef TABLE
#undef TABLE_APPEND
#undef TABLE_READ
#undef ERASE_OF_SERVER
#undef ERASE_OF_ACCOUNT
#undef ERASE_OF_WORKSPACE
STMT(ERASE_QUEUE, ACCOUNT,
    "DELETE FROM job_queue WHERE account_id = :account LIMIT 5000")
STMT(ERASE_SHARE, ACCOUNT,
    "DELETE FROM job_share WHERE account_id = :account LIMIT 5000")
STMT(ERASE_SEARCH_DUE, ACCOUNT,
    "DELETE FROM search_due WHERE account_id = :account LIMIT 5000")
STMT(ERASE_API_KEYS, ACCOUNT,
    "DELETE FROM api_key WHERE account_id = :account LIMIT 5000")
STMT(ERASE_SESSIONS, ACCOUNT,
    "DELETE FROM session WHERE account_id = :account LIMIT 5000")
STMT(ERASE_ORIGINS, ACCOUNT,
    "DELETE FROM workspace_origin WHERE account_id = :account LIMIT 5000")
/* Waits for the writers at work, who hold the row shared. */
STMT(ERASE_MARK, ACCOUNT,
    "UPDATE account LEFT JOIN workspace ON workspace.account_id = account.id"
    " SET erased_at = ?, key_epoch = key_epoch + 1,"
    " generation = " GENERATION_NEXT
    " WHERE account.id = :account AND erased_at IS NULL")
STMT(ERASE_ACCOUNT, SERVER,
    "DELETE FROM account WHERE id = ? AND erased_at IS NOT NULL")
STMT(ERASE_COUNT_CUSTOMERS, WORKSPACE,
    "SELECT COUNT(*) FROM customer WHERE workspace_id = :workspace")
STMT(ERASE_COUNT_USERS, ACCOUNT,
    "SELECT COUNT(*) FROM user WHERE account_id = :account")
