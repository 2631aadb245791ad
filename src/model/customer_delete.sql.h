/* Deletion by seq; what has a _RANGE and a _LIST form is used by model/runs.h.
 * The indexes are named: on a small table the server would look through all of
 * it, and wait for rows that are nobody's business. */
STMT(DELETE_FIND, WORKSPACE,
    "SELECT seq, uuid FROM customer FORCE INDEX (customer_uuid)"
    " WHERE workspace_id = :workspace AND uuid IN (?...)")
STMT(DELETE_LOCK_RANGE, WORKSPACE,
    "SELECT seq, uuid, revision FROM customer FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND seq >= ? AND seq < ? ORDER BY seq"
    " FOR UPDATE")
STMT(DELETE_LOCK_LIST, WORKSPACE,
    "SELECT seq, uuid, revision FROM customer FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND seq IN (?...) ORDER BY seq"
    " FOR UPDATE")
STMT(CUSTOMER_HOLD_RANGE, WORKSPACE,
    "SELECT seq FROM customer FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND seq >= ? AND seq < ? ORDER BY seq"
    " LOCK IN SHARE MODE")
STMT(CUSTOMER_HOLD_LIST, WORKSPACE,
    "SELECT seq FROM customer FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND seq IN (?...) ORDER BY seq"
    " LOCK IN SHARE MODE")
STMT(DELETE_CHOSEN_RANGE, WORKSPACE,
    "SELECT seq FROM segment_member FORCE INDEX (segment_member_seq)"
    " WHERE workspace_id = :workspace AND segment_id = ?"
    " AND seq >= ? AND seq < ?")
STMT(DELETE_CHOSEN_LIST, WORKSPACE,
    "SELECT seq FROM segment_member FORCE INDEX (segment_member_seq)"
    " WHERE workspace_id = :workspace AND segment_id = ? AND seq IN (?...)")
/* Groups from one to before another; "+ 0" keeps the optimizer from looking into the index for
 * each seq, to estimate a range of groups, before it reads there. */
STMT(DELETE_MEMBERS_RANGE, WORKSPACE,
    "SELECT segment_id, position"
    " FROM segment_member FORCE INDEX (segment_member_seq)"
    " WHERE workspace_id = :workspace AND segment_id + 0 >= ?"
    " AND segment_id + 0 < ?"
    " AND seq >= ? AND seq < ?")
STMT(DELETE_MEMBERS_LIST, WORKSPACE,
    "SELECT segment_id, position"
    " FROM segment_member FORCE INDEX (segment_member_seq)"
    " WHERE workspace_id = :workspace AND segment_id + 0 >= ?"
    " AND segment_id + 0 < ?"
    " AND seq IN (?...)")
STMT(DELETE_KEYS_RANGE, WORKSPACE,
    "DELETE d FROM customer_unique d FORCE INDEX (customer_unique_seq)"
    " WHERE d.workspace_id = :workspace AND d.seq >= ? AND d.seq < ?")
STMT(DELETE_KEYS_LIST, WORKSPACE,
    "DELETE d FROM customer_unique d FORCE INDEX (customer_unique_seq)"
    " WHERE d.workspace_id = :workspace AND d.seq IN (?...)")
STMT(DELETE_SESSIONS_RANGE, WORKSPACE,
    "DELETE d FROM session d FORCE INDEX (session_customer)"
    " WHERE d.workspace_id = :workspace AND d.seq >= ? AND d.seq < ?")
STMT(DELETE_SESSIONS_LIST, WORKSPACE,
    "DELETE d FROM session d FORCE INDEX (session_customer)"
    " WHERE d.workspace_id = :workspace AND d.seq IN (?...)")
STMT(DELETE_CUSTOMER_RANGE, WORKSPACE,
    "DELETE d FROM customer d FORCE INDEX (PRIMARY)"
    " WHERE d.workspace_id = :workspace AND d.seq >= ? AND d.seq < ?")
STMT(DELETE_CUSTOMER_LIST, WORKSPACE,
    "DELETE d FROM customer d FORCE INDEX (PRIMARY)"
    " WHERE d.workspace_id = :workspace AND d.seq IN (?...)")
/* Those who were there when a deletion of all was accepted. */
STMT(DELETE_GROUP_RANGE, WORKSPACE,
    "SELECT m.seq, c.uuid FROM segment_member m FORCE INDEX (PRIMARY)"
    " STRAIGHT_JOIN customer c"
    " ON c.workspace_id = m.workspace_id AND c.seq = m.seq"
    " WHERE m.workspace_id = :workspace AND m.segment_id = ?"
    " AND m.position >= ? AND m.position < ? AND m.segmented_at <= ?")
STMT(DELETE_ALL_RANGE, WORKSPACE,
    "SELECT seq, uuid FROM customer FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace"
    " AND seq >= ? AND seq < ? AND created_at <= ?")
STMT(DELETE_JOB_SETTLE, ACCOUNT,
    "UPDATE job SET row_count = processed"
    " WHERE account_id = :account AND uuid = ?")
