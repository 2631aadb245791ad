/* Insert and select alone: the programs may do no more (S36). */
STMT(AUDIT_INSERT, SERVER,
    "INSERT INTO audit (chain, n, at, stored_at, level, action, account_id,"
    " workspace_id, user_id, subject, detail, request_id, mac)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
STMT(AUDIT_LAST, SERVER,
    "SELECT n, mac FROM audit WHERE chain = ? ORDER BY n DESC LIMIT 1")
STMT(AUDIT_MAC, SERVER,
    "SELECT mac FROM audit WHERE chain = ? AND n = ?")
/* Chains that have moved since a time, as far as they are now. */
STMT(AUDIT_MOVED, SERVER,
    "SELECT chain, MAX(n) FROM audit WHERE stored_at >= ? GROUP BY chain")
/* From where on an export goes. */
STMT(AUDIT_SINCE, SERVER,
    "SELECT chain, MIN(n), MAX(n) FROM audit WHERE stored_at >= ? AND at >= ?"
    " GROUP BY chain ORDER BY chain")
STMT(AUDIT_LAST_ANCHOR, SERVER,
    "SELECT stored_at FROM audit WHERE action = 'audit.anchor'"
    " ORDER BY stored_at DESC LIMIT 1")
STMT(AUDIT_NEXT_CHAIN, SERVER,
    "SELECT chain FROM audit WHERE chain > ? ORDER BY chain LIMIT 1")
STMT(AUDIT_READ, SERVER,
    "SELECT n, at, level, action, account_id, workspace_id, user_id, subject,"
    " detail, request_id, mac FROM audit WHERE chain = ? AND n > ?"
    " ORDER BY n LIMIT 2000")
/* The second `until` is the same time as the first: a lease that is renewed in
 * the millisecond in which it was taken changes too, for rows that an UPDATE
 * leaves as they are do not count as affected. */
STMT(AUDIT_LEASE, SERVER,
    "UPDATE audit_lease SET owner = ?, until = ? + (until = ?)"
    " WHERE id = 1 AND (until < ? OR owner = ?)")
STMT(AUDIT_WORKSPACE, ACCOUNT,
    "SELECT uuid FROM workspace WHERE account_id = :account AND id = ?")
STMT(AUDIT_USER, ACCOUNT,
    "SELECT uuid FROM user WHERE account_id = :account AND id = ?")
