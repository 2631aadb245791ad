-- Fields that change while customers are stored.

-- The job that converts stored profiles to the workspace's layout, while it
-- runs: one at a time.
ALTER TABLE workspace ADD COLUMN convert_job BINARY(16) NULL;

-- was: the definition that profiles of an older layout still follow, as JSON,
-- until they are converted. leaving: the field is deleted, and only profiles
-- that are not converted yet have it.
ALTER TABLE field ADD COLUMN was MEDIUMTEXT NULL;
ALTER TABLE field ADD COLUMN leaving BOOLEAN NOT NULL DEFAULT FALSE;

-- The workspace's schema_version by which the rows of an upload were judged.
ALTER TABLE job ADD COLUMN schema_version INT UNSIGNED NOT NULL DEFAULT 0;
