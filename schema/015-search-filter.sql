-- Beside each part of searched text a filter tells, from an eighth of its size,
-- of most texts that they are not in it (model/search_page.h); sealed as the
-- text is. A part without one is looked through by every search.

ALTER TABLE search_block ADD COLUMN filter MEDIUMBLOB NULL;

-- Workers make those of the parts that are stored already.
INSERT IGNORE INTO search_due (workspace_id, account_id)
SELECT w.id, w.account_id FROM workspace w
WHERE EXISTS (SELECT * FROM search_block b WHERE b.workspace_id = w.id);
