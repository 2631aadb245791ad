/*
 * The yardsticks of single creates: finished rows, inserted by prepared
 * statements, with a COMMIT for each customer.
 *
 *   insert DEFAULTS_FILE DATABASE WORKSPACE FIRST_SEQ SECONDS CLIENTS FILE ROWS
 *
 * FILE holds a finished profile. ROWS: `customer`, the customer and its digest;
 * `all`, every row that a create leaves, which are these, an entry of the audit
 * log (of the request "bench") and two counts (of the group GROUP). Prints
 * customers a second.
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

#define GROUP "4000000000" /* that nobody has; single.py knows it too */

static char profile[65536];
static unsigned long length;
static long long workspace, seq, now, entry, bucket, block;
static uint8_t id[16], digest[16], chain[16], mac[32];
static unsigned long sixteen = 16, thirty_two = 32;

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
	if (!mysql_real_connect(db, NULL, NULL, NULL, database, 0, NULL, 0) ||
	    mysql_autocommit(db, 0))
		die(db, "connect");
	return db;
}

/* What a create leaves in each table, in the order of its statements; the first
 * two alone are the bare insert. */
enum { CUSTOMER, DIGEST, BARE, AUDIT = BARE, COUNTS, ALL };

static void
prepare_all(MYSQL *db, MYSQL_STMT *out[ALL])
{
	MYSQL_BIND row[] = {number(&workspace), number(&seq),
	    bytes(id, &sixteen), bytes(profile, &length), number(&now),
	    number(&now)};
	MYSQL_BIND key[] = {
	    number(&workspace), bytes(digest, &sixteen), number(&seq)};
	MYSQL_BIND told[] = {bytes(chain, &sixteen), number(&entry),
	    number(&now), number(&now), number(&workspace), bytes(id, &sixteen),
	    bytes(mac, &thirty_two)};
	MYSQL_BIND counts[] = {number(&workspace), number(&bucket),
	    number(&seq), number(&seq), number(&workspace), number(&block),
	    number(&seq), number(&seq)};

	out[CUSTOMER] = prepare(db,
	    "INSERT INTO customer (workspace_id, seq, uuid, revision,"
	    " key_version, layout, profile, created_at, updated_at)"
	    " VALUES (?, ?, ?, 1, 1, 1, ?, ?, ?)",
	    row);
	out[DIGEST] = prepare(db,
	    "INSERT INTO customer_unique (workspace_id, field_id, digest, seq,"
	    " version) VALUES (?, 16, ?, ?, 1)",
	    key);
	out[AUDIT] = prepare(db,
	    "INSERT INTO audit (chain, n, at, stored_at, level, action,"
	    " account_id, workspace_id, user_id, subject, detail, request_id,"
	    " mac) VALUES (?, ?, ?, ?, 'info', 'customer_create', 1, ?, 0, ?,"
	    " '{\"api_key\":\"11111111-1111-4111-8111-111111111111\","
	    "\"attributes\":9,\"changed\":true}', 'bench', ?)",
	    told);
	out[COUNTS] = prepare(db,
	    "INSERT INTO segment_bucket (workspace_id, segment_id, level,"
	    " bucket, live, low, high, delta)"
	    " VALUES (?, " GROUP ", 0, ?, 1, ?, ?, 0),"
	    " (?, " GROUP ", 1, ?, 1, ?, ?, NULL)"
	    " ON DUPLICATE KEY UPDATE live = live + VALUES(live),"
	    " low = LEAST(low, VALUES(low)), high = GREATEST(high,"
	    " VALUES(high)), delta = IF(delta = VALUES(delta), delta, NULL)",
	    counts);
}

/* Clients count in the same rows, as creates of a workspace do. */
static long
run(MYSQL *db, double end, int tables)
{
	MYSQL_STMT *list[ALL];
	long n = 0;
	int i;

	prepare_all(db, list);
	if (getrandom(chain, 16, 0) != 16)
		exit(71);
	for (; seconds() < end; n++, seq++, entry++) {
		if (getrandom(id, 16, 0) != 16 ||
		    getrandom(digest, 16, 0) != 16)
			exit(71);
		now = (long long)time(NULL) * 1000;
		bucket = seq % 1000000 / 1024;
		block = bucket / 32;
		for (i = 0; i < tables; i++)
			if (mysql_stmt_execute(list[i]))
				die(db, "insert");
		if (mysql_commit(db))
			die(db, "commit");
	}
	return n;
}

int
main(int argc, char **argv)
{
	int i, clients = argc == 9 ? atoi(argv[6]) : 0;
	double took;
	long total = 0, *counts;
	FILE *file;

	if (!clients || !(file = fopen(argv[7], "rb"))) {
		fprintf(stderr, "usage: insert DEFAULTS_FILE DATABASE WORKSPACE"
		                " FIRST_SEQ SECONDS CLIENTS FILE ROWS\n");
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

			counts[i] = run(db, seconds() + took,
			    strcmp(argv[8], "all") ? BARE : ALL);
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
