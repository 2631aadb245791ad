/* Statements, values, lists and rows against a real server. */
#include <stdlib.h>

#include "db/internal.h"
#include "server.h"
#include "t/tap.h"

static struct server server;
static struct db *db;
static struct err e;
static const struct db_context ctx = {.account_id = 7, .workspace_id = 70};
static const struct db_context other = {.account_id = 8, .workspace_id = 80};

static struct uuid
make_uuid(unsigned n)
{
	struct uuid u;
	unsigned i;

	for (i = 0; i < UUID_LEN; i++)
		u.b[i] = (uint8_t)(n >> (i % 4 * 8) ^ i * 37 ^ 0xc3);
	return u;
}

static enum err_code
add_customer(const struct db_context *c, unsigned seq, struct db_val profile)
{
	struct uuid u = make_uuid(seq);

	return told(db_exec(db, c, SQL_CUSTOMER_INSERT,
	                DB_ARGS(db_int(seq), db_uuid(&u), profile, db_int(seq)),
	                NULL, NULL, &e),
	    &e);
}

static void
take_int(struct db_rows *r, void *arg)
{
	*(int64_t *)arg = db_get_int(r, 0);
}

static int64_t
count(const struct db_context *c, enum stmt st)
{
	int64_t n = -1;

	if (told(db_one(db, c, st, DB_NOARGS, take_int, &n, &e), &e))
		return -1;
	return n;
}

static void
test_session(void)
{
	struct db_rows *r;

	is_int(told(db_ping(db, &e), &e), ERR_OK, "ping connects");
	is_int(db_query(db, NULL, SQL_SESSION_TEXT, DB_NOARGS, &r, &e), ERR_OK,
	    "ask for the mode");
	ok(db_next(r), "there is a row");
	is_str(db_get_bytes(r, 0, NULL),
	    "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION", "sql_mode is strict");
	ok(!db_next(r), "and no other");
	is_int(db_done(&r, &e), ERR_OK, "it ends well");
	ok(!r, "the handle is gone");
	is_int(db_query(db, NULL, SQL_SESSION_NUMBERS, DB_NOARGS, &r, &e),
	    ERR_OK, "ask for the rest");
	ok(db_next(r) && db_get_int(r, 0) == 1, "isolation is READ COMMITTED");
	is_int(db_get_int(r, 1), 0, "LOCAL INFILE is off");
	is_int(db_get_int(r, 2), 1, "utf8mb4");
	is_int(db_done(&r, &e), ERR_OK, "rows left are drained");
}

static void
test_context(void)
{
	struct db_context none = {0}, half = {.workspace_id = 70};
	struct db_context account = {.account_id = 7};
	struct db_rows *r = NULL;
	struct uuid u = make_uuid(1);

	is_int(db_query(db, NULL, SQL_CUSTOMER_ALL, DB_NOARGS, &r, &e),
	    ERR_NO_CONTEXT, "S16: no context, no tenant statement");
	ok(!r, "S16: and no rows");
	is_str(err_text(&e), "no database context", "S16: its text");
	is_int(db_query(db, &none, SQL_CUSTOMER_ALL, DB_NOARGS, &r, &e),
	    ERR_NO_CONTEXT, "S16: ids of 0 are not bound");
	is_int(db_query(db, &half, SQL_CUSTOMER_ALL, DB_NOARGS, &r, &e),
	    ERR_NO_CONTEXT, "S16: a workspace without an account");
	is_int(db_query(db, &account, SQL_CUSTOMER_ALL, DB_NOARGS, &r, &e),
	    ERR_NO_CONTEXT, "S16: an account without a workspace");
	is_int(db_exec(db, &half, SQL_CHUNK_INSERT,
	           DB_ARGS(db_uuid(&u), db_int(1), db_int(1), db_str("x")),
	           NULL, NULL, &e),
	    ERR_NO_CONTEXT, "S16: an account's statement without one");
	is_int(db_bulk(db, &none, SQL_CUSTOMER_INSERT, NULL, 0, 4, &e),
	    ERR_NO_CONTEXT, "S16: a bulk without a context");
	is_int(add_customer(&ctx, 1, db_str("{}")), ERR_OK, "a customer");
	is_int(
	    count(&ctx, SQL_CUSTOMER_COUNT), 1, "S16: seen by its workspace");
	is_int(count(&other, SQL_CUSTOMER_COUNT), 0, "S16: and by no other");
	is_int(db_exec_list(db, &other, SQL_CUSTOMER_DELETE, DB_NOARGS,
	           DB_ARGS(db_int(1)), NULL, &e),
	    ERR_OK, "delete from outside");
	is_int(count(&ctx, SQL_CUSTOMER_COUNT), 1, "S16: changes nothing");
}

