-- Keys: erasure of accounts.

-- Set first thing when an account is erased, in the transaction that deletes
-- its wrapped keys: from then on it is to everybody an account that is not
-- there. The row goes last, so that an erasure cut short is gone on with.
ALTER TABLE account ADD COLUMN erased_at BIGINT NULL;
