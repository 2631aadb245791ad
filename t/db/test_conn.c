/* Connections: lost and made anew, inherited by a child, refused. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/internal.h"
#include "server.h"
#include "t/tap.h"

static struct server server;
static struct db *db, *killer;
static struct err e;

static void
take_int(struct db_rows *r, void *arg)
{
	*(int64_t *)arg = db_get_int(r, 0);
}

static int64_t
number(struct db *on, enum stmt st)
{
	int64_t n = -1;

	if (told(db_one(on, NULL, st, DB_NOARGS, take_int, &n, &e), &e))
		return -1;
	return n;
}

static void
kill_session(int64_t id)
{
	is_int(db_exec(killer, NULL, SQL_SESSION_KILL, DB_ARGS(db_int(id)),
	           NULL, NULL, &e),
	    ERR_OK, "kill the session");
	usleep(50000);
}

static enum err_code
add_canary(const char *id)
{
	return db_exec(db, NULL, SQL_CANARY_INSERT,
	    DB_ARGS(db_str(id), db_str("x"), db_int(0)), NULL, NULL, &e);
}

static void
test_lost_idle(void)
{
	int64_t id = number(db, SQL_SESSION_ID), next;

	kill_session(id);
	next = number(db, SQL_SESSION_ID);
	ok(next > 0 && next != id, "a SELECT after a loss has a new session");
	is_int(told(add_canary("00000001"), &e), ERR_OK, "prepare an INSERT");
	kill_session(next);
	is_int(told(add_canary("00000002"), &e), ERR_OK,
	    "a change after a loss found in time runs on a new session");
	is_int(number(db, SQL_CANARY_COUNT), 2, "and ran once");
	kill_session(number(db, SQL_SESSION_ID));
	is_int(told(db_ping(db, &e), &e), ERR_OK, "ping finds a new session");
}

/* The server goes away behind the client's back: shutdown(2) on the socket of
 * the client is seen by nothing but the next read or write. */
static void
test_lost_unseen(void)
{
	int64_t n = number(db, SQL_CANARY_COUNT);

	shutdown((int)mysql_get_socket(db->mysql), SHUT_WR);
	is_int(number(db, SQL_CANARY_COUNT), n, "a SELECT is sent again");
	is_int(told(add_canary("00000003"), &e), ERR_OK, "prepare an INSERT");
	shutdown((int)mysql_get_socket(db->mysql), SHUT_WR);
	n = add_canary("00000004");
	ok(n == ERR_UNAVAILABLE || n == ERR_OK,
	    "a change is not sent blindly again: %s", err_name((int)n));
	is_int(number(db, SQL_CANARY_COUNT), n == ERR_OK ? 4 : 3,
	    "the next call has a new session");
}

static void
test_lost_reading(void)
{
	struct db_context ctx = {.account_id = 1, .workspace_id = 1};
	static char payload[1 << 20];
	struct uuid job = {{1}};
	struct db_rows *r;
	unsigned i, n;

	for (i = 0; i < 8; i++)
		if (db_exec(db, &ctx, SQL_CHUNK_INSERT,
		        DB_ARGS(db_uuid(&job), db_int(i), db_int(0),
		            db_bytes(payload, sizeof(payload))),
		        NULL, NULL, &e))
			break;
	is_int(i, 8, "8 MB of rows");
	is_int(
	    db_query(db, &ctx, SQL_CHUNK_LIST, DB_ARGS(db_uuid(&job)), &r, &e),
	    ERR_OK, "read them");
	ok(db_next(r), "the first");
	kill_session((int64_t)mysql_thread_id(db->mysql));
	for (n = 1; db_next(r); n++)
		;
	ok(n < 8, "the connection goes while reading, after %u", n);
	is_int(told(db_done(&r, &e), &e), ERR_UNAVAILABLE, "db_done tells");
	ok(number(db, SQL_CANARY_COUNT) > 0, "the next call has a new session");
	is_int(
	    db_query(db, &ctx, SQL_CHUNK_LIST, DB_ARGS(db_uuid(&job)), &r, &e),
	    ERR_OK, "read them again");
	ok(db_next(r), "the first");
	is_int(db_done(&r, &e), ERR_OK, "and leave the rest");
}

