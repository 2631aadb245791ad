STMT(SEGMENT_LOCK, WORKSPACE,
    "SELECT next_position FROM segment"
    " WHERE workspace_id = :workspace AND id = ? FOR UPDATE")
STMT(SEGMENT_MOVE, WORKSPACE,
    "UPDATE segment SET next_position = ?"
    " WHERE workspace_id = :workspace AND id = ?")
STMT(SEGMENT_NEXT_ID, WORKSPACE,
    "SELECT COALESCE(MAX(id), 0) + 1 FROM segment"
    " WHERE workspace_id = :workspace FOR UPDATE")
STMT(SEGMENT_INSERT, WORKSPACE,
    "INSERT INTO segment"
    " (workspace_id, id, uuid, code, name, description, created_at)"
    " VALUES (:workspace, ?, ?, ?, ?, ?, ?)")
STMT(SEGMENT_BY_UUID, WORKSPACE,
    "SELECT id, uuid FROM segment"
    " WHERE workspace_id = :workspace AND uuid = ?")
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
STMT(SEGMENT_BLOCKS, WORKSPACE,
    "SELECT bucket, live FROM segment_bucket"
    " WHERE workspace_id = :workspace AND segment_id = ? AND level = 1"
    " ORDER BY bucket")
STMT(SEGMENT_BUCKETS, WORKSPACE,
    "SELECT bucket, live, low, high, delta FROM segment_bucket"
    " WHERE workspace_id = :workspace AND segment_id = ? AND level = 0"
    " AND bucket >= ? ORDER BY bucket LIMIT 40")
STMT(SEGMENT_BUCKET_ADD, WORKSPACE,
    "INSERT INTO segment_bucket (workspace_id, segment_id, level, bucket,"
    " live, low, high, delta) VALUES (:workspace, ?, ?, ?, ?, ?, ?, ?)"
    " ON DUPLICATE KEY UPDATE live = live + VALUES(live),"
    " low = LEAST(low, VALUES(low)), high = GREATEST(high, VALUES(high)),"
    " delta = IF(delta = VALUES(delta), delta, NULL)")
