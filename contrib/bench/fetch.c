/* The benchmark's yardstick for exports: reads the rows of a statement by
 * mysql_use_result and does nothing with them.
 *
 *   fetch OPTION_FILE DATABASE SQL     prints "rows bytes seconds" */
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void
die(MYSQL *m)
{
	fprintf(stderr, "fetch: %s\n", mysql_error(m));
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	unsigned long long rows = 0, bytes = 0;
	unsigned i, n;
	unsigned long *lengths;
	MYSQL *m = mysql_init(NULL);
	MYSQL_RES *r;
	double began;

	if (argc != 4)
		return 64;
	mysql_options(m, MYSQL_READ_DEFAULT_FILE, argv[1]);
	mysql_options(m, MYSQL_READ_DEFAULT_GROUP, "client");
	mysql_options(m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (!mysql_real_connect(m, NULL, NULL, NULL, argv[2], 0, NULL, 0))
		die(m);
	began = now();
	if (mysql_real_query(m, argv[3], strlen(argv[3])) ||
	    !(r = mysql_use_result(m)))
		die(m);
	n = mysql_num_fields(r);
	while (mysql_fetch_row(r)) {
		lengths = mysql_fetch_lengths(r);
		for (i = 0; i < n; i++)
			bytes += lengths[i];
		rows++;
	}
	if (mysql_errno(m))
		die(m);
	printf("%llu %llu %.6f\n", rows, bytes, now() - began);
	mysql_free_result(r);
	mysql_close(m);
	return 0;
}