static void
test_types(void)
{
	struct db_rows *r;
	uint64_t affected = 9;
	size_t n;

	is_int(
	    told(db_exec(db, &ctx, SQL_FIELD_INSERT,
	             DB_ARGS(db_int(1), db_str("a"),
	                 db_str("\xc3\xa9\xf0\x9f\x98\x80"), db_str("string"),
	                 db_int(1), db_int(0), db_int(4294967295), db_null(),
	                 db_str(""), db_int(INT64_MIN)),
	             &affected, NULL, &e),
	        &e),
	    ERR_OK, "insert a row of all types");
	is_int(affected, 1, "one row changed");
	is_int(db_query(db, &ctx, SQL_FIELD_LIST, DB_NOARGS, &r, &e), ERR_OK,
	    "read it");
	ok(db_next(r), "a row");
	is_int(db_get_int(r, 0), 1, "integer");
	is_str(db_get_bytes(r, 2, &n), "\xc3\xa9\xf0\x9f\x98\x80", "UTF-8");
	is_int(n, 6, "its length in bytes");
	is_int(db_get_int(r, 3), 1, "boolean");
	is_int(db_get_int(r, 4), 4294967295, "unsigned");
	ok(db_is_null(r, 5) && !db_get_bytes(r, 5, &n) && n == 0, "NULL");
	ok(!db_is_null(r, 6), "an empty text is not NULL");
	is_str(db_get_bytes(r, 6, &n), "", "but empty");
	is_int(db_get_int(r, 7), INT64_MIN, "least integer");
	is_int(db_done(&r, &e), ERR_OK, "end");
	is_int(db_exec(db, &ctx, SQL_FIELD_INSERT,
	           DB_ARGS(db_int(2), db_str("b"), db_str("\xff\xfe"),
	               db_str("string"), db_int(1), db_int(0), db_int(1),
	               db_null(), db_null(), db_int(0)),
	           NULL, NULL, &e),
	    ERR_DATABASE, "bad UTF-8 is refused, not mended");
	ok(!strstr(e.cause, "\\x") && strstr(e.cause, "FIELD_INSERT"),
	    "the log names the statement, not the value: %s", e.cause);
}

static void
test_numbers(void)
{
	struct uuid u = make_uuid(2);
	struct db_rows *r;

	is_int(told(db_exec(db, &ctx, SQL_CUSTOMER_INSERT,
	                DB_ARGS(db_int(INT64_MAX), db_uuid(&u), db_str("{}"),
	                    db_int(0)),
	                NULL, NULL, &e),
	           &e),
	    ERR_OK, "greatest integer");
	is_int(db_query(db, &ctx, SQL_CUSTOMER_COUNT, DB_NOARGS, &r, &e),
	    ERR_OK, "sum");
	ok(db_next(r), "a row");
	is_int(db_get_int(r, 0), 2, "COUNT");
	is_str(db_get_bytes(r, 1, NULL), "9223372036854775808", "SUM");
	is_int(db_done(&r, &e), ERR_OK, "end");
	is_int(db_exec_list(db, &ctx, SQL_CUSTOMER_DELETE, DB_NOARGS,
	           DB_ARGS(db_int(INT64_MAX)), NULL, &e),
	    ERR_OK, "delete");
	is_int(db_query(db, &ctx, SQL_CUSTOMER_COUNT, DB_NOARGS, &r, &e),
	    ERR_OK, "sum again");
	ok(db_next(r) && db_get_int(r, 1) == 1, "SUM as an integer");
	is_int(db_done(&r, &e), ERR_OK, "end");
	is_int(db_query(db, &other, SQL_CUSTOMER_COUNT, DB_NOARGS, &r, &e),
	    ERR_OK, "sum of nothing");
	ok(db_next(r) && db_is_null(r, 1) && db_get_int(r, 1) == 0 &&
	        db_is_null(r, 2) && db_get_int(r, 2) == 0,
	    "is NULL and reads as 0");
	is_int(db_done(&r, &e), ERR_OK, "end");
}

