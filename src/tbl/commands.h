/*
 * The commands of cofferctl, in the order of its help:
 *   COMMAND(words, argument, options needed, options allowed beside them,
 *       what is opened for it, function, what it does)
 * `argument` is the name of the one argument, in brackets if it may be left
 * out, or NULL. Opened are NOTHING, CONF (the configuration), or SITE (keys and
 * database too, found good).
 */
COMMAND("init", NULL, 0, 0, CONF, ctl_init,
    "make the key directory: master key, token secret and audit key")
COMMAND("migrate", NULL, 0, OPT(SCHEMA), CONF, ctl_migrate,
    "make the database's tables, or bring them up to date")
COMMAND("check", NULL, 0, 0, CONF, ctl_check,
    "look whether configuration, keys and database are good")
COMMAND("config", NULL, 0, 0, NOTHING, ctl_config,
    "print every option of coffer.ini with its default and meaning")
COMMAND("account create", "CODE", OPT(NAME), 0, SITE, ctl_account_create,
    "make an account (a tenant) with its keys")
COMMAND("account list", NULL, 0, 0, SITE, ctl_account_list,
    "list the accounts")
COMMAND("account show", "CODE", 0, 0, SITE, ctl_account_show,
    "show an account and how much each of its keys has sealed")
COMMAND("account erase", "CODE", 0, OPT(YES), SITE, ctl_account_erase,
    "destroy an account: its keys, and all that is stored of it")
COMMAND("account data-key", "CODE", OPT(REVEAL), 0, SITE,
    ctl_account_data_key, "print an account's data keys by version")
COMMAND("key rotate", NULL, OPT(ACCOUNT), OPT(INDEX), SITE, ctl_key_rotate,
    "give an account a new data key (or index key); prints the jobs' ids")
COMMAND("master-key create", "FILE", 0, 0, NOTHING, ctl_master_key_create,
    "make a master key in a file; prints its path")
COMMAND("master-key replace", NULL, OPT(NEW), OPT(KEEP_OLD), CONF,
    ctl_master_key_replace,
    "put a new master key in the place of the one in use; prints its id")
COMMAND("backup", "FILE", 0, 0, SITE, ctl_backup,
    "write the database to a file (compressed, if it ends in .gz)")
COMMAND("restore", "FILE", 0, OPT(REPLACE) | OPT(SCHEMA), CONF, ctl_restore,
    "bring a backup back into the database")
COMMAND("workspace create", NULL, OPT(ACCOUNT) | OPT(NAME), 0, SITE,
    ctl_workspace_create, "make a workspace; prints its id")
COMMAND("workspace list", NULL, OPT(ACCOUNT), 0, SITE, ctl_workspace_list,
    "list the workspaces of an account")
COMMAND("workspace set", "ID", OPT(ORIGINS), 0, SITE, ctl_workspace_set,
    "name the origins of a workspace's portals; prints them")
COMMAND("workspace show", "ID", 0, 0, SITE, ctl_workspace_show,
    "print the origins of a workspace's portals")
COMMAND("group create", NULL, OPT(WORKSPACE) | OPT(NAME) | OPT(CODE), 0, SITE,
    ctl_group_create, "make a customer group; prints its id")
COMMAND("group list", NULL, OPT(WORKSPACE), 0, SITE, ctl_group_list,
    "list the customer groups of a workspace")
COMMAND("field create", NULL, OPT(WORKSPACE) | OPT(JSON), 0, SITE,
    ctl_field_create, "make a field; prints its name")
COMMAND("field list", NULL, OPT(WORKSPACE), 0, SITE, ctl_field_list,
    "list the fields of a workspace, a line of JSON each")
COMMAND("user create", NULL,
    OPT(ACCOUNT) | OPT(EMAIL) | OPT(ROLE) | OPT(WORKSPACE) |
	OPT(PASSWORD_STDIN),
    0, SITE, ctl_user_create,
    "make a user with a role in a workspace; prints its id")
COMMAND("user grant", NULL,
    OPT(ACCOUNT) | OPT(EMAIL) | OPT(ROLE) | OPT(WORKSPACE), 0, SITE,
    ctl_user_grant, "give a user a role in another workspace, or another role")
COMMAND("user list", NULL, OPT(ACCOUNT), 0, SITE, ctl_user_list,
    "list the users of an account")
COMMAND("user disable", "EMAIL", 0, OPT(ACCOUNT), SITE, ctl_user_disable,
    "shut a user out, and end all that it is signed in with, at once")
COMMAND("user enable", "EMAIL", 0, OPT(ACCOUNT), SITE, ctl_user_enable,
    "let a disabled user sign in again")
COMMAND("user set-password", "EMAIL", OPT(PASSWORD_STDIN), OPT(ACCOUNT), SITE,
    ctl_user_set_password,
    "give a user another password, and end all that it is signed in with")
COMMAND("api-key create", NULL, OPT(WORKSPACE) | OPT(PRIVILEGES), OPT(NAME),
    SITE, ctl_api_key_create, "make an API key; prints it, this once")
COMMAND("api-key list", NULL, OPT(WORKSPACE), 0, SITE, ctl_api_key_list,
    "list the API keys of a workspace, without the keys themselves")
COMMAND("api-key revoke", "ID", 0, 0, SITE, ctl_api_key_revoke,
    "end an API key, at once and for good")
COMMAND("session open", NULL, OPT(WORKSPACE) | OPT(CUSTOMER), 0, SITE,
    ctl_session_open, "open a session for a customer; prints its id")
COMMAND("session close", "HANDLE", OPT(WORKSPACE), 0, SITE, ctl_session_close,
    "end a session, by the handle that \"session open\" says")
COMMAND("job list", NULL, 0, OPT(ACCOUNT) | OPT(STATUS), SITE, ctl_job_list,
    "list the newest 100 jobs of each account, or of one")
COMMAND("job show", "ID", 0, 0, SITE, ctl_job_show,
    "show a job, by its id or its UUID")
COMMAND("job cancel", "ID", 0, 0, SITE, ctl_job_cancel,
    "cancel what has not been done of a job")
COMMAND("audit verify", "[FILE]", 0, OPT(SINCE), CONF, ctl_audit_verify,
    "verify the audit log in the database, or an export of it, offline")
COMMAND("audit export", NULL, 0, OPT(SINCE), SITE, ctl_audit_export,
    "print the audit log, a line of JSON an entry")
