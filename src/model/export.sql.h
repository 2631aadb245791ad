/* What take_export (model/export.c) reads, in its order. */
#define EXPORT_COLUMNS \
	"id, segment_id, code, state, spreadsheet_safe, job, api_key," \
	" members, written, bytes, sha256, message, started_at, finished_at," \
	" expires_at"
STMT(EXPORT_SEGMENT, WORKSPACE,
    "SELECT s.id, s.uuid, (SELECT CAST(COALESCE(SUM(live), 0) AS SIGNED)"
    " FROM segment_bucket WHERE workspace_id = :workspace"
    " AND segment_id = s.id AND level = 1)"
    " FROM segment s WHERE s.workspace_id = :workspace AND s.code = ?")
STMT(EXPORT_WAITING, WORKSPACE,
    "SELECT COUNT(*) FROM export FORCE INDEX (export_live)"
    " WHERE workspace_id = :workspace AND live = 1"
    " AND state IN ('queued', 'running')")
STMT(EXPORT_INSERT, WORKSPACE,
    "INSERT INTO export (workspace_id, id, segment_id, code, state, live,"
    " spreadsheet_safe, job, api_key, members)"
    " VALUES (:workspace, ?, ?, ?, 'queued', 1, ?, ?, ?, ?)")
STMT(EXPORT_FIND, WORKSPACE,
    "SELECT " EXPORT_COLUMNS " FROM export"
    " WHERE workspace_id = :workspace AND id = ?")
STMT(EXPORT_LOCK, WORKSPACE,
    "SELECT " EXPORT_COLUMNS " FROM export"
    " WHERE workspace_id = :workspace AND id = ? FOR UPDATE")
STMT(EXPORT_OF_JOB, WORKSPACE,
    "SELECT " EXPORT_COLUMNS " FROM export"
    " WHERE workspace_id = :workspace AND job = ?")
STMT(EXPORT_LIST_OLDER, WORKSPACE,
    "SELECT " EXPORT_COLUMNS " FROM export"
    " WHERE workspace_id = :workspace AND id < ? ORDER BY id DESC LIMIT ?")
STMT(EXPORT_LIST_NEWER, WORKSPACE,
    "SELECT " EXPORT_COLUMNS " FROM export"
    " WHERE workspace_id = :workspace AND id > ? ORDER BY id LIMIT ?")
STMT(EXPORT_CLAIM, ACCOUNT,
    "SELECT attempt FROM job_queue WHERE account_id = :account AND job = ?"
    " AND n = ? AND owner = ? AND attempt = ? FOR UPDATE")
STMT(EXPORT_RENEW, ACCOUNT,
    "UPDATE job_queue SET available_at = ? WHERE account_id = :account"
    " AND job = ? AND n = ? AND owner = ? AND attempt = ?")
STMT(EXPORT_START, WORKSPACE,
    "UPDATE export SET state = 'running', written = 0, members = ?,"
    " on_disk = 1, started_at = COALESCE(started_at, ?)"
    " WHERE workspace_id = :workspace AND id = ?"
    " AND state IN ('queued', 'running')")
STMT(EXPORT_STATE_HELD, WORKSPACE,
    "SELECT state FROM export WHERE workspace_id = :workspace AND id = ?"
    " LOCK IN SHARE MODE")
/* Waits for deletions that have come as far as this. */
STMT(EXPORT_WAIT_COUNTS, WORKSPACE,
    "SELECT bucket FROM segment_bucket WHERE workspace_id = :workspace"
    " AND segment_id = 0 AND level = 1 LOCK IN SHARE MODE")
STMT(EXPORT_WRITTEN, WORKSPACE,
    "UPDATE export SET written = ? WHERE workspace_id = :workspace AND id = ?"
    " AND state = 'running'")
STMT(EXPORT_JOB_WRITTEN, ACCOUNT,
    "UPDATE job SET processed = ?, row_count = ? WHERE account_id = :account"
    " AND uuid = ? AND state = 'running'")
