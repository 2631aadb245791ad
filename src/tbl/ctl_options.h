/*
 * The options of cofferctl's commands:
 *   X(NAME, "name", what stands for its value; NULL: it takes none, meaning)
 */
X(ACCOUNT, "account", "CODE", "the account")
X(CODE, "code", "CODE", "code of the group: a-z, 0-9, '-' and '_'")
X(EMAIL, "email", "EMAIL", "the user's e-mail address")
X(JSON, "json", "JSON", "the field, as in PUT /v1/cpf")
X(NAME, "name", "NAME", "a name for people to read")
X(PASSWORD_STDIN, "password-stdin", NULL,
    "read the password from standard input")
X(PRIVILEGES, "privileges", "LIST",
    "all, or names of privileges with commas between")
X(REVEAL, "reveal", NULL, "say that keys are to be printed")
X(ROLE, "role", "ROLE", "admin, editor, viewer or uploader")
X(SCHEMA, "schema", "DIR", "where the files of the schema are")
X(SINCE, "since", "TIME", "from when on: 2026-11-22 or 2026-11-22T00:20:00Z")
X(WORKSPACE, "workspace", "ID", "the workspace")
