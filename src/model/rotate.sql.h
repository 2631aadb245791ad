STMT(ROTATE_LOCK, SERVER,
    "SELECT key_epoch FROM account WHERE id = ? FOR UPDATE")
/* Of all its workspaces, after the account's row, as always. */
STMT(ROTATE_EPOCH, ACCOUNT,
    "UPDATE account LEFT JOIN workspace ON workspace.account_id = account.id"
    " SET key_epoch = key_epoch + 1, generation = " GENERATION_NEXT
    " WHERE account.id = :account")
STMT(ROTATE_NEWEST, ACCOUNT,
    "SELECT MAX(version) FROM account_key"
    " WHERE account_id = :account AND kind = ?")
STMT(ROTATE_RETIRE, ACCOUNT,
    "UPDATE account_key SET wrapped = '', retired_at = ?"
    " WHERE account_id = :account AND kind = ? AND version < ?"
    " AND retired_at IS NULL")
STMT(ROTATE_RUNNING, ACCOUNT,
    "SELECT COUNT(*) FROM job WHERE account_id = :account"
    " AND operation IN ('rotate', 'reindex')"
    " AND state IN ('queued', 'running')")
/* Digests of a field that becomes unique are being made (model/field_change.h).
 */
STMT(ROTATE_CONVERTING, ACCOUNT,
    "SELECT COUNT(*) FROM workspace"
    " WHERE account_id = :account AND convert_job IS NOT NULL")
STMT(ROTATE_PLACE, WORKSPACE,
    "SELECT next_position,"
    " (SELECT CAST(COALESCE(SUM(live), 0) AS SIGNED) FROM segment_bucket"
    " WHERE workspace_id = :workspace AND segment_id = 0 AND level = 1)"
    " FROM segment WHERE workspace_id = :workspace AND id = 0")
/* A digest under the coming index key; a writer may have been faster. */
STMT(ROTATE_DIGEST, WORKSPACE,
    "INSERT INTO customer_unique"
    " (workspace_id, field_id, digest, seq, version)"
    " VALUES (:workspace, ?, ?, ?, ?)"
    " ON DUPLICATE KEY UPDATE version = VALUES(version)")
STMT(ROTATE_DROP, WORKSPACE,
    "DELETE FROM customer_unique WHERE workspace_id = :workspace"
    " AND seq >= ? AND seq < ? AND version < ?")
