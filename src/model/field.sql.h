STMT(FIELD_LIST, WORKSPACE,
    "SELECT id, name, display_name, type, format, pii, required, is_unique,"
    " searchable, max_length, options, regex, role"
    " FROM field WHERE workspace_id = :workspace ORDER BY name")
/* Locks the schema against other changes, and says what is taken. */
STMT(FIELD_LIST_BRIEF, WORKSPACE,
    "SELECT id, name, display_name, role"
    " FROM field WHERE workspace_id = :workspace")
STMT(FIELD_INSERT, WORKSPACE,
    "INSERT INTO field (workspace_id, id, name, display_name, type, format,"
    " pii, required, is_unique, searchable, max_length, options, regex, role,"
    " created_at)"
    " VALUES (:workspace, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
STMT(FIELD_WAS_CREATED, WORKSPACE,
    "SELECT id FROM field WHERE workspace_id = :workspace AND id = ?"
    " AND name = ? AND created_at = ?")
