STMT(ORIGIN_KNOWN, SERVER,
    "SELECT workspace_origin.workspace_id FROM workspace_origin"
    " JOIN account ON account.id = workspace_origin.account_id"
    " WHERE workspace_origin.origin = ? AND account.erased_at IS NULL"
    " AND (? IS NULL OR account.code = ?) LIMIT 1")
STMT(ORIGIN_OF_WORKSPACE, WORKSPACE,
    "SELECT workspace_id FROM workspace_origin WHERE origin = ?"
    " AND account_id = :account AND workspace_id = :workspace")
STMT(ORIGIN_LIST, WORKSPACE,
    "SELECT origin FROM workspace_origin"
    " WHERE account_id = :account AND workspace_id = :workspace"
    " ORDER BY origin")
STMT(ORIGIN_CLEAR, WORKSPACE,
    "DELETE FROM workspace_origin"
    " WHERE account_id = :account AND workspace_id = :workspace")
STMT(ORIGIN_INSERT, WORKSPACE,
    "INSERT INTO workspace_origin (origin, account_id, workspace_id)"
    " VALUES (?, :account, :workspace)")
STMT(ORIGIN_WORKSPACE, ACCOUNT,
    "SELECT uuid FROM workspace WHERE account_id = :account AND id = ?"
    " FOR UPDATE")
