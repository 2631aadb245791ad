-- Lists of customers by their dates, page by page (model/customer_list.h): a
-- page begins anywhere in an index, whose rows are in the order of the list.

ALTER TABLE customer ADD KEY customer_created (workspace_id, created_at, seq);
ALTER TABLE customer ADD KEY customer_updated (workspace_id, updated_at, seq);
ALTER TABLE segment_member
  ADD KEY segment_member_date (workspace_id, segment_id, segmented_at, position);
