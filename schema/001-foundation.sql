-- Coffer's foundation: accounts and their wrapped keys, workspaces, fields,
-- segments (customer groups), customers, jobs.
--
-- Conventions. Times are milliseconds since 1970-01-01T00:00:00Z (BIGINT).
-- UUIDs and digests are BINARY. The key of every tenant table begins with the
-- account or the workspace, so that one tenant's rows lie together. Statements
-- end with a semicolon at the end of a line.

CREATE TABLE schema_migration (
  version INT UNSIGNED NOT NULL PRIMARY KEY,
  name VARCHAR(64) NOT NULL,
  applied_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Proof that a loaded master key is the one that wraps the keys below.
CREATE TABLE master_canary (
  master_id BINARY(8) NOT NULL PRIMARY KEY,
  canary VARBINARY(64) NOT NULL,
  created_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE account (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  code VARCHAR(32) NOT NULL,
  name VARCHAR(200) NOT NULL,
  -- Counts changes of the account's keys: a writer whose keyring was read at
  -- another epoch reads it again.
  key_epoch INT UNSIGNED NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE KEY account_code (code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Wrapped keys; kind as in vault/keyring.h.
CREATE TABLE account_key (
  account_id INT UNSIGNED NOT NULL,
  kind TINYINT UNSIGNED NOT NULL,
  version INT UNSIGNED NOT NULL,
  master_id BINARY(8) NOT NULL,
  wrapped VARBINARY(128) NOT NULL,
  -- Values sealed under it so far (kept roughly: added to per chunk).
  sealed BIGINT UNSIGNED NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, kind, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE workspace (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  account_id INT UNSIGNED NOT NULL,
  uuid BINARY(16) NOT NULL,
  name VARCHAR(200) NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE KEY workspace_uuid (account_id, uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Staff, not customers. E-mail is folded (base/utf8.h).
CREATE TABLE user (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  account_id INT UNSIGNED NOT NULL,
  uuid BINARY(16) NOT NULL,
  email VARCHAR(254) NOT NULL,
  password VARCHAR(128) NOT NULL,
  disabled_at BIGINT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE KEY user_email (account_id, email),
  UNIQUE KEY user_uuid (account_id, uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE user_role (
  workspace_id INT UNSIGNED NOT NULL,
  user_id INT UNSIGNED NOT NULL,
  role VARCHAR(16) NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- digest: SHA-256 of the key, which has 256 random bits and is shown once.
CREATE TABLE api_key (
  digest BINARY(32) NOT NULL PRIMARY KEY,
  uuid BINARY(16) NOT NULL,
  account_id INT UNSIGNED NOT NULL,
  workspace_id INT UNSIGNED NOT NULL,
  name VARCHAR(200) NOT NULL,
  privileges VARCHAR(400) NOT NULL,
  revoked_at BIGINT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE KEY api_key_uuid (uuid),
  KEY api_key_workspace (workspace_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row a family: `jti` is the one token of it that is not spent.
CREATE TABLE refresh_token (
  account_id INT UNSIGNED NOT NULL,
  family BINARY(16) NOT NULL,
  user_id INT UNSIGNED NOT NULL,
  jti BINARY(16) NOT NULL,
  revoked_at BIGINT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, family),
  KEY refresh_token_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE field (
  workspace_id INT UNSIGNED NOT NULL,
  id INT UNSIGNED NOT NULL,
  name VARCHAR(64) NOT NULL,
  display_name VARCHAR(200) NOT NULL,
  type VARCHAR(16) NOT NULL,
  format VARCHAR(32) NOT NULL,
  pii BOOLEAN NOT NULL,
  required BOOLEAN NOT NULL,
  is_unique BOOLEAN NOT NULL,
  searchable BOOLEAN NOT NULL,
  max_length INT UNSIGNED NOT NULL,
  options MEDIUMTEXT NULL,
  regex VARCHAR(1000) NULL,
  role VARCHAR(32) NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  UNIQUE KEY field_name (workspace_id, name),
  UNIQUE KEY field_role (workspace_id, role)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- id 0 is the built-in group `all`: its positions are the customers' seq.
CREATE TABLE segment (
  workspace_id INT UNSIGNED NOT NULL,
  id INT UNSIGNED NOT NULL,
  uuid BINARY(16) NOT NULL,
  code VARCHAR(64) NOT NULL,
  name VARCHAR(200) NOT NULL,
  description VARCHAR(1000) NOT NULL,
  next_position BIGINT UNSIGNED NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id),
  UNIQUE KEY segment_uuid (workspace_id, uuid),
  UNIQUE KEY segment_code (workspace_id, code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Live members by position: level 0 in buckets of 1024 positions, level 1 in
-- buckets of 32 of those. A total, and where a page begins, are sums over some
-- dozen rows, without a scan.
--
-- Where a bucket's members are all customers whose seq is position + delta,
-- made by uploads that took both together, a page of them is a range of
-- customers: those from low + delta to high + delta, exactly. A delta that is
-- NULL says that it is not so. Whoever takes a member out of a group and leaves
-- the customer has to set it to NULL.
CREATE TABLE segment_bucket (
  workspace_id INT UNSIGNED NOT NULL,
  segment_id INT UNSIGNED NOT NULL,
  level TINYINT UNSIGNED NOT NULL,
  bucket BIGINT UNSIGNED NOT NULL,
  live INT UNSIGNED NOT NULL,
  low BIGINT UNSIGNED NOT NULL,
  high BIGINT UNSIGNED NOT NULL,
  delta BIGINT NULL,
  PRIMARY KEY (workspace_id, segment_id, level, bucket)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- No rows for the group `all`.
CREATE TABLE segment_member (
  workspace_id INT UNSIGNED NOT NULL,
  segment_id INT UNSIGNED NOT NULL,
  position BIGINT UNSIGNED NOT NULL,
  seq BIGINT UNSIGNED NOT NULL,
  segmented_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, segment_id, position),
  UNIQUE KEY segment_member_seq (workspace_id, seq, segment_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- profile: finished JSON text, members sorted by name, PII as base64.
CREATE TABLE customer (
  workspace_id INT UNSIGNED NOT NULL,
  seq BIGINT UNSIGNED NOT NULL,
  uuid BINARY(16) NOT NULL,
  revision INT UNSIGNED NOT NULL,
  key_version INT UNSIGNED NOT NULL,
  profile MEDIUMTEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, seq),
  UNIQUE KEY customer_uuid (workspace_id, uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- digest: blind index of the folded value (vault/keyring.h).
CREATE TABLE customer_unique (
  workspace_id INT UNSIGNED NOT NULL,
  field_id INT UNSIGNED NOT NULL,
  digest BINARY(16) NOT NULL,
  seq BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (workspace_id, field_id, digest),
  KEY customer_unique_seq (workspace_id, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Rows and counts are customers' rows; chunks_left 0 ends the job.
CREATE TABLE job (
  account_id INT UNSIGNED NOT NULL,
  uuid BINARY(16) NOT NULL,
  workspace_id INT UNSIGNED NOT NULL,
  operation VARCHAR(16) NOT NULL,
  state VARCHAR(24) NOT NULL,
  segment_id INT UNSIGNED NOT NULL,
  user_id INT UNSIGNED NOT NULL,
  on_existing VARCHAR(8) NOT NULL,
  -- The columns of the upload, as a JSON array of field names.
  columns MEDIUMTEXT NOT NULL,
  row_count INT UNSIGNED NOT NULL,
  processed INT UNSIGNED NOT NULL DEFAULT 0,
  succeeded INT UNSIGNED NOT NULL DEFAULT 0,
  failed INT UNSIGNED NOT NULL DEFAULT 0,
  chunks_left INT UNSIGNED NOT NULL,
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  -- Row i (from 0) becomes customer first_seq + i at position
  -- first_position + i: the order of the file is the order of the group.
  first_seq BIGINT UNSIGNED NOT NULL,
  first_position BIGINT UNSIGNED NOT NULL,
  created_at BIGINT NOT NULL,
  started_at BIGINT NULL,
  finished_at BIGINT NULL,
  PRIMARY KEY (account_id, uuid),
  KEY job_created (account_id, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What is to be done: one row a chunk, gone when the chunk is done. A chunk
-- may be claimed from available_at on: that is the time of its (next) try,
-- and, while somebody works on it, the end of the lease.
CREATE TABLE job_queue (
  account_id INT UNSIGNED NOT NULL,
  job BINARY(16) NOT NULL,
  n INT UNSIGNED NOT NULL,
  workspace_id INT UNSIGNED NOT NULL,
  attempt INT UNSIGNED NOT NULL DEFAULT 0,
  -- Tries that met a fault; the others were cut short (kill -9, a restart).
  faults INT UNSIGNED NOT NULL DEFAULT 0,
  owner VARCHAR(64) NOT NULL DEFAULT '',
  available_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, job, n),
  KEY job_queue_available (available_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The rows of a chunk, packed (model/record.h) and sealed; gone when done.
CREATE TABLE job_chunk (
  account_id INT UNSIGNED NOT NULL,
  job BINARY(16) NOT NULL,
  n INT UNSIGNED NOT NULL,
  row_count INT UNSIGNED NOT NULL,
  payload LONGBLOB NOT NULL,
  PRIMARY KEY (account_id, job, n)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The wrong rows of a job; record is the row, packed and sealed, for 7 days.
CREATE TABLE job_error (
  account_id INT UNSIGNED NOT NULL,
  job BINARY(16) NOT NULL,
  row_no INT UNSIGNED NOT NULL,
  line INT UNSIGNED NOT NULL,
  field VARCHAR(64) NOT NULL,
  code VARCHAR(16) NOT NULL,
  record LONGBLOB NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, job, row_no),
  KEY job_error_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The first 2xx answer of an Idempotency-Key, sealed, for 24 hours.
CREATE TABLE idempotency (
  account_id INT UNSIGNED NOT NULL,
  user_id INT UNSIGNED NOT NULL,
  route VARCHAR(64) NOT NULL,
  key_digest BINARY(32) NOT NULL,
  content_digest BINARY(32) NOT NULL,
  status SMALLINT UNSIGNED NOT NULL,
  answer LONGBLOB NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, user_id, route, key_digest),
  KEY idempotency_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
