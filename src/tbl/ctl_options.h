/*
 * The options of cofferctl's commands:
 *   X(NAME, "name", what stands for its value; NULL: it takes none, meaning)
 */
X(ACCOUNT, "account", "CODE", "the account")
X(CODE, "code", "CODE", "code of the group: a-z, 0-9, '-' and '_'")
X(CUSTOMER, "customer", "UUID", "the customer")
X(EMAIL, "email", "EMAIL", "the user's e-mail address")
X(INDEX, "index", NULL,
    "the index key, by which unique values are found, not the data key")
X(JSON, "json", "JSON", "the field, as in PUT /v1/cpf")
X(KEEP_OLD, "keep-old", NULL,
    "leave the old master key in the key directory")
X(NAME, "name", "NAME", "a name for people to read")
X(NEW, "new", "FILE", "the file with the new master key")
X(ORIGINS, "origins", "LIST",
    "https://host[:port], with commas between; \"\" for none")
X(PASSWORD_STDIN, "password-stdin", NULL,
    "read the password from standard input")
X(PRIVILEGES, "privileges", "LIST",
    "all, or names of privileges with commas between")
X(REPLACE, "replace", NULL,
    "drop the tables that the database has now")
X(REVEAL, "reveal", NULL, "say that keys are to be printed")
X(ROLE, "role", "ROLE", "admin, editor, viewer or uploader")
X(SCHEMA, "schema", "DIR", "where the files of the schema are")
X(SINCE, "since", "TIME", "from when on: 2026-11-22 or 2026-11-22T00:20:00Z")
X(STATUS, "status", "STATUS",
    "status of jobs: queued, running, completed, ...")
X(WORKSPACE, "workspace", "ID", "the workspace")
X(YES, "yes", NULL, "say that it is meant")
