/* The state of a workspace's fields; then the same with the row locked, for
 * writers of customers and for those who change fields. */
STMT(SCHEMA_STATE, WORKSPACE,
    "SELECT uuid, schema_version, layout, convert_job FROM workspace"
    " WHERE account_id = :account AND id = :workspace")
STMT(SCHEMA_HOLD, WORKSPACE,
    "SELECT uuid, schema_version, layout, convert_job FROM workspace"
    " WHERE account_id = :account AND id = :workspace LOCK IN SHARE MODE")
/* The state, with what the other face adds. */
STMT(SCHEMA_LOAD, WORKSPACE,
    "SELECT uuid, schema_version, layout, convert_job, schema_words"
    " FROM workspace WHERE account_id = :account AND id = :workspace")
STMT(SCHEMA_LOAD_HOLD, WORKSPACE,
    "SELECT uuid, schema_version, layout, convert_job, schema_words"
    " FROM workspace WHERE account_id = :account AND id = :workspace"
    " LOCK IN SHARE MODE")
STMT(SCHEMA_WORDS_PUT, WORKSPACE,
    "UPDATE workspace SET schema_words = ?, generation = " GENERATION_NEXT
    " WHERE account_id = :account AND id = :workspace")
STMT(SCHEMA_LOCK, WORKSPACE,
    "SELECT uuid, schema_version, layout, convert_job FROM workspace"
    " WHERE account_id = :account AND id = :workspace FOR UPDATE")
/* A field with this id has been added, changed or removed. */
STMT(SCHEMA_CHANGED, WORKSPACE,
    "UPDATE workspace SET schema_version = schema_version + 1,"
    " generation = " GENERATION_NEXT ","
    " next_field_id = GREATEST(next_field_id, ? + 1)"
    " WHERE account_id = :account AND id = :workspace")
STMT(SCHEMA_CONVERT, WORKSPACE,
    "UPDATE workspace SET layout = layout + ?, convert_job = ?,"
    " generation = " GENERATION_NEXT
    " WHERE account_id = :account AND id = :workspace"
    " AND convert_job IS NULL")
STMT(SCHEMA_CONVERTED, WORKSPACE,
    "UPDATE workspace SET schema_version = schema_version + 1,"
    " convert_job = NULL, generation = " GENERATION_NEXT
    " WHERE account_id = :account AND id = :workspace AND convert_job = ?")
/* Where customers' seqs end, and how many customers there are. */
STMT(SCHEMA_CUSTOMERS, WORKSPACE,
    "SELECT next_position, (SELECT CAST(COALESCE(SUM(live), 0) AS SIGNED)"
    " FROM segment_bucket WHERE workspace_id = :workspace AND segment_id = 0"
    " AND level = 1)"
    " FROM segment WHERE workspace_id = :workspace AND id = 0")
STMT(FIELD_LIST, WORKSPACE,
    "SELECT id, name, display_name, type, format, pii, required, is_unique,"
    " searchable, max_length, options, regex, role, was, leaving, words"
    " FROM field WHERE workspace_id = :workspace ORDER BY name")
STMT(FIELD_NEXT_ID, WORKSPACE,
    "SELECT next_field_id FROM workspace"
    " WHERE account_id = :account AND id = :workspace")
STMT(FIELD_INSERT, WORKSPACE,
    "INSERT INTO field (workspace_id, display_name, type, format, pii,"
    " required, is_unique, searchable, max_length, options, regex, role,"
    " words, was, id, name, created_at)"
    " VALUES (:workspace, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
STMT(FIELD_WAS_CREATED, WORKSPACE,
    "SELECT id FROM field WHERE workspace_id = :workspace AND id = ?"
    " AND name = ? AND created_at = ?")
STMT(FIELD_UPDATE, WORKSPACE,
    "UPDATE field SET display_name = ?, type = ?, format = ?, pii = ?,"
    " required = ?, is_unique = ?, searchable = ?, max_length = ?,"
    " options = ?, regex = ?, role = ?, words = ?, was = COALESCE(?, was)"
    " WHERE workspace_id = :workspace AND id = ?")
STMT(FIELD_LEAVE, WORKSPACE,
    "UPDATE field SET leaving = TRUE"
    " WHERE workspace_id = :workspace AND id = ?")
STMT(FIELD_DELETE, WORKSPACE,
    "DELETE FROM field WHERE workspace_id = :workspace AND id = ?")
/* What a conversion leaves behind when it ends. */
STMT(FIELD_SETTLE, WORKSPACE,
    "UPDATE field SET was = NULL"
    " WHERE workspace_id = :workspace AND was IS NOT NULL")
STMT(FIELD_REMOVE_LEFT, WORKSPACE,
    "DELETE FROM field WHERE workspace_id = :workspace AND leaving")
/* Every customer, to look at what is stored. */
STMT(FIELD_SCAN, WORKSPACE,
    "SELECT uuid, key_version, layout, profile FROM customer"
    " WHERE workspace_id = :workspace ORDER BY seq")
/* An index key is being rotated: digests are being made. */
/* Whether any customer has a value of a system attribute: in the index, or in
 * its profile (the text `"$attribute":`). */
STMT(FIELD_INDEX_ANY, WORKSPACE,
    "SELECT seq FROM customer_unique WHERE workspace_id = :workspace"
    " AND field_id = ? LIMIT 1")
STMT(FIELD_PROFILE_ANY, WORKSPACE,
    "SELECT seq FROM customer WHERE workspace_id = :workspace"
    " AND LOCATE(?, profile) > 0 LIMIT 1")
STMT(FIELD_REINDEX_RUNS, ACCOUNT,
    "SELECT uuid FROM job WHERE account_id = :account"
    " AND operation = 'reindex' AND state IN ('queued', 'running') LIMIT 1")
STMT(FIELD_DIGESTS_DROP, WORKSPACE,
    "DELETE FROM customer_unique WHERE workspace_id = :workspace"
    " AND field_id = ? AND seq >= ? AND seq < ?")
/* Chunks that wait for a conversion, or for their next try, are due now. */
STMT(FIELD_WAKE_CHUNKS, WORKSPACE,
    "UPDATE job_queue SET available_at = ? WHERE account_id = :account"
    " AND workspace_id = :workspace AND owner = '' AND available_at > ?")
