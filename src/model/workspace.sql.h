STMT(WORKSPACE_INSERT, ACCOUNT,
    "INSERT INTO workspace (account_id, uuid, name, created_at, generation)"
    " VALUES (:account, ?, ?, ?, " GENERATION_NOW ")")
STMT(WORKSPACE_RAISE, WORKSPACE,
    "UPDATE workspace SET generation = " GENERATION_NEXT
    " WHERE account_id = :account AND id = :workspace")
STMT(WORKSPACE_REQUIRE, WORKSPACE,
    "SELECT id FROM workspace WHERE account_id = :account AND id = :workspace"
    " AND generation = ? LOCK IN SHARE MODE")
STMT(WORKSPACE_BY_UUID, ACCOUNT,
    "SELECT id FROM workspace WHERE account_id = :account AND uuid = ?")
STMT(WORKSPACE_LIST, ACCOUNT,
    "SELECT uuid, name FROM workspace"
    " WHERE account_id = :account ORDER BY name, id")
STMT(WORKSPACE_WALK, ACCOUNT,
    "SELECT id, uuid FROM workspace WHERE account_id = :account ORDER BY id")
