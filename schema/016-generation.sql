-- What a process may remember of a workspace between requests, its API keys
-- among it (model/api_key_cache.h), holds as long as this number is the same:
-- whatever changes any of it raises the number in the same transaction, past
-- the microseconds since 1970, so that no other life of the database, brought
-- back from a backup, has had it.
ALTER TABLE workspace ADD COLUMN generation BIGINT UNSIGNED NOT NULL DEFAULT 1;
