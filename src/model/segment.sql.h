/* The generated key is the first position that is taken. */
STMT(SEGMENT_RESERVE, WORKSPACE,
    "UPDATE segment SET next_position = LAST_INSERT_ID(next_position) + ?"
    " WHERE workspace_id = :workspace AND id = ?")
/* The epoch under which a range of seqs is reserved (model/seq.h). */
STMT(SEQ_EPOCH, ACCOUNT, "SELECT key_epoch FROM account WHERE id = :account")
/* Ids are never given twice. */
STMT(SEGMENT_NEXT_ID, WORKSPACE,
    "SELECT GREATEST(next_segment_id, (SELECT COALESCE(MAX(s.id), 0) + 1"
    " FROM segment s WHERE s.workspace_id = :workspace)) FROM workspace"
    " WHERE account_id = :account AND id = :workspace FOR UPDATE")
STMT(SEGMENT_TAKE_ID, WORKSPACE,
    "UPDATE workspace SET next_segment_id = ?"
    " WHERE account_id = :account AND id = :workspace")
STMT(SEGMENT_INSERT, WORKSPACE,
    "INSERT INTO segment"
    " (workspace_id, id, uuid, code, name, description, created_at)"
    " VALUES (:workspace, ?, ?, ?, ?, ?, ?)")
STMT(SEGMENT_BY_UUID, WORKSPACE,
    "SELECT id, uuid FROM segment"
    " WHERE workspace_id = :workspace AND uuid = ?")
STMT(SEGMENT_BY_ID, WORKSPACE,
    "SELECT id, uuid FROM segment WHERE workspace_id = :workspace AND id = ?")
STMT(SEGMENT_BY_CODE, WORKSPACE,
    "SELECT id, uuid FROM segment"
    " WHERE workspace_id = :workspace AND code = ?")
STMT(SEGMENT_LIST, WORKSPACE,
    "SELECT uuid, code, name, description,"
    " (SELECT CAST(COALESCE(SUM(live), 0) AS SIGNED) FROM segment_bucket"
    " WHERE workspace_id = :workspace AND segment_id = segment.id"
    " AND level = 1)"
    " FROM segment WHERE workspace_id = :workspace ORDER BY code")
STMT(SEGMENT_SHOW, WORKSPACE,
    "SELECT uuid, code, name, description,"
    " (SELECT CAST(COALESCE(SUM(live), 0) AS SIGNED) FROM segment_bucket"
    " WHERE workspace_id = :workspace AND segment_id = segment.id"
    " AND level = 1)"
    " FROM segment WHERE workspace_id = :workspace AND id = ?")
/* Pages of segments, in the order of their making. */
STMT(SEGMENT_IDS_UP, WORKSPACE,
    "SELECT id FROM segment WHERE workspace_id = :workspace AND id >= ?"
    " ORDER BY id LIMIT ?")
STMT(SEGMENT_IDS_DOWN, WORKSPACE,
    "SELECT id FROM segment WHERE workspace_id = :workspace AND id < ?"
    " ORDER BY id DESC LIMIT ?")
STMT(SEGMENT_RANGE, WORKSPACE,
    "SELECT uuid, code, name, description,"
    " (SELECT CAST(COALESCE(SUM(live), 0) AS SIGNED) FROM segment_bucket"
    " WHERE workspace_id = :workspace AND segment_id = segment.id"
    " AND level = 1)"
    " FROM segment WHERE workspace_id = :workspace AND id >= ? AND id <= ?"
    " ORDER BY id")
STMT(SEGMENT_BLOCKS, WORKSPACE,
    "SELECT bucket, live FROM segment_bucket"
    " WHERE workspace_id = :workspace AND segment_id = ? AND level = 1"
    " ORDER BY bucket")
STMT(SEGMENT_BUCKETS, WORKSPACE,
    "SELECT bucket, live, low, high, delta FROM segment_bucket"
    " WHERE workspace_id = :workspace AND segment_id = ? AND level = 0"
    " AND bucket >= ? ORDER BY bucket LIMIT 40")
STMT(SEGMENT_BUCKETS_ALL, WORKSPACE,
    "SELECT bucket, live, low, high, delta FROM segment_bucket"
    " WHERE workspace_id = :workspace AND segment_id = ? AND level = 0"
    " AND live > 0 ORDER BY bucket")
