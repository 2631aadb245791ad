/* Rows: columns found, cells and members become records, errors are named. */
#include <stdlib.h>

#include "base/json.h"
#include "ingest/rows.h"
#include "t/tap.h"

static struct arena *arena;
static struct schema schema;
static struct row_errors errs;

/* Sorted by name, as schema_load gives them. */
static const char *const fields[] = {
    "{\"field_name\":\"count\",\"field_type\":\"integer\"}",
    "{\"field_name\":\"email\",\"display_name\":\"E-mail\",\"field_type\":"
    "\"string\",\"required\":true,\"unique\":true,\"pii\":true}",
    "{\"field_name\":\"first_name\",\"display_name\":\"First Name\","
    "\"field_type\":\"string\",\"max_length\":10}",
    "{\"field_name\":\"spent\",\"field_type\":\"number\"}",
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static json_t *
parse(const char *text)
{
	json_t *v = NULL;
	struct err e;

	if (json_read_mem(text, strlen(text), &v, &e)) {
		printf("Bail out! %s: %s\n", text, err_text(&e));
		abort();
	}
	return v;
}

static void
setup(void)
{
	static const uint8_t seed[32] = {9, 1, 2, 3};
	struct err e;

	json_setup(seed);
	arena = arena_new(16384);
	schema.fields = arena_calloc(arena, FIELDS, sizeof(struct field));
	schema.n = FIELDS;
	for (size_t i = 0; i < FIELDS; i++) {
		json_t *v = parse(fields[i]);

		if (field_from_definition(v, arena, &schema.fields[i], &e)) {
			printf("Bail out! %s\n", err_text(&e));
			abort();
		}
		schema.fields[i].id = (uint32_t)(FIELD_FIRST_ID + i);
		json_decref(v);
	}
}

/* A row of cells, as csv_next gives it. */
static struct csv_row
row_of(uint32_t n, const char *const *cells, unsigned ncells)
{
	static struct csv_cell out[16];

	for (unsigned i = 0; i < ncells; i++)
		out[i] = (struct csv_cell){cells[i], strlen(cells[i])};
	return (struct csv_row){
	    .row = n, .line = n + 1, .n = ncells, .cells = out};
}

#define ROW(n, ...)                                   \
	row_of(n, (const char *const[]){__VA_ARGS__}, \
	    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void
begin(struct rows *r)
{
	memset(&errs, 0, sizeof(errs));
	rows_init(r, &schema, arena, &errs, 100, 200);
}

/* "field code, ..." of all errors. */
static const char *
found(void)
{
	struct buf b = {0};
	const char *s;

	buf_adds(&b, "");
	for (unsigned i = 0; i < errs.n; i++)
		buf_addf(&b, "%s%u/%u %s %s", i ? ", " : "", errs.list[i].row,
		    errs.list[i].line, errs.list[i].field,
		    row_code_name(errs.list[i].code));
	s = arena_strndup(arena, b.data, b.len);
	buf_free(&b);
	return s;
}

/* "name=json ..." of the record. */
static const char *
record(const struct rows *r)
{
	struct buf b = {0};
	const char *s;

	buf_addf(&b, "%u/%u", r->record.row, r->record.line);
	for (unsigned i = 0; i < schema.n; i++) {
		const struct value *v = &r->record.values[i];

		if (v->json)
			buf_addf(&b, " %s=%.*s", schema.fields[i].name,
			    (int)v->n, v->json);
	}
	s = arena_strndup(arena, b.data, b.len);
	buf_free(&b);
	return s;
}

static void
is_header(
    struct csv_row row, const char *want, const char *names, const char *name)
{
	struct buf got = {0};
	struct rows r;

	begin(&r);
	is_int(rows_header(&r, &row), !*want, "header: %s", name);
	is_str(found(), want, "its errors");
	if (names) {
		rows_names(&r, &got);
		is_str(got.data, names, "its names");
	}
	buf_free(&got);
	rows_free(&r);
}

static void
test_headers(void)
{
	is_header(ROW(0, "spent", "email"), "", "[\"spent\",\"email\"]",
	    "names, in any order");
	is_header(ROW(0, " first NAME ", "e-MAIL"), "",
	    "[\"first_name\",\"email\"]",
	    "display names without regard to case and spaces");
	is_header(ROW(0, "email", "error_row", "error_field", "error_code"), "",
	    "[\"email\"]", "columns of wrong rows are passed over");
	is_header(ROW(0, "email", "shoe", ""), "0/1 shoe unknown, 0/1  unknown",
	    NULL, "unknown columns");
	is_header(ROW(0, "email", "E-mail"), "0/1 email duplicate", NULL,
	    "a column twice");
	is_header(ROW(0, "spent", "shoe"),
	    "0/1 shoe unknown, 0/1 email required", NULL,
	    "a required column is missing");
	is_header(ROW(0, "email", "\xff\xfe"), "0/1  encoding", NULL,
	    "a column that is not UTF-8");
}

static void
test_long_name(void)
{
	char name[1000];
	struct csv_row row;
	struct rows r;

	for (size_t i = 0; i < sizeof(name) - 2; i += 2)
		memcpy(name + i, "\xc3\xa9", 2);
	name[998] = '\0';
	row = ROW(0, "email", name);
	begin(&r);
	ok(!rows_header(&r, &row), "a long unknown name is refused");
	is_int(strlen(errs.list[0].field), 200, "and quoted in part");
	rows_free(&r);
}

static void
test_csv(void)
{
	struct csv_row header =
	    ROW(0, "email", "error_row", "spent", "First Name", "count");
	struct csv_row row;
	struct rows r;

	begin(&r);
	ok(rows_header(&r, &header), "a header");
	row = ROW(1, "a@x.org", "junk", "1500.00", "J\"n", "7");
	ok(rows_from_csv(&r, &row), "a row");
	is_str(record(&r),
	    "1/2 count=7 email=\"a@x.org\" first_name=\"J\\\"n\" "
	    "spent=1500.00",
	    "its record");
	row = ROW(2, "b@x.org", "", "", "", " ");
	ok(rows_from_csv(&r, &row), "empty cells");
	is_str(record(&r), "2/3 email=\"b@x.org\"", "give nothing");
	is_int(errs.total, 0, "no errors so far");
	row = ROW(3, "", "", "x", "12345678901", "8");
	ok(!rows_from_csv(&r, &row), "a wrong row");
	is_str(found(),
	    "3/4 spent type, 3/4 first_name length, 3/4 email required",
	    "each cell is named");
	is_str(record(&r), "3/4 count=8", "what is right is kept");
	row = ROW(4, "c@x.org", "", "", "caf\xe9", "");
	ok(!rows_from_csv(&r, &row), "S27: Latin-1");
	is_str(errs.list[3].field, "first_name", "S27: is named");
	is_int(errs.list[3].code, ROW_ENCODING, "S27: as encoding");
	row = ROW(5, "d@x.org", "", "1", "ok", "1");
	ok(rows_from_csv(&r, &row), "a right row after wrong ones");
	is_int(errs.invalid_rows, 2, "wrong rows are counted");
	rows_free(&r);
}

static void
is_json(
    const char *text, const char *want, const char *errors, const char *name)
{
	json_t *v = parse(text);
	struct rows r;

	begin(&r);
	is_int(rows_from_json(&r, v, 5), !*errors, "JSON: %s", name);
	is_str(found(), errors, "its errors");
	is_str(record(&r), want, "its record");
	rows_free(&r);
	json_decref(v);
}

static void
test_json(void)
{
	is_json("{\"spent\":1500.00,\"email\":\"a@x.org\",\"count\":\"12\"}",
	    "5/5 count=12 email=\"a@x.org\" spent=1500.00", "",
	    "numbers keep their digits");
	is_json("{\"email\":\"a@x.org\",\"spent\":null}",
	    "5/5 email=\"a@x.org\"", "", "null gives nothing");
	is_json("{\"email\":null}", "5/5", "5/5 email required",
	    "null where a value is required");
	is_json("{\"email\":\"\"}", "5/5", "5/5 email required",
	    "nothing where a value is required");
	is_json("{}", "5/5", "5/5 email required", "no members");
	is_json("{\"email\":\"a@x.org\",\"shoe\":1,\"E-mail\":2}",
	    "5/5 email=\"a@x.org\"", "5/5 shoe unknown, 5/5 E-mail unknown",
	    "unknown members");
	is_json("{\"email\":1,\"count\":1.5}", "5/5",
	    "5/5 email type, 5/5 count type", "wrong types");
	is_json("[]", "5/5", "5/5  type", "not an object");
	is_json("\"x\"", "5/5", "5/5  type", "a string");
}

static void
test_limits(void)
{
	static char long_one[300];
	struct csv_row header = ROW(0, "email", "first_name"), row;
	struct rows r;

	memset(long_one, 'x', 99);
	begin(&r);
	ok(rows_header(&r, &header), "a header");
	row = ROW(1, long_one, "");
	ok(!rows_from_csv(&r, &row), "a value over the limit with its quotes");
	is_str(found(), "1/2 email length", "is too long");
	long_one[98] = '\0';
	row = ROW(2, long_one, "");
	ok(rows_from_csv(&r, &row), "one of the limit is not");
	r.row_bytes = 99;
	row = ROW(3, long_one, "");
	ok(!rows_from_csv(&r, &row), "a row over the limit");
	is_str(found(), "1/2 email length, 3/4  length", "is too long");
	rows_free(&r);
}

static void
test_names(void)
{
	json_t *one = parse("{\"spent\":1,\"email\":\"a\"}");
	json_t *two = parse("{\"email\":\"a\",\"count\":null}");
	struct buf got = {0};
	struct rows r;

	begin(&r);
	ok(rows_from_json(&r, one, 1) && rows_from_json(&r, two, 2), "rows");
	rows_names(&r, &got);
	is_str(got.data, "[\"count\",\"email\",\"spent\"]",
	    "names that any object has");
	rows_free(&r);
	buf_free(&got);
	json_decref(one);
	json_decref(two);
}

/* Rows of an update: how each names its customer. */
static void
test_update(void)
{
	struct rows r;
	struct csv_row h = ROW(0, "Customer_ID ", "E-mail", "spent");
	struct csv_row row;

	begin(&r);
	r.update = r.nulls = true;
	ok(rows_header(&r, &h), "customer_id is a column of an update");
	row = ROW(1, "2dce3a0b-ed1a-4ff2-b099-0c30c1082800", "a@x.org", "1");
	ok(rows_from_csv(&r, &row) && r.record.has_customer &&
	        !r.record.matched && r.record.customer.b[0] == 0x2d,
	    "customer_id names the customer");
	row = ROW(2, "", "a@x.org", "1");
	ok(rows_from_csv(&r, &row) && r.record.has_customer &&
	        r.record.matched == FIELD_FIRST_ID + 1,
	    "or else the first unique field");
	row = ROW(3, " ", "", "1");
	ok(!rows_from_csv(&r, &row) && !r.record.has_customer,
	    "a row that names nobody is wrong");
	row = ROW(4, "2dce3a0b", "", "");
	ok(!rows_from_csv(&r, &row), "so is a malformed UUID");
	is_int(errs.list[0].code, ROW_REQUIRED, "required");
	is_int(errs.list[1].code, ROW_FORMAT, "format");
	rows_free(&r);
}

int
main(void)
{
	setup();
	test_update();
	test_headers();
	test_long_name();
	test_csv();
	test_json();
	test_limits();
	test_names();
	schema_release(&schema);
	arena_free(&arena);
	return done_testing();
}
