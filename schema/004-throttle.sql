-- throttle: failed sign-ins, by whom and from where, and what ends sessions.

-- A bucket is a keyed digest (model/throttle.h): no e-mail and no address can
-- be read out of it. It leaks: empty_at is when the last of its failures will
-- be forgiven, so that (empty_at - now) / leak is how many it holds.
CREATE TABLE throttle (
  bucket BINARY(16) NOT NULL PRIMARY KEY,
  empty_at BIGINT NOT NULL,
  blocked_until BIGINT NOT NULL,
  KEY throttle_empty (empty_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Tokens made before this time are refused; it moves at each logout of a user,
-- change of password, disabling. Ours carry its value and must equal it.
ALTER TABLE user ADD COLUMN tokens_valid_from BIGINT NOT NULL DEFAULT 0;

-- To end all of a user's families.
ALTER TABLE refresh_token ADD KEY refresh_token_user (account_id, user_id);
