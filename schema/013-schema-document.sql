-- Fields as the other face defines them: GET and PUT /scv/schema.

-- What a JSON Schema says of a field beside its definition ("default",
-- "description", ...), as a JSON object; NULL: nothing.
ALTER TABLE field ADD COLUMN words MEDIUMTEXT NULL;

-- What it says of the workspace: its own names for system attributes, what
-- sessions may do with attributes, title and description; as a JSON object.
ALTER TABLE workspace ADD COLUMN schema_words MEDIUMTEXT NULL;
