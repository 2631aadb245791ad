-- Key versions that are used no more: their bytes are gone, their number
-- stays taken.
ALTER TABLE account_key ADD COLUMN retired_at BIGINT NULL;
