-- Jobs: fair shares of the workers, lists, retention.

-- The chunk with the least finish_tag goes first (model/job_queue.h): its
-- virtual finish time, counted in rows, of which it takes `cost`. 0 is that of
-- chunks which were born claimed: given back, they go before all others.
ALTER TABLE job_queue ADD COLUMN finish_tag BIGINT NOT NULL DEFAULT 0;
ALTER TABLE job_queue ADD COLUMN cost INT UNSIGNED NOT NULL DEFAULT 0;
ALTER TABLE job_queue ADD KEY job_queue_turn (finish_tag);

-- The last finish tag that was given to an account's chunks, per kind of share.
CREATE TABLE job_share (
  account_id INT UNSIGNED NOT NULL,
  share TINYINT UNSIGNED NOT NULL,
  tail BIGINT NOT NULL,
  PRIMARY KEY (account_id, share),
  KEY job_share_tail (tail)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

ALTER TABLE job ADD KEY job_workspace (account_id, workspace_id, created_at);
ALTER TABLE job ADD KEY job_finished (account_id, finished_at);
