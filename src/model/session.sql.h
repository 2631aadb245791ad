STMT(SESSION_CUSTOMER, WORKSPACE,
    "SELECT seq, uuid FROM customer"
    " WHERE workspace_id = :workspace AND uuid = ? LOCK IN SHARE MODE")
STMT(SESSION_INSERT, WORKSPACE,
    "INSERT INTO session (digest, handle, account_id, workspace_id, seq,"
    " customer, api_key, created_at, seen_at, expires_at)"
    " VALUES (?, ?, :account, :workspace, ?, ?, ?, ?, ?, ?)")
STMT(SESSION_BY_HANDLE, WORKSPACE,
    "SELECT customer FROM session WHERE handle = ?"
    " AND account_id = :account AND workspace_id = :workspace FOR UPDATE")
STMT(SESSION_BY_DIGEST, SERVER,
    "SELECT session.digest, session.handle, session.account_id,"
    " session.workspace_id, session.customer, session.seen_at,"
    " session.expires_at, account.code, account.key_epoch, workspace.uuid,"
    " workspace.schema_version, workspace.layout, workspace.convert_job"
    " FROM session JOIN account ON account.id = session.account_id"
    " JOIN workspace ON workspace.id = session.workspace_id"
    " WHERE session.digest = ? AND account.erased_at IS NULL")
/* Never back: of two requests the later one stands. */
STMT(SESSION_SEEN, SERVER,
    "UPDATE session SET seen_at = ? WHERE digest = ? AND seen_at < ?")
STMT(SESSION_DELETE, WORKSPACE,
    "DELETE FROM session WHERE handle = ?"
    " AND account_id = :account AND workspace_id = :workspace")
STMT(SESSION_SWEEP_EXPIRED, SERVER,
    "DELETE FROM session WHERE expires_at < ? ORDER BY expires_at LIMIT 1000")
STMT(SESSION_SWEEP_IDLE, SERVER,
    "DELETE FROM session WHERE seen_at < ? ORDER BY seen_at LIMIT 1000")
