STMT(IDEMPOTENCY_FIND, ACCOUNT,
    "SELECT content_digest, status, answer FROM idempotency"
    " WHERE account_id = :account AND user_id = ? AND route = ?"
    " AND key_digest = ? AND expires_at > ?")
STMT(IDEMPOTENCY_EXPIRE, ACCOUNT,
    "DELETE FROM idempotency WHERE account_id = :account AND user_id = ?"
    " AND route = ? AND key_digest = ? AND expires_at <= ?")
STMT(IDEMPOTENCY_INSERT, ACCOUNT,
    "INSERT INTO idempotency (account_id, user_id, route, key_digest,"
    " content_digest, status, answer, expires_at)"
    " VALUES (:account, ?, ?, ?, ?, ?, ?, ?)")
STMT(IDEMPOTENCY_REPLACE, ACCOUNT,
    "UPDATE idempotency SET status = ?, answer = ?"
    " WHERE account_id = :account AND user_id = ? AND route = ?"
    " AND key_digest = ? AND content_digest = ?")
STMT(IDEMPOTENCY_SWEEP, ACCOUNT,
    "DELETE FROM idempotency WHERE account_id = :account AND expires_at < ?"
    " LIMIT 1000")
