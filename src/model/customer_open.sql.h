/* Customers to be opened; of many nothing is sent that is not wanted. (Of one
 * that would cost more than it saves.) */
STMT(OPEN_BY_UUID, WORKSPACE,
    "SELECT " CUSTOMER_COLUMNS " profile, events FROM customer"
    " WHERE workspace_id = :workspace AND uuid = ?")
/* With the proof of an API key that is remembered: what has to stand in the
 * workspace's row beside it (struct key_proof). */
STMT(OPEN_PROVEN, WORKSPACE,
    "SELECT " CUSTOMER_COLUMNS " customer.profile, customer.events,"
    " workspace.generation FROM workspace LEFT JOIN customer"
    " ON customer.workspace_id = :workspace AND customer.uuid = ?"
    " WHERE workspace.account_id = :account AND workspace.id = :workspace")
STMT(OPEN_BY_SEQS, WORKSPACE,
    "SELECT " CUSTOMER_COLUMNS " IF(?, profile, ''), IF(?, events, '')"
    " FROM customer WHERE workspace_id = :workspace AND seq IN (?...)")
STMT(OPEN_MEMBERSHIPS, WORKSPACE,
    "SELECT m.seq, m.segmented_at, s.code"
    " FROM segment_member m FORCE INDEX (segment_member_seq)"
    " STRAIGHT_JOIN segment s FORCE INDEX (PRIMARY)"
    " ON s.workspace_id = m.workspace_id AND s.id = m.segment_id"
    " WHERE m.workspace_id = :workspace AND s.workspace_id = :workspace"
    " AND m.seq IN (?...)")
