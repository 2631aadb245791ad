/*
 * The options of coffer.ini, in the order of the file.
 *   STRING(section, name, default, meaning)
 *   NUMBER(section, name, default, least, most, meaning)
 *   SWITCH(section, name, default, meaning)
 */
STRING(server, hostname, "localhost",
    "Public host name, with :port if not 443; it is part of every job id")
STRING(server, socket, "/run/coffer/fcgi.sock",
    "Unix socket on which nginx reaches the pool")
NUMBER(server, processes, 4, 1, 512, "FastCGI processes in the pool")
STRING(server, pid_file, "", "Where the master writes its process id")
STRING(server, log, "", "Log file; empty for standard error")
STRING(server, log_level, "info", "error, warning, info or debug")
STRING(server, spool_dir, "/var/tmp",
    "Where request bodies wait, encrypted under a key that is in memory only")
NUMBER(server, request_timeout, 60, 1, 3600,
    "Seconds a client may keep a process waiting")
STRING(server, metrics_from, "127.0.0.0/8 ::1",
    "Addresses and networks that may read /metrics")

STRING(database, socket, "", "Unix socket of MariaDB; preferred over host")
STRING(database, host, "", "Host of MariaDB; TLS is then required")
NUMBER(database, port, 3306, 1, 65535, "Port of MariaDB")
STRING(database, name, "coffer", "Schema name")
STRING(database, user, "coffer_app", "User of the programs: rows only")
STRING(database, password_file, "", "File with that user's password")
STRING(database, owner, "coffer_owner",
    "User of cofferctl migrate: may create tables")
STRING(database, owner_password_file, "", "File with the owner's password")
STRING(database, tls_ca, "", "Certificate authority of the server")
NUMBER(database, connect_timeout, 5, 1, 60, "Seconds to wait for a connection")
NUMBER(database, statement_timeout, 60, 1, 3600,
    "Seconds to wait for an answer")
SWITCH(database, bulk, true,
    "Array binding where the server has it; off: multi-row statements")
SWITCH(database, compound, true,
    "Compound statements where the server has them; off: each sent by itself")

STRING(keys, dir, "/etc/coffer/keys",
    "Key directory: master key and one salt an account; not in the database")
NUMBER(keys, rotate_at, 1073741824, 1, 4294967295,
    "Values sealed under a key after which it asks for rotation")

STRING(audit, dir, "/var/lib/coffer/audit",
    "Where each process writes reads and refusals until the worker stores them")
NUMBER(audit, part_bytes, 4194304, 4096, 1073741824,
    "Size at which such a file is followed by the next")
NUMBER(audit, import, 2000, 10, 60000,
    "Milliseconds between two looks of the worker at those files")
NUMBER(audit, anchor, 60, 1, 86400,
    "Seconds between two anchors, which show an end that was cut off")

STRING(auth, issuer, "coffer", "iss of the tokens that are made and accepted")
STRING(auth, audience, "coffer", "aud of the tokens that are made and accepted")
STRING(auth, secret_file, "",
    "HS256 secret, at least 32 bytes; empty: key directory, jwt.secret")
NUMBER(auth, access_seconds, 900, 1, 86400, "Life of an access token")
NUMBER(auth, refresh_seconds, 1209600, 60, 31536000,
    "Life of a refresh token")
NUMBER(auth, leeway, 5, 0, 300, "Seconds by which clocks may differ")
NUMBER(auth, guesses, 5, 1, 1000,
    "Wrong passwords of an e-mail from an address before the address must wait")
NUMBER(auth, guesses_address, 100, 1, 100000,
    "The same over all e-mails of an account")
NUMBER(auth, guesses_key, 20, 1, 100000,
    "Wrong API keys at sign-in from an address before it must wait")
NUMBER(auth, guess_delay, 1000, 1, 3600000,
    "Milliseconds of the first wait; it doubles with each failure after it")
NUMBER(auth, guess_delay_max, 900, 1, 86400, "Most seconds of a wait")
NUMBER(auth, guess_forget, 900, 1, 86400,
    "Seconds after which one wrong password of an e-mail is forgiven")
NUMBER(auth, guess_forget_address, 60, 1, 86400,
    "The same where an address is counted over all e-mails, or for API keys")
NUMBER(auth, hashers, 0, 0, 512,
    "Processes that may work on a password at once; 0: half of the pool")

NUMBER(session, idle, 1800, 1, 86400,
    "Seconds without a request after which a customer's session ends")
NUMBER(session, absolute, 43200, 1, 2592000,
    "Seconds after which it ends in any case")

NUMBER(limits, json_bytes, 8388608, 1024, 67108864, "Largest JSON body")
NUMBER(limits, json_memory, 20971520, 65536, 268435456,
    "Most memory that a parsed JSON body may take")
NUMBER(limits, upload_bytes, 67108864, 1024, 1073741824,
    "Largest multipart body; nginx must allow as much")
NUMBER(limits, cell_bytes, 65536, 16, 1048576, "Largest CSV cell or value")
NUMBER(limits, row_bytes, 1048576, 64, 8388608, "Largest row")
NUMBER(limits, rows, 10000, 1, 10000, "Most rows in an upload")
NUMBER(limits, inline_rows, 100, 0, 1000,
    "Uploads of up to so many rows are done within the request")

NUMBER(worker, processes, 2, 1, 64, "Processes that coffer-worker --poll runs")
NUMBER(worker, chunk_rows, 1000, 1, 1000, "Rows in a chunk of a job")
NUMBER(worker, lease, 30000, 100, 3600000,
    "Milliseconds after which a chunk of a dead worker is taken over")
NUMBER(worker, poll, 1000, 10, 60000,
    "Milliseconds between looks at the queue when nothing wakes the worker")
NUMBER(worker, attempts, 10, 1, 100, "Tries of a chunk before its job fails")
NUMBER(worker, backoff, 200, 1, 60000, "Milliseconds before the first retry")
NUMBER(worker, backoff_max, 60000, 1, 3600000, "Most milliseconds between")
NUMBER(worker, background, 30, 1, 100,
    "Percent of its time that a process may give to rotations")
NUMBER(worker, search_pending, 1000, 1, 100000,
    "Changed customers of a workspace that wait to be put into search blocks")
STRING(worker, wake_socket, "",
    "Unix datagram socket on which the pool wakes the worker; empty: poll only")
STRING(worker, pid_file, "", "Where the worker writes its process id")
STRING(worker, log, "", "Log file; empty for standard error")

STRING(exports, dir, "/var/lib/coffer/exports",
    "Where export files are, which nginx sends; they hold plaintext")
NUMBER(exports, ttl, 86400, 1, 31536000,
    "Seconds after which a finished file is removed")
NUMBER(exports, url_ttl, 900, 1, 604800,
    "Seconds for which a signed URL is good")
NUMBER(exports, waiting, 10, 1, 1000,
    "Exports of a workspace that may wait or run at a time")
NUMBER(exports, keep_days, 30, 1, 3650,
    "Days after its end that an export can be looked up")

NUMBER(jobs, keep_days, 30, 1, 3650,
    "Days after its end that a job can be looked up")
