/* Both forms of db_bulk give the same rows and the same errors. */
#include <stdlib.h>

#include "db/internal.h"
#include "server.h"
#include "t/tap.h"

#define NCOLS 4 /* of CUSTOMER_INSERT: seq, uuid, profile, created_at */

static struct server server;
static struct err e;

static struct db_context
context(uint32_t workspace)
{
	return (struct db_context){.account_id = 1, .workspace_id = workspace};
}

/* Rows whose ids are binary and whose texts differ in length, some empty. */
static struct db_val *
make_rows(size_t n, unsigned first, struct uuid *ids)
{
	static const char text[] =
	    "h\xc3\xa9' \\ \" ; -- ?:account\n0123456789";
	struct db_val *cells = calloc(n * NCOLS, sizeof(*cells));
	size_t i, k;

	for (i = 0; i < n; i++) {
		struct db_val *row = &cells[i * NCOLS];

		for (k = 0; k < UUID_LEN; k++)
			ids[i].b[k] = (uint8_t)((first + i) >> (k % 3 * 8));
		row[0] = db_int(first + (int64_t)i);
		row[1] = db_uuid(&ids[i]);
		row[2] = i % 7 ? db_bytes(text, sizeof(text) - 1 - i % 7 * 4)
		               : db_bytes(NULL, 0);
		row[3] = db_int(i % 2 ? -(int64_t)i : INT64_MAX);
	}
	return cells;
}

static enum err_code
insert(
    struct db *db, uint32_t workspace, enum stmt st, size_t n, unsigned first)
{
	struct db_context ctx = context(workspace);
	struct uuid *ids = calloc(n ? n : 1, sizeof(*ids));
	struct db_val *cells = make_rows(n, first, ids);
	enum err_code err = db_bulk(db, &ctx, st, cells, n, NCOLS, &e);

	free(cells);
	free(ids);
	return err;
}

/* How many rows of two workspaces are equal, in order; -1 if they differ. */
static int
compare(struct db *x, uint32_t wx, struct db *y, uint32_t wy)
{
	struct db_context cx = context(wx), cy = context(wy);
	struct db_rows *rx, *ry;
	size_t nx, ny;
	int n = 0;

	if (db_query(x, &cx, SQL_CUSTOMER_ALL, DB_NOARGS, &rx, &e) ||
	    db_query(y, &cy, SQL_CUSTOMER_ALL, DB_NOARGS, &ry, &e))
		return -1;
	while (db_next(rx)) {
		const char *px, *py;

		if (!db_next(ry))
			return -1;
		px = db_get_bytes(rx, 2, &nx);
		py = db_get_bytes(ry, 2, &ny);
		if (nx != ny || memcmp(px, py, nx) ||
		    db_get_int(rx, 0) != db_get_int(ry, 0) ||
		    db_get_int(rx, 3) != db_get_int(ry, 3) ||
		    memcmp(db_get_bytes(rx, 1, NULL), db_get_bytes(ry, 1, NULL),
		        UUID_LEN))
			return -1;
		n++;
	}
	if (db_next(ry) || db_done(&rx, &e) || db_done(&ry, &e))
		return -1;
	return n;
}

static void
test_sizes(struct db *array, struct db *rows)
{
	static const size_t sizes[] = {0, 1, 2, 49, 50, 551, 1000, 1234};
	unsigned i, first = 1;
	int total = 0;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		is_int(
		    told(insert(array, 1, SQL_CUSTOMER_INSERT, sizes[i], first),
		        &e),
		    ERR_OK, "%zu rows as arrays", sizes[i]);
		is_int(
		    told(insert(rows, 2, SQL_CUSTOMER_INSERT, sizes[i], first),
		        &e),
		    ERR_OK, "%zu rows as tuples", sizes[i]);
		first += (unsigned)sizes[i];
		total += (int)sizes[i];
	}
	is_int(compare(array, 1, rows, 2), total, "both hold the same rows");
	is_int(told(insert(array, 1, SQL_CUSTOMER_PUT, 700, 3), &e), ERR_OK,
	    "rows that replace, as arrays");
	is_int(told(insert(rows, 2, SQL_CUSTOMER_PUT, 700, 3), &e), ERR_OK,
	    "rows that replace, as tuples");
	is_int(compare(array, 1, rows, 2), total, "the same again");
}

