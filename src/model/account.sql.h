STMT(ACCOUNT_INSERT, SERVER,
    "INSERT INTO account (code, name, key_epoch, created_at)"
    " VALUES (?, ?, 1, ?)")
/* An account that is being erased is one that is not there, but for its
 * eraser and for whoever wants its code. */
STMT(ACCOUNT_BY_CODE, SERVER,
    "SELECT id FROM account WHERE code = ? AND erased_at IS NULL")
STMT(ACCOUNT_ANY_BY_CODE, SERVER,
    "SELECT id, erased_at, name FROM account WHERE code = ?")
STMT(ACCOUNT_BY_ID, SERVER,
    "SELECT key_epoch, code FROM account WHERE id = ? AND erased_at IS NULL")
/* The same within a writer's transaction: the epoch cannot move before its
 * COMMIT. */
STMT(ACCOUNT_BY_ID_SHARED, SERVER,
    "SELECT key_epoch, code FROM account WHERE id = ? AND erased_at IS NULL"
    " LOCK IN SHARE MODE")
/* The same with the version of a workspace's fields, which cannot move either:
 * for writers of customers. The account's row first, as always. */
STMT(ACCOUNT_HOLD, WORKSPACE,
    "SELECT a.key_epoch, a.code, w.schema_version FROM account a"
    " STRAIGHT_JOIN workspace w ON w.account_id = a.id"
    " WHERE a.id = :account AND a.erased_at IS NULL AND w.id = :workspace"
    " AND w.account_id = :account LOCK IN SHARE MODE")
/* The same where the caller knows them: no row if one is another. */
STMT(ACCOUNT_REQUIRE, WORKSPACE,
    "SELECT a.id FROM account a STRAIGHT_JOIN workspace w"
    " ON w.account_id = a.id WHERE a.id = :account AND a.erased_at IS NULL"
    " AND a.key_epoch = ? AND w.id = :workspace AND w.account_id = :account"
    " AND w.schema_version = ? LOCK IN SHARE MODE")
STMT(ACCOUNT_LIST, SERVER,
    "SELECT code, name FROM account WHERE erased_at IS NULL ORDER BY code")
STMT(ACCOUNT_LIST_ERASED, SERVER,
    "SELECT code FROM account WHERE erased_at IS NOT NULL ORDER BY code")
/* For those who walk the accounts, some at a time. */
STMT(ACCOUNT_AFTER, SERVER,
    "SELECT id, code FROM account WHERE id > ? AND erased_at IS NULL"
    " ORDER BY id LIMIT 100")
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
/* Under another master key, unless somebody was faster. */
STMT(ACCOUNT_KEY_REWRAP, ACCOUNT,
    "UPDATE account_key SET master_id = ?, wrapped = ?"
    " WHERE account_id = :account AND kind = ? AND version = ?"
    " AND master_id = ?")
STMT(ACCOUNT_KEY_UNDER, ACCOUNT,
    "SELECT kind, version FROM account_key"
    " WHERE account_id = :account AND master_id = ?"
    " AND retired_at IS NULL LIMIT 1")
/* The new count is the statement's generated key. */
STMT(ACCOUNT_KEY_SEALED, ACCOUNT,
    "UPDATE account_key SET sealed = LAST_INSERT_ID(sealed + ?)"
    " WHERE account_id = :account AND kind = ? AND version = ?")
STMT(ACCOUNT_KEY_USE, ACCOUNT,
    "SELECT kind, version, sealed, master_id, created_at FROM account_key"
    " WHERE account_id = :account AND retired_at IS NULL"
    " ORDER BY kind, version")
