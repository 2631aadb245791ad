STMT(WORKSPACE_INSERT, ACCOUNT,
    "INSERT INTO workspace (account_id, uuid, name, created_at)"
    " VALUES (:account, ?, ?, ?)")
STMT(WORKSPACE_BY_UUID, ACCOUNT,
    "SELECT id FROM workspace WHERE account_id = :account AND uuid = ?")
STMT(WORKSPACE_LIST, ACCOUNT,
    "SELECT uuid, name FROM workspace"
    " WHERE account_id = :account ORDER BY name, id")
STMT(WORKSPACE_WALK, ACCOUNT,
    "SELECT id, uuid FROM workspace WHERE account_id = :account ORDER BY id")
