-- Erasure: finding what is kept of a customer outside of its row.

-- Whom a waiting chunk is about: trace digests (model/trace.h), sorted, 8 bytes
-- each.
ALTER TABLE job_chunk ADD COLUMN subjects MEDIUMBLOB NOT NULL DEFAULT '';

-- What else names a customer: kind as in model/trace.h, ref is the key of what
-- is kept. Gone with the customer, or when the kept thing has expired.
CREATE TABLE trace (
  account_id INT UNSIGNED NOT NULL,
  digest BINARY(8) NOT NULL,
  kind TINYINT UNSIGNED NOT NULL,
  ref VARBINARY(128) NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, digest, kind, ref),
  KEY trace_kind (account_id, kind),
  KEY trace_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
