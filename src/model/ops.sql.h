STMT(CANARY_LIST, SERVER,
    "SELECT master_id, canary FROM master_canary ORDER BY master_id")
STMT(CANARY_INSERT, SERVER,
    "INSERT INTO master_canary (master_id, canary, created_at)"
    " VALUES (?, ?, ?)")
/* Against the retirement of a master key that somebody wraps a key by. */
STMT(CANARY_HOLD, SERVER,
    "SELECT master_id FROM master_canary WHERE master_id = ?"
    " LOCK IN SHARE MODE")
STMT(CANARY_DELETE, SERVER,
    "DELETE FROM master_canary WHERE master_id = ?")