STMT(SEGMENT_BUCKET_ADD, WORKSPACE,
    "INSERT INTO segment_bucket (workspace_id, segment_id, level, bucket,"
    " live, low, high, delta) VALUES (:workspace, ?, ?, ?, ?, ?, ?, ?)"
    " ON DUPLICATE KEY UPDATE live = live + VALUES(live),"
    " low = LEAST(low, VALUES(low)), high = GREATEST(high, VALUES(high)),"
    " delta = IF(delta = VALUES(delta), delta, NULL)")
STMT(SEGMENT_BUCKET_TAKE, WORKSPACE,
    "INSERT INTO segment_bucket (workspace_id, segment_id, level, bucket,"
    " live, low, high, delta) VALUES (:workspace, ?, ?, ?, ?, ?, ?, ?)"
    " ON DUPLICATE KEY UPDATE live = live - VALUES(live)")
/* The same where the customers stay. */
STMT(SEGMENT_BUCKET_LEAVE, WORKSPACE,
    "INSERT INTO segment_bucket (workspace_id, segment_id, level, bucket,"
    " live, low, high, delta) VALUES (:workspace, ?, ?, ?, ?, ?, ?, ?)"
    " ON DUPLICATE KEY UPDATE live = live - VALUES(live), delta = NULL")
/* Keeps a segment from being deleted. */
STMT(SEGMENT_HOLD, WORKSPACE,
    "SELECT id FROM segment"
    " WHERE workspace_id = :workspace AND id = ? LOCK IN SHARE MODE")
STMT(SEGMENT_BY_UUID_LOCK, WORKSPACE,
    "SELECT id, uuid FROM segment"
    " WHERE workspace_id = :workspace AND uuid = ? FOR UPDATE")
STMT(SEGMENT_EXTENT, WORKSPACE,
    "SELECT s.next_position, CAST(COALESCE(SUM(b.live), 0) AS SIGNED),"
    " MIN(b.bucket) FROM segment s LEFT JOIN segment_bucket b"
    " ON b.workspace_id = s.workspace_id AND b.segment_id = s.id"
    " AND b.level = 0 AND b.live > 0"
    " WHERE s.workspace_id = :workspace AND s.id = ? GROUP BY s.id")
STMT(SEGMENT_UPDATE, WORKSPACE,
    "UPDATE segment SET code = COALESCE(?, code), name = COALESCE(?, name),"
    " description = COALESCE(?, description)"
    " WHERE workspace_id = :workspace AND id = ?")
STMT(SEGMENT_IS, WORKSPACE,
    "SELECT id, uuid FROM segment WHERE workspace_id = :workspace"
    " AND uuid = ? AND code = COALESCE(?, code) AND name = COALESCE(?, name)"
    " AND description = COALESCE(?, description)")
STMT(SEGMENT_DELETE, WORKSPACE,
    "DELETE FROM segment WHERE workspace_id = :workspace AND id = ?")
STMT(SEGMENT_BUCKETS_DELETE, WORKSPACE,
    "DELETE FROM segment_bucket"
    " WHERE workspace_id = :workspace AND segment_id = ?")
STMT(SEGMENT_POSITIONS, WORKSPACE,
    "SELECT position FROM segment_member"
    " WHERE workspace_id = :workspace AND segment_id = ?"
    " ORDER BY position LIMIT ?")
STMT(SEGMENT_MEMBERS_RANGE, WORKSPACE,
    "DELETE d FROM segment_member d FORCE INDEX (PRIMARY)"
    " WHERE d.workspace_id = :workspace AND d.segment_id = ?"
    " AND d.position >= ? AND d.position < ?")
STMT(SEGMENT_MEMBERS_LIST, WORKSPACE,
    "DELETE d FROM segment_member d FORCE INDEX (PRIMARY)"
    " WHERE d.workspace_id = :workspace AND d.segment_id = ?"
    " AND d.position IN (?...)")
STMT(SEGMENT_POSITION, WORKSPACE,
    "SELECT position FROM segment_member FORCE INDEX (segment_member_seq)"
    " WHERE workspace_id = :workspace AND segment_id = ? AND seq = ?")
