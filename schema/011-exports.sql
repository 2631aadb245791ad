-- Exports: a segment's customers as a CSV file, made by a job.

-- id: when it was asked for, moved on by milliseconds until it is the only one
-- of its workspace; with the code it is the exportid. live: it has a file, or
-- will have one. on_disk: there may be files of it. members: how many customers
-- the segment had, of which `written` are in the file.
CREATE TABLE export (
  workspace_id INT UNSIGNED NOT NULL,
  id BIGINT NOT NULL,
  segment_id INT UNSIGNED NOT NULL,
  code VARCHAR(64) NOT NULL,
  state VARCHAR(12) NOT NULL,
  live BOOLEAN NOT NULL,
  on_disk BOOLEAN NOT NULL DEFAULT FALSE,
  spreadsheet_safe BOOLEAN NOT NULL,
  job BINARY(16) NOT NULL,
  api_key BINARY(16) NOT NULL,
  members BIGINT UNSIGNED NOT NULL,
  written BIGINT UNSIGNED NOT NULL DEFAULT 0,
  bytes BIGINT UNSIGNED NOT NULL DEFAULT 0,
  sha256 BINARY(32) NULL,
  message VARCHAR(200) NOT NULL DEFAULT '',
  started_at BIGINT NULL,
  finished_at BIGINT NULL,
  expires_at BIGINT NULL,
  PRIMARY KEY (workspace_id, id),
  KEY export_live (workspace_id, live, on_disk, id),
  KEY export_job (workspace_id, job)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Who is in a finished file: a bit a customer, 1024 seqs a row, so that a
-- deletion finds the exports that it withdraws.
CREATE TABLE export_block (
  workspace_id INT UNSIGNED NOT NULL,
  block BIGINT UNSIGNED NOT NULL,
  export_id BIGINT NOT NULL,
  bits VARBINARY(128) NOT NULL,
  PRIMARY KEY (workspace_id, block, export_id),
  KEY export_block_export (workspace_id, export_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Who was deleted while a file was being written.
CREATE TABLE export_gone (
  workspace_id INT UNSIGNED NOT NULL,
  export_id BIGINT NOT NULL,
  seq BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (workspace_id, export_id, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Kind 5 is `export`: the kinds of background work move behind it. By their
-- names, so that it may run again.
UPDATE job_queue q JOIN job j ON j.account_id = q.account_id AND j.uuid = q.job
  SET q.kind = CASE j.operation WHEN 'rotate' THEN 6 ELSE 7 END
  WHERE j.operation IN ('rotate', 'reindex');