static void
test_timeout(void)
{
	struct conf hasty = server.conf;
	struct db *on;
	struct db_rows *r;

	hasty.database_statement_timeout = 1;
	on = db_new(&hasty, DB_APP);
	is_int(db_query(on, NULL, SQL_SLEEP, DB_ARGS(db_int(3)), &r, &e)
	           ? ERR_UNAVAILABLE
	       : db_next(r) ? ERR_OK
	                    : db_done(&r, &e),
	    ERR_UNAVAILABLE, "a statement that takes too long");
	ok(number(on, SQL_SESSION_ID) > 0, "the next call has a new session");
	db_free(&on);
}

static void
test_fork(void)
{
	int64_t id = number(db, SQL_SESSION_ID), childs;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		db_close(db);
		childs = number(db, SQL_SESSION_ID);
		db_free(&db);
		db_close(killer);
		db_free(&killer);
		_exit(childs > 0 && childs != id ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "a child closes what it inherited and has its own");
	is_int(number(db, SQL_SESSION_ID), id, "its parent's session stands");
}

static enum err_code
try_ping(const struct conf *c)
{
	struct db *on = db_new(c, DB_APP);
	enum err_code err = db_ping(on, &e);

	db_free(&on);
	return err;
}

static void
test_refused(void)
{
	struct conf c = server.conf;
	char *passwords = c.database_password_file;

	c.database_password_file = c.database_owner_password_file;
	is_int(try_ping(&c), ERR_UNAVAILABLE, "a wrong password");
	ok(!e.text[0] && strstr(e.cause, "1045"), "only the log knows: %s",
	    e.cause);
	c.database_password_file = "/nonexistent/pw";
	is_int(try_ping(&c), ERR_UNAVAILABLE, "no password file");
	ok(strstr(e.cause, "/nonexistent/pw"), "the log says which");
	c.database_password_file = passwords;
	c.database_socket = "/nonexistent/sock";
	is_int(try_ping(&c), ERR_UNAVAILABLE, "no server");
	c.database_socket = "";
	is_int(try_ping(&c), ERR_UNAVAILABLE, "neither socket nor host");
	c = server.conf;
	c.database_name = "coffer_no_such";
	is_int(try_ping(&c), ERR_UNAVAILABLE, "no database");
	ok(strstr(err_text(&e), "cofferctl migrate"), "says what to do");
}

/* A greeting of protocol 10 whose server has every usual capability but TLS. */
static const unsigned char greeting[] = {10, '1', '0', '.', '1', '1', '.', '0',
    '-', 'M', 'a', 'r', 'i', 'a', 'D', 'B', 0, 1, 0, 0, 0, 'a', 'b', 'c', 'd',
    'e', 'f', 'g', 'h', 0, 0xfe, 0xf7, 45, 2, 0, 0xff, 0x81, 21, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l',
    0, 'm', 'y', 's', 'q', 'l', '_', 'n', 'a', 't', 'i', 'v', 'e', '_', 'p',
    'a', 's', 's', 'w', 'o', 'r', 'd', 0};

/* Greets one client, and exits with 1 if it sends what begins a login. */
static void
serve_plain(int listener)
{
	unsigned char head[4] = {sizeof(greeting), 0, 0, 0}, buf[512];
	int fd = accept(listener, NULL, NULL);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (fd < 0 || write(fd, head, 4) != 4 ||
	    write(fd, greeting, sizeof(greeting)) != sizeof(greeting))
		_exit(2);
	if (poll(&p, 1, 3000) <= 0)
		_exit(3);
	_exit(read(fd, buf, sizeof(buf)) > 0);
}

static void
test_plain_host(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0), status;
	struct conf c = server.conf;
	pid_t pid;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&a, len) || listen(listener, 4) ||
	    getsockname(listener, (struct sockaddr *)&a, &len))
		exit(1);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		serve_plain(listener);
	close(listener);
	c.database_socket = "";
	c.database_host = "localhost";
	c.database_port = ntohs(a.sin_port);
	is_int(try_ping(&c), ERR_UNAVAILABLE,
	    "S37: a host without TLS is refused");
	printf("# %s\n", e.cause);
	waitpid(pid, &status, 0);
	is_int(status, 0, "S37: before a login is sent");
	is_int(told(try_ping(&server.conf), &e), ERR_OK,
	    "S37: a local socket needs none");
}

int
main(void)
{
	server_open(&server, false);
	server_migrate(&server);
	db = db_new(&server.conf, DB_APP);
	killer = db_new(&server.conf, DB_APP);
	test_lost_idle();
	test_lost_unseen();
	test_lost_reading();
	test_timeout();
	test_fork();
	test_refused();
	test_plain_host();
	db_free(&db);
	db_free(&killer);
	server_close(&server);
	return done_testing();
}