/* Payloads of lengths around the buffers' sizes, up to `most` bytes. */
static char *
make_payload(size_t n, unsigned seed)
{
	char *p = malloc(n + 1);
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (char)(i * 131 + i / 251 + seed);
	return p;
}

static void
test_blobs(void)
{
	static const size_t sizes[] = {
	    0, 1, 31, 1023, 1024, 1025, 2048, 70000, 16, 5000000, 3, 3000000};
	const unsigned n = sizeof(sizes) / sizeof(sizes[0]);
	struct uuid job = make_uuid(9);
	struct db_rows *r;
	bool good = true;
	unsigned i, pass;
	size_t len;

	for (i = 0; i < n; i++) {
		char *p = make_payload(sizes[i], i);

		good = good && !told(db_exec(db, &ctx, SQL_CHUNK_INSERT,
		                         DB_ARGS(db_uuid(&job), db_int(i),
		                             db_int(i), db_bytes(p, sizes[i])),
		                         NULL, NULL, &e),
		                   &e);
		free(p);
	}
	ok(good, "store payloads of up to 5 MB");
	for (pass = 0; pass < 2; pass++) {
		is_int(db_query(db, &ctx, SQL_CHUNK_LIST,
		           DB_ARGS(db_uuid(&job)), &r, &e),
		    ERR_OK, "read them, pass %u", pass);
		for (i = 0; db_next(r); i++) {
			const char *got = db_get_bytes(r, 2, &len);
			char *p = make_payload(sizes[i], i);

			good = good && db_get_int(r, 0) == i &&
			       len == sizes[i] && !memcmp(got, p, len) &&
			       !got[len];
			free(p);
		}
		is_int(told(db_done(&r, &e), &e), ERR_OK, "to the end");
		ok(good && i == n, "every one whole, in order");
	}
}

static void
test_lists(void)
{
	static const unsigned sizes[] = {
	    1, 2, 5, 6, 19, 20, 21, 50, 51, 150, 151, 499, 500};
	struct db_val list[DB_LIST_MAX];
	struct db_rows *r;
	uint64_t gone = 0;
	unsigned i, k, n;

	for (i = 0; i < DB_LIST_MAX; i++) {
		list[i] = db_int(1000 + i);
		if (add_customer(&ctx, 1000 + i, db_str("{}")))
			break;
	}
	is_int(i, DB_LIST_MAX, "many customers");
	for (k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		is_int(told(db_query_list(db, &ctx, SQL_CUSTOMER_BY_SEQ,
		                DB_ARGS(db_int(1001)),
		                (struct db_args){list, sizes[k]}, &r, &e),
		           &e),
		    ERR_OK, "a list of %u", sizes[k]);
		for (n = 0; db_next(r) && db_get_int(r, 0) == 1001 + n; n++)
			;
		is_int(db_done(&r, &e), ERR_OK, "end");
		is_int(n, sizes[k] - 1, "finds its %u rows, each once",
		    sizes[k] - 1);
	}
	is_int(db_exec_list(db, &ctx, SQL_CUSTOMER_DELETE, DB_NOARGS,
	           (struct db_args){list, 30}, &gone, &e),
	    ERR_OK, "delete a list");
	is_int(gone, 30, "of 30");
	is_int(db_exec_list(db, &ctx, SQL_CUSTOMER_DELETE, DB_NOARGS,
	           (struct db_args){list, 500}, &gone, &e),
	    ERR_OK, "delete the rest");
	is_int(gone, 470, "of 470");
}

/* Bytes are bound as text; a BINARY key must serve them all the same. */
static void
test_binary_key(void)
{
	struct uuid u[2] = {make_uuid(1), make_uuid(77)};
	struct db_rows *r;
	unsigned i;

	for (i = 5000; i < 5100; i++)
		if (add_customer(&ctx, i, db_str("{}")))
			break;
	is_int(i, 5100, "some rows");
	is_int(db_query_list(db, &ctx, SQL_CUSTOMER_BY_UUID, DB_NOARGS,
	           DB_ARGS(db_uuid(&u[0]), db_uuid(&u[1])), &r, &e),
	    ERR_OK, "find by binary ids");
	ok(db_next(r) && db_get_int(r, 0) == 1 && !db_next(r), "one is found");
	is_int(db_done(&r, &e), ERR_OK, "end");
	is_int(db_query(db, &ctx, SQL_CUSTOMER_PLAN,
	           DB_ARGS(db_uuid(&u[0]), db_uuid(&u[1])), &r, &e),
	    ERR_OK, "plan");
	ok(db_next(r), "a row");
	is_str(
	    db_get_bytes(r, 5, NULL), "customer_uuid", "uses the unique key");
	is_int(db_done(&r, &e), ERR_OK, "end");
}

