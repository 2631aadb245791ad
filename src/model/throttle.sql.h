/* Counts a failure of a bucket before it is one; changes no row while the
 * bucket is blocked. The order of the assignments matters: each sees those
 * before it. */
STMT(THROTTLE_TAKE, SERVER,
    "INSERT INTO throttle (bucket, empty_at, blocked_until) VALUES (?, ?, ?)"
    " ON DUPLICATE KEY UPDATE"
    " empty_at = IF(blocked_until > ?, empty_at, GREATEST(empty_at, ?) + ?),"
    " blocked_until = IF(blocked_until > ?, blocked_until,"
    " ? + IF((empty_at - ?) DIV ? < ?, 0,"
    " LEAST(?, ? * (1 << LEAST((empty_at - ?) DIV ? - ?, 30)))))")
STMT(THROTTLE_WAIT, SERVER,
    "SELECT blocked_until FROM throttle WHERE bucket = ?")
/* Takes one failure back; a block that it made is over. */
STMT(THROTTLE_GIVE, SERVER,
    "UPDATE throttle SET empty_at = empty_at - ?,"
    " blocked_until = IF((empty_at - ?) DIV ? < ?, LEAST(blocked_until, ?),"
    " blocked_until) WHERE bucket = ?")
STMT(THROTTLE_CLEAR, SERVER,
    "UPDATE throttle SET empty_at = ?, blocked_until = ? WHERE bucket = ?")
STMT(THROTTLE_SWEEP, SERVER,
    "DELETE FROM throttle WHERE empty_at < ? AND blocked_until < ?"
    " ORDER BY empty_at LIMIT 1000")
