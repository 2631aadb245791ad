-- Changing what is stored: customers' events and layouts, jobs of every kind.

-- schema_version counts every change of the workspace's fields: rows that were
-- judged under another one are judged again. layout counts the changes that
-- alter how profiles are stored (see model/field.h). Ids of fields and segments
-- are never given twice.
ALTER TABLE workspace ADD COLUMN schema_version INT UNSIGNED NOT NULL DEFAULT 1;
ALTER TABLE workspace ADD COLUMN layout INT UNSIGNED NOT NULL DEFAULT 1;
ALTER TABLE workspace ADD COLUMN next_field_id INT UNSIGNED NOT NULL DEFAULT 0;
ALTER TABLE workspace ADD COLUMN next_segment_id INT UNSIGNED NOT NULL DEFAULT 0;

-- layout: the workspace's layout that the profile has. events: the last
-- changes, packed (model/event.h).
ALTER TABLE customer ADD COLUMN layout INT UNSIGNED NOT NULL DEFAULT 1;
ALTER TABLE customer ADD COLUMN events BLOB NOT NULL DEFAULT '';

-- Which index key the digest was made under.
ALTER TABLE customer_unique ADD COLUMN version INT UNSIGNED NOT NULL DEFAULT 1;

-- A job that walks a range of numbers (seqs or positions) has no payloads: its
-- chunk n is the range of `step` numbers from first_seq + n * step on. detail is
-- what its kind needs to know, without personal data.
ALTER TABLE job ADD COLUMN step INT UNSIGNED NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN detail VARCHAR(2000) NOT NULL DEFAULT '';

-- kind: as in tbl/job_kinds.h, by number.
ALTER TABLE job_queue ADD COLUMN kind TINYINT UNSIGNED NOT NULL DEFAULT 0;
