STMT(ACCOUNT_INSERT, SERVER,
    "INSERT INTO account (code, name, key_epoch, created_at)"
    " VALUES (?, ?, 1, ?)")
STMT(ACCOUNT_BY_CODE, SERVER,
    "SELECT id FROM account WHERE code = ?")
STMT(ACCOUNT_BY_ID, SERVER,
    "SELECT key_epoch, code FROM account WHERE id = ?")
/* The same within a writer's transaction: the epoch cannot move before its
 * COMMIT. */
STMT(ACCOUNT_BY_ID_SHARED, SERVER,
    "SELECT key_epoch, code FROM account WHERE id = ? LOCK IN SHARE MODE")
STMT(ACCOUNT_LIST, SERVER,
    "SELECT code, name FROM account ORDER BY code")
/* For those who walk the accounts, some at a time. */
STMT(ACCOUNT_AFTER, SERVER,
    "SELECT id, code FROM account WHERE id > ? ORDER BY id LIMIT 100")
STMT(ACCOUNT_KEY_INSERT, ACCOUNT,
    "INSERT INTO account_key"
    " (account_id, kind, version, master_id, wrapped, created_at)"
    " VALUES (:account, ?, ?, ?, ?, ?)")
STMT(ACCOUNT_KEY_LIST, ACCOUNT,
    "SELECT kind, version, master_id, wrapped FROM account_key"
    " WHERE account_id = :account AND retired_at IS NULL"
    " ORDER BY kind, version")
/* The same as of now, whatever the transaction's snapshot is. */
STMT(ACCOUNT_KEY_LIST_SHARED, ACCOUNT,
    "SELECT kind, version, master_id, wrapped FROM account_key"
    " WHERE account_id = :account AND retired_at IS NULL"
    " ORDER BY kind, version LOCK IN SHARE MODE")
