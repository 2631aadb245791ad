STMT(JOB_INSERT, WORKSPACE,
    "INSERT INTO job (account_id, uuid, workspace_id, operation, state,"
    " segment_id, user_id, on_existing, columns, row_count, chunks_left,"
    " attempts, first_seq, first_position, created_at, started_at,"
    " finished_at, step, detail, schema_version)"
    " VALUES (:account, ?, :workspace, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
    " ?, ?, ?, ?)")
STMT(JOB_FIND, ACCOUNT,
    "SELECT uuid, workspace_id, operation, state, segment_id, user_id,"
    " on_existing, columns, row_count, processed, succeeded, failed,"
    " chunks_left, attempts, first_seq, first_position, created_at,"
    " started_at, finished_at, step, detail, schema_version"
    " FROM job WHERE account_id = :account AND uuid = ?")
STMT(JOB_LIST, ACCOUNT,
    "SELECT uuid, operation, state, row_count, succeeded, failed, created_at"
    " FROM job WHERE account_id = :account ORDER BY created_at DESC LIMIT 100")
STMT(JOB_PLACE, WORKSPACE,
    "SELECT w.uuid FROM workspace w JOIN segment s ON s.workspace_id = w.id"
    " WHERE w.account_id = :account AND w.id = :workspace"
    " AND s.workspace_id = :workspace AND s.id = ?")
STMT(JOB_USER, ACCOUNT,
    "SELECT disabled_at FROM user WHERE account_id = :account AND id = ?")
STMT(JOB_START, ACCOUNT,
    "UPDATE job SET state = IF(state = 'queued', 'running', state),"
    " started_at = COALESCE(started_at, ?), attempts = GREATEST(attempts, ?)"
    " WHERE account_id = :account AND uuid = ?")
STMT(JOB_COUNT, ACCOUNT,
    "UPDATE job SET state = IF(chunks_left > 1, state,"
    " IF(failed + ? > 0, 'completed_with_errors', 'completed')),"
    " finished_at = IF(chunks_left > 1, NULL, ?),"
    " processed = processed + ?, succeeded = succeeded + ?,"
    " failed = failed + ?, chunks_left = chunks_left - 1"
    " WHERE account_id = :account AND uuid = ? AND chunks_left > 0"
    " AND state IN ('queued', 'running')")
STMT(JOB_FAIL, ACCOUNT,
    "UPDATE job SET state = 'failed', finished_at = ?"
    " WHERE account_id = :account AND uuid = ?"
    " AND state IN ('queued', 'running')")
STMT(JOB_QUEUE_INSERT, WORKSPACE,
    "INSERT INTO job_queue (account_id, job, n, workspace_id, attempt, owner,"
    " available_at, kind) VALUES (:account, ?, ?, :workspace, ?, ?, ?, ?)")
STMT(JOB_QUEUE_NEXT, SERVER,
    "SELECT account_id, job, n, workspace_id, attempt, faults, available_at,"
    " kind"
    " FROM job_queue ORDER BY available_at LIMIT 8")
STMT(JOB_QUEUE_CLAIM, SERVER,
    "UPDATE job_queue SET attempt = attempt + 1, owner = ?, available_at = ?"
    " WHERE account_id = ? AND job = ? AND n = ? AND attempt = ?")
STMT(JOB_QUEUE_OWNERS, SERVER,
    "SELECT DISTINCT owner FROM job_queue WHERE owner >= ? AND owner < ?")
STMT(JOB_QUEUE_OWNED, SERVER,
    "SELECT account_id, job, n, attempt FROM job_queue WHERE owner = ?")
STMT(JOB_QUEUE_FREE, SERVER,
    "UPDATE job_queue SET owner = '', available_at = ?,"
    " faults = faults + ?"
    " WHERE account_id = ? AND job = ? AND n = ? AND owner = ?"
    " AND attempt = ?")
STMT(JOB_QUEUE_FENCE, ACCOUNT,
    "DELETE FROM job_queue WHERE account_id = :account AND job = ? AND n = ?"
    " AND owner = ? AND attempt = ?")
STMT(JOB_QUEUE_MARK, ACCOUNT,
    "SELECT attempt FROM job_queue"
    " WHERE account_id = :account AND job = ? AND n = ?")
STMT(JOB_QUEUE_CLEAR, ACCOUNT,
    "DELETE FROM job_queue WHERE account_id = :account AND job = ?")
STMT(JOB_CHUNK_INSERT, ACCOUNT,
    "INSERT INTO job_chunk (account_id, job, n, row_count, payload)"
    " VALUES (:account, ?, ?, ?, ?)")
STMT(JOB_CHUNK_READ, ACCOUNT,
    "SELECT payload FROM job_chunk"
    " WHERE account_id = :account AND job = ? AND n = ?")
STMT(JOB_CHUNK_DELETE, ACCOUNT,
    "DELETE FROM job_chunk WHERE account_id = :account AND job = ? AND n = ?")
STMT(JOB_CHUNK_CLEAR, ACCOUNT,
    "DELETE FROM job_chunk WHERE account_id = :account AND job = ?")
STMT(JOB_ERROR_INSERT, ACCOUNT,
    "INSERT INTO job_error (account_id, job, row_no, line, field, code,"
    " record, expires_at) VALUES (:account, ?, ?, ?, ?, ?, ?, ?)")
STMT(JOB_ERROR_LIST, ACCOUNT,
    "SELECT row_no, line, field, code FROM job_error"
    " WHERE account_id = :account AND job = ? ORDER BY row_no LIMIT ?")
STMT(JOB_ERROR_RECORDS, ACCOUNT,
    "SELECT row_no, field, code, record FROM job_error"
    " WHERE account_id = :account AND job = ? ORDER BY row_no")
STMT(JOB_SWEEP_ERRORS, ACCOUNT,
    "DELETE FROM job_error WHERE account_id = :account AND expires_at < ?"
    " LIMIT 1000")
STMT(JOB_SWEEP_ANSWERS, ACCOUNT,
    "DELETE FROM idempotency WHERE account_id = :account AND expires_at < ?"
    " LIMIT 1000")
STMT(JOB_SWEEP_TOKENS, ACCOUNT,
    "DELETE FROM refresh_token WHERE account_id = :account"
    " AND expires_at < ? LIMIT 1000")
