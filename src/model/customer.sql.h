/* Of a customer's row, in the order of model/customer_row.h: what is before its
 * profile and events. */
#define CUSTOMER_COLUMNS \
	"customer.seq, customer.uuid, customer.revision," \
	" customer.key_version, customer.layout, customer.created_at," \
	" customer.updated_at,"
STMT(CUSTOMER_INSERT, WORKSPACE,
    "INSERT INTO customer (workspace_id, seq, uuid, revision, key_version,"
    " layout, profile, created_at, updated_at)"
    " VALUES (:workspace, ?, ?, 1, ?, ?, ?, ?, ?)")
/* Of rows that the transaction has locked: all are there, with the revision
 * that was read (anything else is refused as NULL). Twice as quick as UPDATE,
 * and conditions on each column would cost a third. */
STMT(CUSTOMER_REWRITE, WORKSPACE,
    "INSERT INTO customer (workspace_id, seq, uuid, revision, key_version,"
    " layout, profile, events, created_at, updated_at)"
    " VALUES (:workspace, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON DUPLICATE KEY UPDATE key_version = VALUES(key_version),"
    " layout = VALUES(layout), profile = VALUES(profile),"
    " events = VALUES(events), updated_at = VALUES(updated_at),"
    " revision = IF(revision = VALUES(revision), revision + 1, NULL)")
/* These lock what they read, so that it can be rewritten. */
STMT(CUSTOMER_READ, WORKSPACE,
    "SELECT " CUSTOMER_COLUMNS " profile, events FROM customer"
    " WHERE workspace_id = :workspace AND seq IN (?...) FOR UPDATE")
STMT(CUSTOMER_READ_RANGE, WORKSPACE,
    "SELECT " CUSTOMER_COLUMNS " profile, events FROM customer"
    " WHERE workspace_id = :workspace AND seq >= ? AND seq < ? ORDER BY seq"
    " FOR UPDATE")
STMT(CUSTOMER_IDS, WORKSPACE,
    "SELECT seq, uuid FROM customer"
    " WHERE workspace_id = :workspace AND seq >= ? AND seq < ? ORDER BY seq")
/* Locks customers that are about to get a member row. */
STMT(CUSTOMER_LOCK, WORKSPACE,
    "SELECT seq FROM customer"
    " WHERE workspace_id = :workspace AND seq IN (?...) FOR UPDATE")
STMT(CUSTOMER_SEQS, WORKSPACE,
    "SELECT uuid, seq FROM customer"
    " WHERE workspace_id = :workspace AND uuid IN (?...)")
STMT(CUSTOMER_UUIDS, WORKSPACE,
    "SELECT seq, uuid FROM customer"
    " WHERE workspace_id = :workspace AND seq IN (?...)")
STMT(CUSTOMER_WORKSPACE, ACCOUNT,
    "SELECT w.uuid FROM workspace w JOIN customer c"
    " ON c.workspace_id = w.id WHERE w.account_id = :account AND c.uuid = ?")
STMT(CUSTOMER_REVISION, WORKSPACE,
    "SELECT revision FROM customer"
    " WHERE workspace_id = :workspace AND uuid = ?")
STMT(CUSTOMER_MARK, WORKSPACE,
    "SELECT revision, updated_at FROM customer"
    " WHERE workspace_id = :workspace AND uuid = ?")
STMT(CUSTOMER_UNIQUE_INSERT, WORKSPACE,
    "INSERT INTO customer_unique"
    " (workspace_id, field_id, digest, seq, version)"
    " VALUES (:workspace, ?, ?, ?, ?)")
STMT(CUSTOMER_UNIQUE_LOOKUP, WORKSPACE,
    "SELECT digest, seq FROM customer_unique"
    " WHERE workspace_id = :workspace AND field_id = ? AND digest IN (?...)")
STMT(CUSTOMER_UNIQUE_DELETE, WORKSPACE,
    "DELETE FROM customer_unique"
    " WHERE workspace_id = :workspace AND field_id = ? AND seq IN (?...)")
STMT(CUSTOMER_MEMBER_INSERT, WORKSPACE,
    "INSERT INTO segment_member (workspace_id, segment_id, position, seq,"
    " segmented_at) VALUES (:workspace, ?, ?, ?, ?)")
STMT(CUSTOMER_MEMBERS, WORKSPACE,
    "SELECT seq FROM segment_member"
    " WHERE workspace_id = :workspace AND segment_id = ? AND seq IN (?...)")
STMT(CUSTOMER_MEMBERS_RANGE, WORKSPACE,
    "SELECT seq FROM segment_member"
    " WHERE workspace_id = :workspace AND segment_id = ? AND seq >= ?"
    " AND seq < ?")
/* Pages: the members of a group; customers by seq, and by their places. */
STMT(CUSTOMER_PLACES, WORKSPACE,
    "SELECT position, seq FROM segment_member"
    " WHERE workspace_id = :workspace AND segment_id = ? AND position >= ?"
    " ORDER BY position LIMIT ?, ?")
STMT(CUSTOMER_RANGE, WORKSPACE,
    "SELECT seq, uuid, profile, key_version, created_at, updated_at, layout"
    " FROM customer WHERE workspace_id = :workspace AND seq >= ?"
    " AND seq < ? ORDER BY seq LIMIT ?, ?")
STMT(CUSTOMER_PLACED, WORKSPACE,
    "SELECT m.position, c.uuid, c.profile, c.key_version, c.created_at,"
    " c.updated_at, c.layout FROM segment_member m STRAIGHT_JOIN customer c"
    " ON c.workspace_id = m.workspace_id AND c.seq = m.seq"
    " WHERE m.workspace_id = :workspace AND m.segment_id = ?"
    " AND m.position >= ? AND m.position <= ? ORDER BY m.position")
/* One customer, with the columns of a page and its revision. */
STMT(CUSTOMER_BY_UUID, WORKSPACE,
    "SELECT seq, uuid, profile, key_version, created_at, updated_at, layout,"
    " revision"
    " FROM customer WHERE workspace_id = :workspace AND uuid = ?")
STMT(CUSTOMER_BY_SEQ, WORKSPACE,
    "SELECT seq, uuid, profile, key_version, created_at, updated_at, layout,"
    " revision"
    " FROM customer WHERE workspace_id = :workspace AND seq = ?")
