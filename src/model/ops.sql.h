STMT(CANARY_LIST, SERVER,
    "SELECT master_id, canary FROM master_canary ORDER BY master_id")
STMT(CANARY_INSERT, SERVER,
    "INSERT INTO master_canary (master_id, canary, created_at)"
    " VALUES (?, ?, ?)")
