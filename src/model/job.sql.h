/* What job_take (model/job_row.h) reads, in its order. */
#define JOB_COLUMNS \
	"job.uuid, job.workspace_id, job.operation, job.state," \
	" job.segment_id, job.user_id, job.on_existing, job.columns," \
	" job.row_count, job.processed, job.succeeded, job.failed," \
	" job.chunks_left, job.attempts, job.first_seq, job.first_position," \
	" job.created_at, job.started_at, job.finished_at, job.step," \
	" job.detail, job.schema_version"
/* Which jobs a list has: times, status, operation, before a place. */
#define JOB_LISTED \
	" AND job.created_at > ? AND job.created_at <= ?" \
	" AND (? = '' OR job.state = ?) AND (? = '' OR job.operation = ?)" \
	" AND (job.created_at < ? OR job.uuid < ?)"
#define JOB_NEWEST " ORDER BY job.created_at DESC, job.uuid DESC LIMIT 101"
STMT(JOB_INSERT, WORKSPACE,
    "INSERT INTO job (account_id, uuid, workspace_id, operation, state,"
    " segment_id, user_id, on_existing, columns, row_count, chunks_left,"
    " attempts, first_seq, first_position, created_at, started_at,"
    " finished_at, step, detail, schema_version)"
    " VALUES (:account, ?, :workspace, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
    " ?, ?, ?, ?)")
STMT(JOB_FIND, ACCOUNT,
    "SELECT " JOB_COLUMNS
    " FROM job WHERE job.account_id = :account AND job.uuid = ?")
STMT(JOB_LIST_ACCOUNT, ACCOUNT,
    "SELECT " JOB_COLUMNS " FROM job FORCE INDEX (job_created)"
    " WHERE job.account_id = :account" JOB_LISTED JOB_NEWEST)
STMT(JOB_LIST_WORKSPACE, WORKSPACE,
    "SELECT " JOB_COLUMNS " FROM job FORCE INDEX (job_workspace)"
    " WHERE job.account_id = :account AND job.workspace_id = :workspace"
    JOB_LISTED JOB_NEWEST)
/* Those of workspaces where the user has one of the roles. */
STMT(JOB_LIST_USER, ACCOUNT,
    "SELECT " JOB_COLUMNS " FROM job FORCE INDEX (job_created)"
    " STRAIGHT_JOIN workspace w ON w.id = job.workspace_id"
    " STRAIGHT_JOIN user_role r ON r.workspace_id = w.id"
    " WHERE job.account_id = :account AND w.account_id = :account"
    JOB_LISTED " AND r.user_id = ? AND r.role IN (?...)" JOB_NEWEST)
STMT(JOB_PLACE, WORKSPACE,
    "SELECT w.uuid FROM workspace w JOIN segment s ON s.workspace_id = w.id"
    " WHERE w.account_id = :account AND w.id = :workspace"
    " AND s.workspace_id = :workspace AND s.id = ?")
STMT(JOB_USER, ACCOUNT,
    "SELECT disabled_at FROM user WHERE account_id = :account AND id = ?")
STMT(JOB_START, ACCOUNT,
    "UPDATE job SET state = IF(state = 'queued', 'running', state),"
    " started_at = COALESCE(started_at, ?), attempts = GREATEST(attempts, ?)"
    " WHERE account_id = :account AND uuid = ?"
    " AND state IN ('queued', 'running')")
STMT(JOB_COUNT, ACCOUNT,
    "UPDATE job SET state = IF(chunks_left > 1, state,"
    " IF(failed + ? > 0, 'completed_with_errors', 'completed')),"
    " finished_at = IF(chunks_left > 1, NULL, ?),"
    " processed = processed + ?, succeeded = succeeded + ?,"
    " failed = failed + ?, chunks_left = chunks_left - 1"
    " WHERE account_id = :account AND uuid = ? AND chunks_left > 0"
    " AND state IN ('queued', 'running')")
STMT(JOB_END, ACCOUNT,
    "UPDATE job SET state = ?, finished_at = ?, detail = COALESCE(?, detail)"
    " WHERE account_id = :account AND uuid = ?"
    " AND state IN ('queued', 'running')")