static void
test_text_key(void)
{
	struct db_rows *r;

	is_int(db_exec(db, NULL, SQL_ACCOUNT_INSERT,
	           DB_ARGS(db_str("acme"), db_str("Acme"), db_int(0)), NULL,
	           NULL, &e),
	    ERR_OK, "an account");
	is_int(db_query(
	           db, NULL, SQL_ACCOUNT_PLAN, DB_ARGS(db_str("acme")), &r, &e),
	    ERR_OK, "plan");
	ok(db_next(r), "a row");
	is_str(db_get_bytes(r, 5, NULL), "account_code", "uses the unique key");
	is_int(db_done(&r, &e), ERR_OK, "end");
}

static void
test_metacharacters(void)
{
	static const char *const values[] = {"'", "\"", "`", "\\", "\\'", ";--",
	    "' OR 1=1 -- ", "'); DROP TABLE account; -- ", "?", ":account",
	    ":workspace", "(?...)", "%", "_", "/*", "*/", "\x1a", "\n", "\r\n",
	    "x' UNION SELECT 1, password FROM user -- ", "{}${}", "\t"};
	const unsigned n = sizeof(values) / sizeof(values[0]);
	int64_t before = count(&ctx, SQL_CUSTOMER_COUNT);
	unsigned i, good = 0, rows;
	struct db_rows *r;

	for (i = 0; i < n; i++) {
		char code[16];

		snprintf(code, sizeof(code), "c%u", i);
		if (told(
		        db_exec(db, NULL, SQL_ACCOUNT_INSERT,
		            DB_ARGS(db_str(code), db_str(values[i]), db_int(0)),
		            NULL, NULL, &e),
		        &e) ||
		    db_query(db, NULL, SQL_ACCOUNT_BY_NAME,
		        DB_ARGS(db_str(values[i])), &r, &e))
			break;
		for (rows = 0; db_next(r); rows++)
			good += !strcmp(db_get_bytes(r, 1, NULL), values[i]);
		if (db_done(&r, &e) || rows != 1)
			break;
	}
	is_int(i, n, "S29: values with metacharacters are stored and found");
	is_int(good, n, "S29: each as itself, and alone");
	is_int(
	    count(&ctx, SQL_CUSTOMER_COUNT), before, "S29: nothing else moved");
}

static void
test_errors(void)
{
	static const char secret[] = "jane@example.com";
	struct db_rows *r;
	uint64_t id = 0;
	int64_t n;

	is_int(
	    db_exec(db, NULL, SQL_ACCOUNT_INSERT,
	        DB_ARGS(db_str(secret), db_str("x"), db_int(0)), NULL, &id, &e),
	    ERR_OK, "insert");
	ok(id > 0, "gives a generated key");
	is_int(db_exec(db, NULL, SQL_ACCOUNT_INSERT,
	           DB_ARGS(db_str(secret), db_str("y"), db_int(0)), NULL, NULL,
	           &e),
	    ERR_DUPLICATE, "the same again is a duplicate");
	ok(!strstr(e.cause, secret) && !strstr(e.text, secret),
	    "S33: whose value stays out of text and log: %s", e.cause);
	is_int(db_query(db, NULL, SQL_BROKEN, DB_NOARGS, &r, &e), ERR_DATABASE,
	    "a statement that the server refuses");
	ok(!e.text[0] && !strstr(err_text(&e), "SELECT"), "S33: shows no SQL");
	is_int(db_one(db, NULL, SQL_CANARY_READ, DB_ARGS(db_str("12345678")),
	           take_int, &n, &e),
	    ERR_NOT_FOUND, "no row");
	is_int(count(NULL, SQL_CANARY_COUNT), 0, "and the connection goes on");
}

int
main(void)
{
	server_open(&server, false);
	server_migrate(&server);
	db = db_new(&server.conf, DB_APP);
	test_session();
	test_context();
	test_types();
	test_numbers();
	test_blobs();
	test_lists();
	test_binary_key();
	test_text_key();
	test_metacharacters();
	test_errors();
	db_free(&db);
	server_close(&server);
	return done_testing();
}
