STMT(TRACE_PUT, ACCOUNT,
    "INSERT INTO trace (account_id, digest, kind, ref, expires_at)"
    " VALUES (:account, ?, ?, ?, ?)"
    " ON DUPLICATE KEY UPDATE expires_at = VALUES(expires_at)")
STMT(TRACE_ANY, ACCOUNT,
    "SELECT kind FROM trace WHERE account_id = :account AND kind = ? LIMIT 1")
STMT(TRACE_FIND, ACCOUNT,
    "SELECT kind, ref FROM trace"
    " WHERE account_id = :account AND digest IN (?...)")
STMT(TRACE_DELETE, ACCOUNT,
    "DELETE FROM trace WHERE account_id = :account AND digest IN (?...)")
STMT(TRACE_SWEEP, ACCOUNT,
    "DELETE FROM trace WHERE account_id = :account AND expires_at < ?"
    " LIMIT 1000")
STMT(TRACED_WORKSPACE, ACCOUNT,
    "SELECT uuid FROM workspace WHERE account_id = :account AND id = ?")
/* Profiles, to learn unique values from; see model/runs.h. */
STMT(TRACED_PROFILE_RANGE, WORKSPACE,
    "SELECT seq, uuid, revision, key_version, layout, profile FROM customer"
    " WHERE workspace_id = :workspace AND seq >= ? AND seq < ?")
STMT(TRACED_PROFILE_LIST, WORKSPACE,
    "SELECT seq, uuid, revision, key_version, layout, profile FROM customer"
    " WHERE workspace_id = :workspace AND seq IN (?...)")
/* Chunks that wait, and their subjects. */
STMT(TRACED_PENDING_ANY, WORKSPACE,
    "SELECT q.n FROM job_queue q JOIN job_chunk c"
    " ON c.account_id = q.account_id AND c.job = q.job AND c.n = q.n"
    " WHERE q.account_id = :account AND q.workspace_id = :workspace"
    " LIMIT 1")
STMT(TRACED_PENDING, WORKSPACE,
    "SELECT q.job, q.n, c.subjects, j.schema_version FROM job_queue q"
    " JOIN job_chunk c"
    " ON c.account_id = q.account_id AND c.job = q.job AND c.n = q.n"
    " JOIN job j ON j.account_id = q.account_id AND j.uuid = q.job"
    " WHERE q.account_id = :account AND q.workspace_id = :workspace"
    " ORDER BY q.job, q.n")
/* Kept rows that were judged by other fields than those of now. */
STMT(TRACED_STALE, WORKSPACE,
    "SELECT e.job, e.row_no, e.record FROM job j JOIN job_error e"
    " ON e.account_id = j.account_id AND e.job = j.uuid"
    " WHERE j.account_id = :account AND j.workspace_id = :workspace"
    " AND j.schema_version <> ?")
/* Whoever applies the chunk begins by deleting this row. */
STMT(TRACED_HOLD, ACCOUNT,
    "SELECT attempt FROM job_queue"
    " WHERE account_id = :account AND job = ? AND n = ? FOR UPDATE")
STMT(TRACED_CHUNK, ACCOUNT,
    "UPDATE job_chunk SET payload = ?, subjects = ?"
    " WHERE account_id = :account AND job = ? AND n = ?")
STMT(TRACED_ERROR, ACCOUNT,
    "DELETE FROM job_error"
    " WHERE account_id = :account AND job = ? AND row_no = ?")
STMT(TRACED_ANSWER, ACCOUNT,
    "DELETE FROM idempotency WHERE account_id = :account AND user_id = ?"
    " AND key_digest = ? AND route = ?")
