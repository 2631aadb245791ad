/* The registry of the tests of src/db: statements on tables of the real
 * schema. Compile src/db with -DSTMT_FILE='"t/db/test.sql.h"'. */
STMT(SESSION_ID, SERVER, "SELECT CONNECTION_ID()")
STMT(SESSION_KILL, SERVER, "KILL CONNECTION ?")
STMT(SESSION_IS_THERE, SERVER,
    "SELECT COUNT(*) FROM information_schema.processlist WHERE id = ?")
/* For a lock: nothing else takes an UPDATE of one row so long. (innodb_trx is
 * not read anew while somebody looks at it more often than every 100 ms.) */
STMT(SESSION_WAITS, SERVER,
    "SELECT COUNT(*) FROM information_schema.processlist"
    " WHERE id = ? AND state = 'Updating' AND time_ms > 100")
STMT(SESSION_TEXT, SERVER, "SELECT @@sql_mode")
STMT(SESSION_NUMBERS, SERVER,
    "SELECT @@tx_isolation = 'READ-COMMITTED', @@local_infile,"
    " @@character_set_client = 'utf8mb4'")
STMT(SLEEP, SERVER, "SELECT SLEEP(?)")
STMT(BROKEN, SERVER, "SELECT no_such_column FROM master_canary")

STMT(CANARY_INSERT, SERVER,
    "INSERT INTO master_canary (master_id, canary, created_at)"
    " VALUES (?, ?, ?)")
STMT(CANARY_READ, SERVER,
    "SELECT canary, created_at FROM master_canary WHERE master_id = ?")
STMT(CANARY_COUNT, SERVER, "SELECT COUNT(*) FROM master_canary")

STMT(ACCOUNT_INSERT, SERVER,
    "INSERT INTO account (code, name, key_epoch, created_at)"
    " VALUES (?, ?, 1, ?)")
STMT(ACCOUNT_BY_NAME, SERVER,
    "SELECT id, name FROM account WHERE name = ?")

STMT(ACCOUNT_PLAN, SERVER, "EXPLAIN SELECT id FROM account WHERE code = ?")

STMT(CHUNK_INSERT, ACCOUNT,
    "INSERT INTO job_chunk (account_id, job, n, row_count, payload)"
    " VALUES (:account, ?, ?, ?, ?)")
STMT(CHUNK_LIST, ACCOUNT,
    "SELECT n, row_count, payload FROM job_chunk"
    " WHERE account_id = :account AND job = ? ORDER BY n")

STMT(SEGMENT_INSERT, WORKSPACE,
    "INSERT INTO segment (workspace_id, id, uuid, code, name, description,"
    " next_position, created_at) VALUES (:workspace, ?, ?, ?, ?, '', 0, 0)")
STMT(SEGMENT_MOVE, WORKSPACE,
    "UPDATE segment SET next_position = next_position + ?"
    " WHERE workspace_id = :workspace AND id = ?")
STMT(SEGMENT_READ, WORKSPACE,
    "SELECT next_position FROM segment"
    " WHERE workspace_id = :workspace AND id = ?")

STMT(FIELD_INSERT, WORKSPACE,
    "INSERT INTO field (workspace_id, id, name, display_name, type, format,"
    " pii, required, is_unique, searchable, max_length, options, regex, role,"
    " created_at)"
    " VALUES (:workspace, ?, ?, ?, ?, '', ?, ?, 0, 0, ?, ?, ?, NULL, ?)")
STMT(FIELD_LIST, WORKSPACE,
    "SELECT id, name, display_name, pii, max_length, options, regex,"
    " created_at FROM field WHERE workspace_id = :workspace ORDER BY id")

STMT(CUSTOMER_INSERT, WORKSPACE,
    "INSERT INTO customer (workspace_id, seq, uuid, revision, key_version,"
    " profile, created_at, updated_at)"
    " VALUES (:workspace, ?, ?, 1, 1, ?, ?, 0)")
STMT(CUSTOMER_PUT, WORKSPACE,
    "INSERT INTO customer (workspace_id, seq, uuid, revision, key_version,"
    " profile, created_at, updated_at)"
    " VALUES (:workspace, ?, ?, 1, 1, ?, ?, 0)"
    " ON DUPLICATE KEY UPDATE profile = VALUES(profile)")
STMT(CUSTOMER_ALL, WORKSPACE,
    "SELECT seq, uuid, profile, created_at FROM customer"
    " WHERE workspace_id = :workspace ORDER BY seq")
STMT(CUSTOMER_BY_SEQ, WORKSPACE,
    "SELECT seq FROM customer WHERE workspace_id = :workspace"
    " AND created_at >= ? AND seq IN (?...) ORDER BY seq")
STMT(CUSTOMER_BY_UUID, WORKSPACE,
    "SELECT seq FROM customer WHERE workspace_id = :workspace"
    " AND uuid IN (?...)")
STMT(CUSTOMER_PLAN, WORKSPACE,
    "EXPLAIN SELECT seq FROM customer WHERE workspace_id = :workspace"
    " AND uuid IN (?, ?)")
STMT(CUSTOMER_DELETE, WORKSPACE,
    "DELETE FROM customer WHERE workspace_id = :workspace AND seq IN (?...)")
STMT(CUSTOMER_COUNT, WORKSPACE,
    "SELECT COUNT(*), SUM(seq), MIN(seq) FROM customer"
    " WHERE workspace_id = :workspace")
STMT(FIELD_BULK, WORKSPACE,
    "INSERT INTO field (id, workspace_id, name, display_name, type, format,"
    " pii, required, is_unique, searchable, max_length, options, regex, role,"
    " created_at)"
    " VALUES (?, :workspace, ?, ?, ?, '', ?, ?, 0, 0, ?, ?, ?, NULL, 0)")
STMT(SESSION_ASKED, SERVER,
    "SELECT CAST(variable_value AS SIGNED) FROM"
    " information_schema.session_status WHERE variable_name = ?")
STMT(SEGMENT_TAKE, WORKSPACE,
    "UPDATE segment SET next_position = LAST_INSERT_ID(next_position) + ?"
    " WHERE workspace_id = :workspace AND id = ?")
STMT(SEGMENT_IS_AT, WORKSPACE,
    "SELECT id FROM segment WHERE workspace_id = :workspace AND id = ?"
    " AND next_position = ? LOCK IN SHARE MODE")
STMT(SEGMENT_SPOIL, WORKSPACE,
    "UPDATE segment SET next_position = NULL"
    " WHERE workspace_id = :workspace AND id = ?")