static void
test_duplicates(struct db *db, uint32_t workspace, const char *form)
{
	is_int(insert(db, workspace, SQL_CUSTOMER_INSERT, 600, 100000), ERR_OK,
	    "%s: new rows", form);
	is_int(insert(db, workspace, SQL_CUSTOMER_INSERT, 600, 100599),
	    ERR_DUPLICATE, "%s: the first of 600 is taken", form);
	ok(!strchr(e.cause, '\'') && strstr(e.cause, "CUSTOMER_INSERT"),
	    "%s: the log has no value: %s", form, e.cause);
	is_int(insert(db, workspace, SQL_CUSTOMER_INSERT, 600, 99401),
	    ERR_DUPLICATE, "%s: the last of 600 is taken", form);
	is_int(insert(db, workspace, SQL_CUSTOMER_INSERT, 20, 200000), ERR_OK,
	    "%s: the connection goes on", form);
}

/* NULL in the first row, in all rows, in some rows of a column. */
static void
test_nulls(struct db *db, uint32_t workspace, const char *form)
{
	struct db_context ctx = context(workspace);
	struct db_val cells[3][9] = {{{0}}};
	static const char *const names[3] = {"a", "b", "c"};
	struct db_rows *r;
	unsigned i, nulls = 0;

	for (i = 0; i < 3; i++) {
		struct db_val *c = cells[i];

		c[0] = db_int(i);
		c[1] = c[2] = c[3] = db_str(names[i]);
		c[4] = c[5] = c[6] = db_int(i % 2);
		c[7] = i ? db_str("[1]") : db_null();
		c[8] = db_null();
	}
	for (i = 0; i < 3; i++)
		cells[i][8] = db_null();
	is_int(told(db_bulk(db, &ctx, SQL_FIELD_BULK, cells[0], 3, 9, &e), &e),
	    ERR_OK, "%s: rows with NULL", form);
	if (db_query(db, &ctx, SQL_FIELD_LIST, DB_NOARGS, &r, &e))
		return;
	for (i = 0; db_next(r); i++)
		nulls += (unsigned)(db_is_null(r, 5) << (2 * i) |
		                    db_is_null(r, 6) << (2 * i + 1));
	is_int(db_done(&r, &e), ERR_OK, "%s: read", form);
	is_int(nulls, 3 + (2 << 2) + (2 << 4), "%s: NULL where it was", form);
}

/* Batches are cut by bytes: 40 rows of 1 MB pass any packet limit. */
static void
test_large(struct db *db, uint32_t workspace, const char *form)
{
	struct db_context ctx = context(workspace);
	struct uuid ids[12], job = {{1}};
	const size_t size = 1000000;
	struct db_val cells[12][4];
	char *p = malloc(size);
	struct db_rows *r;
	unsigned i;
	size_t n, sum = 0;

	memset(ids, 0, sizeof(ids));
	memset(p, 0xee, size);
	for (i = 0; i < 12; i++) {
		cells[i][0] = db_uuid(&job);
		cells[i][1] = cells[i][2] = db_int(i);
		cells[i][3] = db_bytes(p, i % 3 ? size : 5);
	}
	ctx.account_id = workspace;
	is_int(
	    told(db_bulk(db, &ctx, SQL_CHUNK_INSERT, cells[0], 12, 4, &e), &e),
	    ERR_OK, "%s: large values", form);
	if (db_query(db, &ctx, SQL_CHUNK_LIST, DB_ARGS(db_uuid(&job)), &r, &e))
		return;
	for (i = 0; db_next(r); i++, sum += n)
		db_get_bytes(r, 2, &n);
	is_int(db_done(&r, &e), ERR_OK, "%s: read", form);
	is_int(sum, 8 * size + 4 * 5, "%s: all there", form);
	free(p);
}

int
main(void)
{
	struct conf without;
	struct db *array, *rows;

	server_open(&server, false);
	server_migrate(&server);
	without = server.conf;
	without.database_bulk = false;
	array = db_new(&server.conf, DB_APP);
	rows = db_new(&without, DB_APP);
	is_int(told(db_ping(array, &e), &e), ERR_OK, "connect");
	ok(array->bulk, "the server binds arrays");
	is_int(db_ping(rows, &e), ERR_OK, "connect once more");
	ok(!rows->bulk, "[database] bulk = off is obeyed");
	test_sizes(array, rows);
	test_duplicates(array, 3, "arrays");
	test_duplicates(rows, 4, "tuples");
	test_nulls(array, 5, "arrays");
	test_nulls(rows, 6, "tuples");
	test_large(array, 7, "arrays");
	test_large(rows, 8, "tuples");
	db_free(&array);
	db_free(&rows);
	server_close(&server);
	return done_testing();
}