STMT(EXPORT_DONE, WORKSPACE,
    "UPDATE export SET state = ?, live = ?, written = ?, bytes = ?,"
    " sha256 = ?, message = ?, finished_at = ?, expires_at = ?"
    " WHERE workspace_id = :workspace AND id = ?")
STMT(EXPORT_END, WORKSPACE,
    "UPDATE export SET state = ?, live = 0, message = ?, finished_at = ?"
    " WHERE workspace_id = :workspace AND job = ?"
    " AND state IN ('queued', 'running')")
STMT(EXPORT_LIVE, WORKSPACE,
    "SELECT id, state FROM export FORCE INDEX (export_live)"
    " WHERE workspace_id = :workspace AND live = 1"
    " AND state IN ('running', 'completed') ORDER BY id")
STMT(EXPORT_WITHDRAW, WORKSPACE,
    "UPDATE export SET state = 'withdrawn', live = 0, message = ?"
    " WHERE workspace_id = :workspace AND id = ? AND state = 'completed'")
STMT(EXPORT_BLOCK_INSERT, WORKSPACE,
    "INSERT INTO export_block (workspace_id, block, export_id, bits)"
    " VALUES (:workspace, ?, ?, ?)")
STMT(EXPORT_BLOCKS, WORKSPACE,
    "SELECT block, export_id, bits FROM export_block FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND block IN (?...)")
STMT(EXPORT_BLOCKS_DELETE, WORKSPACE,
    "DELETE FROM export_block WHERE workspace_id = :workspace"
    " AND export_id = ? LIMIT 1000")
STMT(EXPORT_GONE_INSERT, WORKSPACE,
    "INSERT INTO export_gone (workspace_id, export_id, seq)"
    " VALUES (:workspace, ?, ?)")
STMT(EXPORT_GONE_LIST, WORKSPACE,
    "SELECT seq FROM export_gone WHERE workspace_id = :workspace"
    " AND export_id = ?")
STMT(EXPORT_GONE_DELETE, WORKSPACE,
    "DELETE FROM export_gone WHERE workspace_id = :workspace"
    " AND export_id = ? LIMIT 1000")
STMT(EXPORT_UNCLEAN, WORKSPACE,
    "SELECT " EXPORT_COLUMNS " FROM export FORCE INDEX (export_live)"
    " WHERE workspace_id = :workspace AND live = 0 AND on_disk = 1 LIMIT 100")
STMT(EXPORT_CLEANED, WORKSPACE,
    "UPDATE export SET on_disk = 0 WHERE workspace_id = :workspace"
    " AND id = ? AND live = 0")
STMT(EXPORT_EXPIRE, WORKSPACE,
    "UPDATE export SET state = 'expired', live = 0"
    " WHERE workspace_id = :workspace AND state = 'completed'"
    " AND expires_at <= ?")
STMT(EXPORT_SWEEP, WORKSPACE,
    "DELETE FROM export WHERE workspace_id = :workspace AND live = 0"
    " AND on_disk = 0 AND finished_at < ? LIMIT 1000")
/* The snapshot: customers by seq, other members in the order of joining. */
STMT(EXPORT_RANGE, WORKSPACE,
    "SELECT seq, uuid, profile, key_version, layout"
    " FROM customer FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND seq >= ? AND seq < ? ORDER BY seq")
STMT(EXPORT_MEMBERS, WORKSPACE,
    "SELECT c.seq, c.uuid, c.profile, c.key_version, c.layout"
    " FROM segment_member m FORCE INDEX (PRIMARY) STRAIGHT_JOIN customer c"
    " ON c.workspace_id = m.workspace_id AND c.seq = m.seq"
    " WHERE m.workspace_id = :workspace AND m.segment_id = ?"
    " AND m.position >= ? AND m.position < ? ORDER BY m.position")
