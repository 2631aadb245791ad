/* Customers to be opened; of many nothing is sent that is not wanted. (Of one
 * that would cost more than it saves.) */
#define OPEN_COLUMNS \
	"seq, uuid, revision, key_version, layout, created_at, updated_at,"
STMT(OPEN_BY_UUID, WORKSPACE,
    "SELECT " OPEN_COLUMNS " profile, events"
    " FROM customer WHERE workspace_id = :workspace AND uuid = ?")
STMT(OPEN_BY_SEQS, WORKSPACE,
    "SELECT " OPEN_COLUMNS " IF(?, profile, ''), IF(?, events, '')"
    " FROM customer WHERE workspace_id = :workspace AND seq IN (?...)")
STMT(OPEN_MEMBERSHIPS, WORKSPACE,
    "SELECT m.seq, m.segmented_at, s.code"
    " FROM segment_member m FORCE INDEX (segment_member_seq)"
    " STRAIGHT_JOIN segment s FORCE INDEX (PRIMARY)"
    " ON s.workspace_id = m.workspace_id AND s.id = m.segment_id"
    " WHERE m.workspace_id = :workspace AND s.workspace_id = :workspace"
    " AND m.seq IN (?...)")
