/*
 * The yardstick of single creates: finished rows, inserted into customer and
 * customer_unique by prepared statements, with a COMMIT for each customer.
 *
 *   insert DEFAULTS_FILE DATABASE WORKSPACE FIRST_SEQ SECONDS CLIENTS FILE
 *
 * FILE holds a finished profile; prints customers a second.
 */
#include <mysql.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char profile[65536];
static unsigned long length;
static long long workspace, seq, now;
static uint8_t id[16], digest[16];
static unsigned long sixteen = 16;

static void
die(MYSQL *db, const char *what)
{
	fprintf(stderr, "insert: %s: %s\n", what, mysql_error(db));
	exit(70);
}

static MYSQL_STMT *
prepare(MYSQL *db, const char *sql, MYSQL_BIND *binds)
{
	MYSQL_STMT *st = mysql_stmt_init(db);

	if (!st || mysql_stmt_prepare(st, sql, strlen(sql)) ||
	    mysql_stmt_bind_param(st, binds))
		die(db, sql);
	return st;
}

static MYSQL_BIND
number(long long *v)
{
	return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = v};
}

static MYSQL_BIND
bytes(void *p, unsigned long *n)
{
	return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_BLOB,
	    .buffer = p,
	    .buffer_length = *n,
	    .length = n};
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static MYSQL *
connect_to(const char *defaults, const char *database)
{
	MYSQL *db = mysql_init(NULL);

	mysql_options(db, MYSQL_READ_DEFAULT_FILE, defaults);
	mysql_options(db, MYSQL_READ_DEFAULT_GROUP, "client");
	if (!mysql_real_connect(
	        db, NULL, NULL, NULL, database, 0, NULL, 0) ||
	    mysql_autocommit(db, 0))
		die(db, "connect");
	return db;
}

static long
run(MYSQL *db, double end)
{
	MYSQL_BIND row[] = {number(&workspace), number(&seq),
	    bytes(id, &sixteen), bytes(profile, &length), number(&now),
	    number(&now)};
	MYSQL_BIND key[] = {
	    number(&workspace), bytes(digest, &sixteen), number(&seq)};
	MYSQL_STMT *one = prepare(db,
	    "INSERT INTO customer (workspace_id, seq, uuid, revision,"
	    " key_version, layout, profile, created_at, updated_at)"
	    " VALUES (?, ?, ?, 1, 1, 1, ?, ?, ?)",
	    row);
	MYSQL_STMT *two = prepare(db,
	    "INSERT INTO customer_unique (workspace_id, field_id, digest, seq,"
	    " version) VALUES (?, 16, ?, ?, 1)",
	    key);
	long n = 0;

	for (; seconds() < end; n++, seq++) {
		if (getrandom(id, 16, 0) != 16 || getrandom(digest, 16, 0) != 16)
			exit(71);
		now = (long long)time(NULL) * 1000;
		if (mysql_stmt_execute(one) || mysql_stmt_execute(two) ||
		    mysql_commit(db))
			die(db, "insert");
	}
	return n;
}

int
main(int argc, char **argv)
{
	int i, clients = argc == 8 ? atoi(argv[6]) : 0;
	double took;
	long total = 0, *counts;
	FILE *file;

	if (!clients || !(file = fopen(argv[7], "rb"))) {
		fprintf(stderr, "usage: insert DEFAULTS_FILE DATABASE WORKSPACE"
		                " FIRST_SEQ SECONDS CLIENTS FILE\n");
		return 64;
	}
	length = fread(profile, 1, sizeof(profile), file);
	fclose(file);
	workspace = atoll(argv[3]);
	took = atof(argv[5]);
	counts = mmap(NULL, sizeof(*counts) * (size_t)clients,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < clients; i++) {
		seq = atoll(argv[4]) + (long long)i * 1000000;
		if (fork() == 0) {
			MYSQL *db = connect_to(argv[1], argv[2]);

			counts[i] = run(db, seconds() + took);
			mysql_close(db);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		continue;
	for (i = 0; i < clients; i++)
		total += counts[i];
	printf("%.1f\n", (double)total / took);
	return 0;
}
