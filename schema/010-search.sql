-- Search: what of customers is looked through, folded and sealed under the
-- account's secret at rest (model/search.h).

-- Customers of a block (seq div 1024), in parts of up to some hundred kB.
CREATE TABLE search_block (
  workspace_id INT UNSIGNED NOT NULL,
  block BIGINT UNSIGNED NOT NULL,
  part INT UNSIGNED NOT NULL,
  text MEDIUMBLOB NOT NULL,
  PRIMARY KEY (workspace_id, block, part)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What a customer is now, in pieces where it is long: it stands for all that
-- the block has of that customer, until it is merged into it.
CREATE TABLE search_pending (
  workspace_id INT UNSIGNED NOT NULL,
  seq BIGINT UNSIGNED NOT NULL,
  piece SMALLINT UNSIGNED NOT NULL,
  text MEDIUMBLOB NOT NULL,
  PRIMARY KEY (workspace_id, seq, piece)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Customers that are stored already have no texts yet. So none of their fields
-- is searchable until it is made so (again), which writes them.
UPDATE field f JOIN segment s ON s.workspace_id = f.workspace_id AND s.id = 0
SET f.searchable = FALSE WHERE s.next_position > 0;

-- Workspaces with so much pending that a worker should merge it.
CREATE TABLE search_due (
  workspace_id INT UNSIGNED NOT NULL PRIMARY KEY,
  account_id INT UNSIGNED NOT NULL,
  lease_until BIGINT NOT NULL DEFAULT 0,
  KEY search_due_account (account_id),
  KEY search_due_lease (lease_until)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
