-- The audit log: rows are added and never changed (tbl/tables.h, S36).
--
-- Entries of one writer are a chain, numbered from 1: mac is HMAC-SHA256 over
-- the mac of the entry before and every other column but stored_at
-- (model/audit_entry.h). stored_at is when the row came here: that is `at` but
-- for entries that waited in a file, and by it the newest rows are found,
-- whatever chain and time they are of.

CREATE TABLE audit (
  chain BINARY(16) NOT NULL,
  n BIGINT UNSIGNED NOT NULL,
  at BIGINT NOT NULL,
  stored_at BIGINT NOT NULL,
  level VARCHAR(8) NOT NULL,
  action VARCHAR(32) NOT NULL,
  account_id INT UNSIGNED NOT NULL,
  workspace_id INT UNSIGNED NOT NULL,
  user_id INT UNSIGNED NOT NULL,
  subject BINARY(16) NULL,
  detail VARCHAR(2000) NOT NULL,
  request_id VARCHAR(64) NOT NULL,
  mac BINARY(32) NOT NULL,
  PRIMARY KEY (chain, n),
  KEY audit_stored_at (stored_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Who writes anchors now: one row.
CREATE TABLE audit_lease (
  id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
  owner VARCHAR(64) NOT NULL,
  until BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT IGNORE INTO audit_lease (id, owner, until) VALUES (1, '', 0);
