-- Customers' sessions, and the origins whose pages may use them.

-- digest: SHA-256 of the id in the cookie, which has 256 random bits and is
-- never stored. handle: what others call the session. customer: its UUID, so
-- that a request need not read it elsewhere.
CREATE TABLE session (
  digest BINARY(32) NOT NULL PRIMARY KEY,
  handle BINARY(16) NOT NULL,
  account_id INT UNSIGNED NOT NULL,
  workspace_id INT UNSIGNED NOT NULL,
  seq BIGINT UNSIGNED NOT NULL,
  customer BINARY(16) NOT NULL,
  -- The API key that opened it; NULL: cofferctl.
  api_key BINARY(16) NULL,
  created_at BIGINT NOT NULL,
  -- When it was last used, kept roughly.
  seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  UNIQUE KEY session_handle (handle),
  KEY session_customer (workspace_id, seq),
  KEY session_account (account_id),
  KEY session_seen (seen_at),
  KEY session_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Origins (RFC 6454, section 6.2) that a workspace's portals have. By origin,
-- for a preflight comes without a session.
CREATE TABLE workspace_origin (
  origin VARCHAR(270) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  account_id INT UNSIGNED NOT NULL,
  workspace_id INT UNSIGNED NOT NULL,
  PRIMARY KEY (origin, workspace_id),
  KEY workspace_origin_of (account_id, workspace_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