STMT(JOB_QUEUE_INSERT, WORKSPACE,
    "INSERT INTO job_queue (account_id, job, n, workspace_id, attempt, owner,"
    " available_at, kind, finish_tag, cost)"
    " VALUES (:account, ?, ?, :workspace, ?, ?, ?, ?, ?, ?)")
STMT(JOB_QUEUE_NEXT, SERVER,
    "SELECT account_id, job, n, workspace_id, attempt, faults, kind,"
    " finish_tag FROM job_queue FORCE INDEX (job_queue_turn)"
    " WHERE available_at <= ? AND kind < ? ORDER BY finish_tag LIMIT 8")
/* Of the same account: a chunk nearer to the front of its own job. */
STMT(JOB_QUEUE_SIBLING, SERVER,
    "SELECT account_id, job, n, workspace_id, attempt, faults, kind,"
    " finish_tag FROM job_queue WHERE account_id = ? AND n < ?"
    " AND available_at <= ? AND kind < ? ORDER BY n, finish_tag LIMIT 1")
STMT(JOB_QUEUE_TRADE, SERVER,
    "UPDATE job_queue SET finish_tag = ?"
    " WHERE account_id = ? AND job = ? AND n = ? AND attempt = ?"
    " AND finish_tag = ?")
/* Of each kind: jobs, those in hand, chunks that are in hand, due and waiting
 * for their time, and since when the oldest is due. */
STMT(JOB_QUEUE_STAT, SERVER,
    "SELECT kind, COUNT(DISTINCT job),"
    " COUNT(DISTINCT IF(owner <> '', job, NULL)),"
    " SUM(owner <> ''), SUM(owner = '' AND available_at <= ?),"
    " SUM(owner = '' AND available_at > ?),"
    " MIN(IF(owner = '', available_at, NULL))"
    " FROM job_queue GROUP BY kind")
STMT(JOB_QUEUE_WAIT, SERVER, "SELECT MIN(available_at) FROM job_queue")
/* The first of those that are in hand or due; the first of all. */
STMT(JOB_QUEUE_FRONT, SERVER,
    "SELECT finish_tag, cost FROM job_queue FORCE INDEX (job_queue_turn)"
    " WHERE finish_tag > 0 AND (owner <> '' OR available_at <= ?)"
    " ORDER BY finish_tag LIMIT 1")
STMT(JOB_QUEUE_FIRST, SERVER,
    "SELECT finish_tag, cost FROM job_queue FORCE INDEX (job_queue_turn)"
    " WHERE finish_tag > 0 ORDER BY finish_tag LIMIT 1")
STMT(JOB_SHARE_LAST, SERVER, "SELECT MAX(tail) FROM job_share")
STMT(JOB_SHARE_LOCK, ACCOUNT,
    "SELECT tail FROM job_share"
    " WHERE account_id = :account AND share = ? FOR UPDATE")
STMT(JOB_SHARE_SET, ACCOUNT,
    "INSERT INTO job_share (account_id, share, tail) VALUES (:account, ?, ?)"
    " ON DUPLICATE KEY UPDATE tail = VALUES(tail)")
STMT(JOB_SHARE_GIVE_BACK, ACCOUNT,
    "UPDATE job_share SET tail = tail - ?"
    " WHERE account_id = :account AND share = ?")
STMT(JOB_QUEUE_LOCK, ACCOUNT,
    "SELECT cost FROM job_queue"
    " WHERE account_id = :account AND job = ? FOR UPDATE")
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
    "INSERT INTO job_chunk (account_id, job, n, row_count, payload,"
    " subjects) VALUES (:account, ?, ?, ?, ?, ?)")
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
STMT(JOB_SWEEP_LIST, ACCOUNT,
    "SELECT uuid FROM job FORCE INDEX (job_finished)"
    " WHERE account_id = :account AND finished_at < ?"
    " ORDER BY finished_at LIMIT 100")
STMT(JOB_ERROR_CLEAR, ACCOUNT,
    "DELETE FROM job_error WHERE account_id = :account AND job = ? LIMIT 1000")
STMT(JOB_DELETE, ACCOUNT,
    "DELETE FROM job WHERE account_id = :account AND uuid = ?"
    " AND finished_at IS NOT NULL")
