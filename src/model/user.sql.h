STMT(USER_INSERT, ACCOUNT,
    "INSERT INTO user (account_id, uuid, email, password, created_at)"
    " VALUES (:account, ?, ?, ?, ?)")
STMT(USER_BY_EMAIL, ACCOUNT,
    "SELECT id, uuid, tokens_valid_from, email, password FROM user"
    " WHERE account_id = :account AND email = ? AND disabled_at IS NULL")
STMT(USER_BY_ID, ACCOUNT,
    "SELECT id, uuid, tokens_valid_from, email, password FROM user"
    " WHERE account_id = :account AND id = ? AND disabled_at IS NULL")
STMT(USER_ANY_BY_EMAIL, ACCOUNT,
    "SELECT id, uuid, tokens_valid_from FROM user"
    " WHERE account_id = :account AND email = ?")
STMT(USER_LOCK, ACCOUNT,
    "SELECT tokens_valid_from FROM user"
    " WHERE account_id = :account AND id = ? FOR UPDATE")
STMT(USER_EPOCH, ACCOUNT,
    "SELECT tokens_valid_from FROM user"
    " WHERE account_id = :account AND id = ?")
STMT(USER_EPOCH_SHARED, ACCOUNT,
    "SELECT tokens_valid_from FROM user WHERE account_id = :account"
    " AND id = ? AND disabled_at IS NULL LOCK IN SHARE MODE")
/* NULL leaves password and disabled_at as they are. */
STMT(USER_END, ACCOUNT,
    "UPDATE user SET tokens_valid_from = ?, password = COALESCE(?, password),"
    " disabled_at = COALESCE(disabled_at, ?)"
    " WHERE account_id = :account AND id = ?")
STMT(USER_ENABLE, ACCOUNT,
    "UPDATE user SET disabled_at = NULL"
    " WHERE account_id = :account AND id = ?")
STMT(USER_BY_UUID, ACCOUNT,
    "SELECT id, uuid, tokens_valid_from FROM user"
    " WHERE account_id = :account AND uuid = ? AND disabled_at IS NULL")
STMT(USER_LIST, ACCOUNT,
    "SELECT uuid, email, disabled_at FROM user"
    " WHERE account_id = :account ORDER BY email")
STMT(USER_ROLE_SET, WORKSPACE,
    "INSERT INTO user_role (workspace_id, user_id, role, created_at)"
    " VALUES (:workspace, ?, ?, ?)"
    " ON DUPLICATE KEY UPDATE role = VALUES(role)")
STMT(USER_ROLE_GET, WORKSPACE,
    "SELECT role FROM user_role"
    " WHERE workspace_id = :workspace AND user_id = ?")
STMT(USER_ROLES, ACCOUNT,
    "SELECT user_role.role FROM user_role"
    " JOIN workspace ON workspace.id = user_role.workspace_id"
    " WHERE workspace.account_id = :account AND user_role.user_id = ?")
STMT(API_KEY_INSERT, WORKSPACE,
    "INSERT INTO api_key (digest, uuid, account_id, workspace_id, name,"
    " privileges, created_at)"
    " VALUES (?, ?, :account, :workspace, ?, ?, ?)")
STMT(API_KEY_BY_DIGEST, SERVER,
    "SELECT api_key.digest, api_key.account_id, api_key.workspace_id,"
    " account.code, api_key.uuid, api_key.privileges, account.key_epoch,"
    " workspace.uuid, workspace.schema_version, workspace.layout,"
    " workspace.convert_job, workspace.generation"
    " FROM api_key JOIN account ON account.id = api_key.account_id"
    " JOIN workspace ON workspace.id = api_key.workspace_id"
    " WHERE api_key.digest = ? AND api_key.revoked_at IS NULL"
    " AND account.erased_at IS NULL")
STMT(API_KEY_PRIVILEGES, WORKSPACE,
    "SELECT privileges FROM api_key WHERE uuid = ?"
    " AND workspace_id = :workspace AND revoked_at IS NULL")
STMT(API_KEY_LIST, WORKSPACE,
    "SELECT uuid, name, privileges, revoked_at, created_at FROM api_key"
    " WHERE workspace_id = :workspace ORDER BY created_at, uuid")
STMT(API_KEY_REVOKE, WORKSPACE,
    "UPDATE workspace JOIN api_key ON api_key.workspace_id = workspace.id"
    " SET revoked_at = COALESCE(revoked_at, ?),"
    " generation = " GENERATION_NEXT
    " WHERE workspace.account_id = :account AND workspace.id = :workspace"
    " AND api_key.uuid = ?")
STMT(API_KEY_BY_UUID, SERVER,
    "SELECT account_id, workspace_id FROM api_key WHERE uuid = ?")
STMT(REFRESH_INSERT, ACCOUNT,
    "INSERT INTO refresh_token"
    " (account_id, family, user_id, jti, expires_at)"
    " VALUES (:account, ?, ?, ?, ?)")
STMT(REFRESH_LOCK, ACCOUNT,
    "SELECT user_id, jti, revoked_at, expires_at FROM refresh_token"
    " WHERE account_id = :account AND family = ? FOR UPDATE")
STMT(REFRESH_MOVE, ACCOUNT,
    "UPDATE refresh_token SET jti = ?, expires_at = ?"
    " WHERE account_id = :account AND family = ?")
STMT(REFRESH_REVOKE, ACCOUNT,
    "UPDATE refresh_token SET revoked_at = ?"
    " WHERE account_id = :account AND family = ?")
STMT(REFRESH_END, ACCOUNT,
    "UPDATE refresh_token SET revoked_at = COALESCE(revoked_at, ?)"
    " WHERE account_id = :account AND family = ? AND user_id = ?")
STMT(REFRESH_END_ALL, ACCOUNT,
    "UPDATE refresh_token SET revoked_at = ?"
    " WHERE account_id = :account AND user_id = ? AND revoked_at IS NULL")
STMT(REFRESH_IS, ACCOUNT,
    "SELECT revoked_at FROM refresh_token"
    " WHERE account_id = :account AND family = ? AND jti = ?")
STMT(REFRESH_SWEEP, ACCOUNT,
    "DELETE FROM refresh_token WHERE account_id = :account"
    " AND expires_at < ? LIMIT 1000")
