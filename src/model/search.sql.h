/* The parts of a block are locked from the first on by whoever rewrites any of
 * them. The indexes are named: see customer_delete.sql.h. */
STMT(SEARCH_LOCK, WORKSPACE,
    "SELECT part FROM search_block FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND block = ? ORDER BY part FOR UPDATE")
STMT(SEARCH_PART, WORKSPACE,
    "SELECT text FROM search_block"
    " WHERE workspace_id = :workspace AND block = ? AND part = ?")
STMT(SEARCH_INSERT, WORKSPACE,
    "INSERT INTO search_block (workspace_id, block, part, text, filter)"
    " VALUES (:workspace, ?, ?, ?, ?)")
STMT(SEARCH_UPDATE, WORKSPACE,
    "UPDATE search_block SET text = ?, filter = ?"
    " WHERE workspace_id = :workspace AND block = ? AND part = ?")
STMT(SEARCH_DELETE, WORKSPACE,
    "DELETE FROM search_block"
    " WHERE workspace_id = :workspace AND block = ? AND part = ?")
STMT(SEARCH_PENDING_INSERT, WORKSPACE,
    "INSERT INTO search_pending (workspace_id, seq, piece, text)"
    " VALUES (:workspace, ?, ?, ?)")
STMT(SEARCH_PENDING_DELETE_RANGE, WORKSPACE,
    "DELETE d FROM search_pending d FORCE INDEX (PRIMARY)"
    " WHERE d.workspace_id = :workspace AND d.seq >= ? AND d.seq < ?")
STMT(SEARCH_PENDING_DELETE_LIST, WORKSPACE,
    "DELETE d FROM search_pending d FORCE INDEX (PRIMARY)"
    " WHERE d.workspace_id = :workspace AND d.seq IN (?...)")
STMT(SEARCH_PENDING_LOCK, WORKSPACE,
    "SELECT seq, piece, text FROM search_pending FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND seq >= ? AND seq < ?"
    " ORDER BY seq, piece FOR UPDATE")
/* Whether so many wait; where the first is from a seq on. */
STMT(SEARCH_PENDING_MANY, WORKSPACE,
    "SELECT seq FROM search_pending WHERE workspace_id = :workspace"
    " ORDER BY seq, piece LIMIT ?, 1")
STMT(SEARCH_PENDING_FIRST, WORKSPACE,
    "SELECT seq FROM search_pending"
    " WHERE workspace_id = :workspace AND seq >= ? ORDER BY seq LIMIT 1")
/* Merging: by whose turn it is. */
STMT(SEARCH_DUE_FIND, SERVER,
    "SELECT workspace_id FROM search_due WHERE workspace_id = ?")
STMT(SEARCH_DUE_INSERT, SERVER,
    "INSERT IGNORE INTO search_due (workspace_id, account_id) VALUES (?, ?)")
STMT(SEARCH_DUE_NEXT, SERVER,
    "SELECT workspace_id, account_id, lease_until FROM search_due"
    " WHERE lease_until <= ? ORDER BY lease_until LIMIT 1")
STMT(SEARCH_DUE_COUNT, SERVER, "SELECT COUNT(*) FROM search_due")
STMT(SEARCH_DUE_LEASE, SERVER,
    "UPDATE search_due SET lease_until = ?"
    " WHERE workspace_id = ? AND lease_until = ?")
STMT(SEARCH_DUE_DONE, SERVER,
    "DELETE FROM search_due WHERE workspace_id = ? AND lease_until = ?")
/* Blocks that were written before there were filters, from one on. */
STMT(SEARCH_UNFILTERED, WORKSPACE,
    "SELECT block FROM search_block FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND block >= ? AND filter IS NULL"
    " ORDER BY block, part LIMIT 1")
/* A search: blocks and what is pending, a window of them at a time. */
STMT(SEARCH_END, WORKSPACE,
    "SELECT next_position FROM segment"
    " WHERE workspace_id = :workspace AND id = 0")
STMT(SEARCH_BLOCKS, WORKSPACE,
    "SELECT block, part, text FROM search_block"
    " WHERE workspace_id = :workspace AND block >= ? AND block < ?"
    " ORDER BY block, part")
STMT(SEARCH_FILTERS, WORKSPACE,
    "SELECT block, part, filter FROM search_block FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND block >= ? AND block < ?")
STMT(SEARCH_BLOCKS_LIST, WORKSPACE,
    "SELECT block, part, text FROM search_block FORCE INDEX (PRIMARY)"
    " WHERE workspace_id = :workspace AND block IN (?...)")
STMT(SEARCH_PENDING, WORKSPACE,
    "SELECT seq, piece, text FROM search_pending"
    " WHERE workspace_id = :workspace AND seq >= ? AND seq < ?"
    " ORDER BY seq, piece")
/* Customers of a block, where it cannot be relied on yet; chunks of the job
 * that will make it so. */
STMT(SEARCH_CUSTOMERS, WORKSPACE,
    "SELECT seq, uuid, key_version, layout, profile FROM customer"
    " WHERE workspace_id = :workspace AND seq >= ? AND seq < ? ORDER BY seq")
STMT(SEARCH_CHUNKS, ACCOUNT,
    "SELECT n FROM job_queue WHERE account_id = :account AND job = ?"
    " AND n >= ? AND n < ? ORDER BY n")
