/* Pages of lists: date, place and seq of customers from a split on, or before
 * it (model/customer_list.h). The indexes are named: each has the order. */
STMT(LIST_SEQ_UP, WORKSPACE,
    "SELECT 0, seq, seq FROM customer FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND seq >= ? ORDER BY seq LIMIT ?")
STMT(LIST_SEQ_DOWN, WORKSPACE,
    "SELECT 0, seq, seq FROM customer FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND seq < ? ORDER BY seq DESC LIMIT ?")
STMT(LIST_POSITION_UP, WORKSPACE,
    "SELECT 0, position, seq FROM segment_member FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND segment_id = ? AND position >= ?"
    " ORDER BY position LIMIT ?")
STMT(LIST_POSITION_DOWN, WORKSPACE,
    "SELECT 0, position, seq FROM segment_member FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND segment_id = ? AND position < ?"
    " ORDER BY position DESC LIMIT ?")
STMT(LIST_SEGMENTED_UP, WORKSPACE,
    "SELECT segmented_at, position, seq"
    " FROM segment_member FORCE INDEX (segment_member_date)"
    " WHERE workspace_id = :workspace AND segment_id = ?"
    " AND (segmented_at = ? AND position >= ? OR segmented_at > ?)"
    " ORDER BY segmented_at, position LIMIT ?")
STMT(LIST_SEGMENTED_DOWN, WORKSPACE,
    "SELECT segmented_at, position, seq"
    " FROM segment_member FORCE INDEX (segment_member_date)"
    " WHERE workspace_id = :workspace AND segment_id = ?"
    " AND (segmented_at = ? AND position < ? OR segmented_at < ?)"
    " ORDER BY segmented_at DESC, position DESC LIMIT ?")
/* By a date of the customer: of all customers; of all, telling who is in a
 * group (the fourth column); of the group's members alone, who are read first
 * and then sorted. */
#define LIST_BY_DATE(NAME, date, key)                                       \
	STMT(LIST_##NAME##_UP, WORKSPACE,                                   \
	    "SELECT " date ", seq, seq FROM customer FORCE INDEX (" key ")" \
	    " WHERE workspace_id = :workspace"                              \
	    " AND (" date " = ? AND seq >= ? OR " date " > ?)"              \
	    " ORDER BY " date ", seq LIMIT ?")                              \
	STMT(LIST_##NAME##_DOWN, WORKSPACE,                                 \
	    "SELECT " date ", seq, seq FROM customer FORCE INDEX (" key ")" \
	    " WHERE workspace_id = :workspace"                              \
	    " AND (" date " = ? AND seq < ? OR " date " < ?)"               \
	    " ORDER BY " date " DESC, seq DESC LIMIT ?")                    \
	STMT(LIST_##NAME##_WALK_UP, WORKSPACE,                              \
	    "SELECT c." date ", c.seq, c.seq, m.seq IS NOT NULL"            \
	    " FROM customer c FORCE INDEX (" key                            \
	    ") LEFT JOIN segment_member m"                                  \
	    " FORCE INDEX (segment_member_seq) ON m.workspace_id ="         \
	    " c.workspace_id AND m.seq = c.seq AND m.segment_id = ?"        \
	    " WHERE c.workspace_id = :workspace"                            \
	    " AND (c." date " = ? AND c.seq >= ? OR c." date " > ?)"        \
	    " ORDER BY c." date ", c.seq LIMIT ?")                          \
	STMT(LIST_##NAME##_WALK_DOWN, WORKSPACE,                            \
	    "SELECT c." date ", c.seq, c.seq, m.seq IS NOT NULL"            \
	    " FROM customer c FORCE INDEX (" key                            \
	    ") LEFT JOIN segment_member m"                                  \
	    " FORCE INDEX (segment_member_seq) ON m.workspace_id ="         \
	    " c.workspace_id AND m.seq = c.seq AND m.segment_id = ?"        \
	    " WHERE c.workspace_id = :workspace"                            \
	    " AND (c." date " = ? AND c.seq < ? OR c." date " < ?)"         \
	    " ORDER BY c." date " DESC, c.seq DESC LIMIT ?")                \
	STMT(LIST_##NAME##_MEMBERS_UP, WORKSPACE,                           \
	    "SELECT c." date ", c.seq, c.seq FROM segment_member m"         \
	    " FORCE INDEX (PRIMARY) STRAIGHT_JOIN customer c"               \
	    " FORCE INDEX (PRIMARY)"                                        \
	    " ON c.workspace_id = m.workspace_id AND c.seq = m.seq"         \
	    " WHERE m.workspace_id = :workspace AND m.segment_id = ?"       \
	    " AND (c." date " = ? AND c.seq >= ? OR c." date " > ?)"        \
	    " ORDER BY c." date ", c.seq LIMIT ?")                          \
	STMT(LIST_##NAME##_MEMBERS_DOWN, WORKSPACE,                         \
	    "SELECT c." date ", c.seq, c.seq FROM segment_member m"         \
	    " FORCE INDEX (PRIMARY) STRAIGHT_JOIN customer c"               \
	    " FORCE INDEX (PRIMARY)"                                        \
	    " ON c.workspace_id = m.workspace_id AND c.seq = m.seq"         \
	    " WHERE m.workspace_id = :workspace AND m.segment_id = ?"       \
	    " AND (c." date " = ? AND c.seq < ? OR c." date " < ?)"         \
	    " ORDER BY c." date " DESC, c.seq DESC LIMIT ?")                \
	/* Of a few customers, in any order. */                             \
	STMT(LIST_##NAME##_OF, WORKSPACE,                                   \
	    "SELECT " date ", seq, seq FROM customer FORCE INDEX (PRIMARY)" \
	    " WHERE workspace_id = :workspace AND seq IN (?...)")
LIST_BY_DATE(CREATED, "created_at", "customer_created")
LIST_BY_DATE(UPDATED, "updated_at", "customer_updated")
#undef LIST_BY_DATE
STMT(LIST_LIVE, WORKSPACE,
    "SELECT CAST(COALESCE(SUM(live), 0) AS SIGNED) FROM segment_bucket"
    " WHERE workspace_id = :workspace AND segment_id = ? AND level = 1")
