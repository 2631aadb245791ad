/* Uploads against a database: what is stored, refused, and said again. */
#include "t/model/tenant.h"

#include "ingest/upload.h"
#include "model/customer.h"
#include "model/segment.h"

static struct arena *arena;
static struct schema schema;

static json_t *
parse(const char *text)
{
	json_t *v = NULL;

	must(json_read_mem(text, strlen(text), &v, &e), text);
	return v;
}

static void
make_field(const char *definition)
{
	json_t *v = parse(definition);
	struct field f;

	must(field_from_definition(v, arena, &f, &e), definition);
	must(field_create(site.db, &one, &f, &e), definition);
	json_decref(v);
}

static void
make_schema(void)
{
	make_field("{\"field_name\":\"email\",\"field_type\":\"string\","
	           "\"pii\":true,\"unique\":true,\"required\":true}");
	make_field("{\"field_name\":\"name\",\"field_type\":\"string\"}");
	make_field("{\"field_name\":\"username\",\"field_type\":\"string\","
	           "\"unique\":true}");
	must(schema_load(site.db, &one, arena, &schema, &e), "schema");
}

/* An upload of JSON or, if it does not look like that, of CSV. */
static enum err_code
run(struct upload *u, const char *rows)
{
	json_t *data = *rows == '[' || *rows == '{' ? parse(rows) : NULL;
	enum err_code code;

	u->account_code = "one";
	u->schema = &schema;
	u->workspace = workspace_one;
	u->segment_id = SEGMENT_ALL;
	u->again.route = "test";
	u->data = data;
	u->file = data ? NULL : spool_new("/tmp");
	if (u->file)
		must(spool_write(u->file, rows, strlen(rows), &e), "spool");
	code = upload_run(&site, &one, u, arena, &e);
	spool_free(&u->file);
	json_decref(data);
	return code;
}

/* Opens a chunk of the upload's job: its records as text. */
static void
is_chunk(const struct upload *u, uint32_t n, const char *want, const char *name)
{
	struct claim c = u->claim;
	struct buf packed = {0}, got = {0};
	const uint8_t *p, *end;
	struct record r;

	c.n = n;
	c.job = u->job.uuid;
	must(job_chunk_get(&site, &one, &c, &packed, &e), "chunk");
	p = (const uint8_t *)packed.data;
	end = p + packed.len;
	while (record_unpack(&p, end, &schema, arena, &r)) {
		buf_addf(&got, "%u/%u", r.row, r.line);
		for (unsigned i = 0; i < schema.n; i++) {
			if (r.values[i].json)
				buf_addf(&got, " %.*s", (int)r.values[i].n,
				    r.values[i].json);
		}
		buf_addc(&got, '\n');
	}
	is_str(got.data, want, "%s", name);
	buf_free(&packed);
	buf_free(&got);
}

static bool
is_stored(const struct upload *u)
{
	struct job job;

	return job_find(site.db, &one, &u->job.uuid, arena, &job, &e) == ERR_OK;
}

/* Puts a customer down with this e-mail and username, as the worker would. */
static void
store(uint64_t seq, const char *email, const char *username)
{
	const char *const json[] = {email, username};
	const char *const names[] = {"email", "username"};
	struct keyring *k;
	uint8_t digest[INDEX_LEN];
	char hex[2 * INDEX_LEN + 1], sql[300];

	must(site_keyring(&site, &one, &k, &e), "keyring");
	for (int i = 0; i < 2; i++) {
		struct field *f =
		    schema_find(&schema, names[i], strlen(names[i]));

		if (!json[i])
			continue;
		field_digest(f, arena, k, &workspace_one, json[i],
		    strlen(json[i]), digest);
		hex_encode(digest, INDEX_LEN, hex);
		snprintf(sql, sizeof(sql),
		    "INSERT INTO customer_unique VALUES (%u, %u, 0x%s, %u, 1)",
		    one.workspace_id, field_unique_id(f), hex, (unsigned)seq);
		tenant_sql(sql);
	}
}

static void
test_small(void)
{
	struct upload u = {0};

	is_int(
	    told(run(&u, "username,email\r\nbob,B@x.org\r\n\r\n,c@x.org"), &e),
	    ERR_OK, "a small CSV");
	is_int(u.status, 202, "is taken");
	ok(strstr(u.answer.data, "{\"message\":\"Data is clean to upload\","
	                         "\"job_id\":\"") == u.answer.data &&
	        strstr(u.answer.data, "\"status\":\"queued\",\"rows\":2}"),
	    "the answer of the contract");
	is_str(u.job.columns, "[\"username\",\"email\"]", "its columns");
	ok(u.claimed && u.claim.attempt == 1, "it is the caller's to apply");
	is_chunk(&u, 0, "1/2 \"B@x.org\" \"bob\"\n2/4 \"c@x.org\"\n",
	    "its rows wait, with their lines");
	job_chunk_retry(&site, &one, &u.claim);
	upload_free(&u);
}

static void
test_chunks(void)
{
	int64_t rows = server.conf.worker_chunk_rows;
	struct upload u = {0};
	struct buf csv = {0};

	server.conf.worker_chunk_rows = 40;
	buf_adds(&csv, "email\n");
	for (int i = 0; i < 101; i++)
		buf_addf(&csv, "m%d@x.org\n", i);
	is_int(told(run(&u, csv.data), &e), ERR_OK, "101 rows");
	ok(!u.claimed, "are left to the worker");
	is_int(u.job.chunks_left, 3, "in chunks of 40");
	is_chunk(&u, 2,
	    "81/82 \"m80@x.org\"\n82/83 \"m81@x.org\"\n"
	    "83/84 \"m82@x.org\"\n84/85 \"m83@x.org\"\n"
	    "85/86 \"m84@x.org\"\n86/87 \"m85@x.org\"\n"
	    "87/88 \"m86@x.org\"\n88/89 \"m87@x.org\"\n"
	    "89/90 \"m88@x.org\"\n90/91 \"m89@x.org\"\n"
	    "91/92 \"m90@x.org\"\n92/93 \"m91@x.org\"\n"
	    "93/94 \"m92@x.org\"\n94/95 \"m93@x.org\"\n"
	    "95/96 \"m94@x.org\"\n96/97 \"m95@x.org\"\n"
	    "97/98 \"m96@x.org\"\n98/99 \"m97@x.org\"\n"
	    "99/100 \"m98@x.org\"\n100/101 \"m99@x.org\"\n"
	    "101/102 \"m100@x.org\"\n",
	    "the last holds the rest");
	server.conf.worker_chunk_rows = rows;
	upload_free(&u);
	buf_free(&csv);
}

static void
is_invalid(const char *rows, const char *want, const char *name)
{
	struct upload u = {0};

	is_int(run(&u, rows), ERR_INVALID, "%s", name);
	is_str(u.answer.data, want, "is answered");
	ok(!is_stored(&u) && !u.claimed, "and not stored");
	upload_free(&u);
}

#define INVALID "{\"status\":400,\"message\":\"data validation failed\","

static void
test_invalid(void)
{
	store(900, "\"taken@x.org\"", NULL);
	is_invalid("[{\"email\":\"x@x.org\",\"shoe\":1},{\"email\":\"y\"},"
	           "{\"email\":\" TAKEN@x.org\"},{\"email\":\"X@x.org\"}]",
	    INVALID "\"rows\":4,\"invalid_rows\":3,\"errors\":["
	            "{\"row\":1,\"line\":1,\"field\":\"shoe\",\"code\":"
	            "\"unknown\",\"message\":\"the workspace has no such "
	            "field\"},{\"row\":3,\"line\":3,\"field\":\"email\","
	            "\"code\":\"unique\",\"message\":\"a customer with this "
	            "value exists\"},{\"row\":4,\"line\":4,\"field\":\"email\","
	            "\"code\":\"duplicate\",\"message\":\"row 1 has the same "
	            "value\"}]}",
	    "wrong rows");
	is_invalid("email,shoe\na@x.org,1\n",
	    INVALID "\"rows\":0,\"invalid_rows\":0,\"errors\":[{\"row\":0,"
	            "\"line\":1,\"field\":\"shoe\",\"code\":\"unknown\","
	            "\"message\":\"column 2: the workspace has no such "
	            "field\"}]}",
	    "a wrong column");
}

static void
test_truncated(void)
{
	struct buf csv = {0};
	struct upload u = {0};

	buf_adds(&csv, "email\n");
	for (int i = 0; i < 1500; i++)
		buf_adds(&csv, "\"\"\n");
	is_int(run(&u, csv.data), ERR_INVALID, "1,500 wrong rows");
	ok(strstr(u.answer.data, "\"rows\":1500,\"invalid_rows\":1500,"),
	    "are counted");
	ok(strstr(u.answer.data, "{\"row\":1000,") &&
	        !strstr(u.answer.data, "{\"row\":1001,") &&
	        strstr(u.answer.data, "],\"errors_truncated\":true}"),
	    "and 1,000 of them are listed");
	upload_free(&u);
	buf_free(&csv);
}

static void
is_refused(
    const char *rows, enum err_code code, const char *want, const char *name)
{
	struct upload u = {0};

	is_int(run(&u, rows), code, "%s", name);
	is_str(err_text(&e), want, "says so");
	ok(!is_stored(&u), "and is not stored");
	upload_free(&u);
}

static void
test_refused(void)
{
	int64_t rows = server.conf.limits_rows;

	is_refused("", ERR_BAD_REQUEST,
	    "the file is empty: a row of column names is needed",
	    "an empty file");
	is_refused(
	    "email\n", ERR_BAD_REQUEST, "there are no rows", "a header alone");
	is_refused("email\nr1@x.org\n\"", ERR_BAD_REQUEST,
	    "CSV, line 3: a quote opens here and never closes",
	    "S27: an open quote");
	server.conf.limits_rows = 2;
	is_refused("email\nr1@x.org\nr2@x.org\nr3@x.org\n", ERR_TOO_MANY_ROWS,
	    "File cannot be larger than 2 rows", "S27: a row too many");
	is_refused("[{},{},{}]", ERR_TOO_MANY_ROWS,
	    "File cannot be larger than 2 rows", "an object too many");
	server.conf.limits_rows = rows;
}

static void
is_taken(enum on_existing on_existing, const char *rows, enum err_code code,
    const char *name)
{
	struct upload u = {.on_existing = on_existing, .validate_only = true};

	is_int(run(&u, rows), code, "%s", name);
	ok(!is_stored(&u), "nothing is stored");
	upload_free(&u);
}

static void
test_existing(void)
{
	store(901, "\"eve@x.org\"", "\"eve\"");
	store(902, NULL, "\"mallory\"");
	is_taken(EXISTING_JOIN, "email,username\nEVE@x.org,eve\n", ERR_OK,
	    "join: both values are of one customer");
	is_taken(EXISTING_UPDATE, "email,username\neve@x.org,new\n", ERR_OK,
	    "update: a new value beside");
	is_taken(EXISTING_UPDATE, "email,username\neve@x.org,mallory\n",
	    ERR_INVALID, "update: values of two customers");
	is_taken(EXISTING_ERROR, "email,username\nnew@x.org,eve\n", ERR_INVALID,
	    "error: any value that is taken");
	is_taken(EXISTING_JOIN, "email,username\neve@x.org,\nEve@x.org,\n",
	    ERR_INVALID, "join: twice in the upload");
}

static void
test_validate_only(void)
{
	struct upload u = {.validate_only = true};

	is_int(told(run(&u, "{\"email\":\"v@x.org\"}"), &e), ERR_OK,
	    "validate_only");
	is_int(u.status, 200, "is 200");
	is_str(u.answer.data,
	    "{\"message\":\"Data is clean to upload\","
	    "\"status\":\"validated\",\"rows\":1}",
	    "and says so");
	ok(!is_stored(&u) && !u.claimed, "nothing is stored");
	upload_free(&u);
}

/* Uploads under a key; the answer must be `want`, or be kept in it. */
static struct buf first;

static void
is_again(const char *key, const char *rows, bool validate_only,
    enum err_code code, bool same, const char *name)
{
	struct upload u = {
	    .again = {.key = key}, .validate_only = validate_only};

	is_int(run(&u, rows), code, "%s", name);
	if (code == ERR_OK && same) {
		is_str(u.answer.data, first.data, "the first answer again");
		ok(!is_stored(&u) && !u.claimed, "nothing new is stored");
	} else if (code == ERR_OK) {
		buf_reset(&first);
		buf_add(&first, u.answer.data, u.answer.len);
		if (u.claimed)
			job_chunk_retry(&site, &one, &u.claim);
	}
	upload_free(&u);
}

static void
test_again(void)
{
	const char *rows = "email,name\nk@x.org,K\n";

	is_again("k1", rows, false, ERR_OK, false, "a key");
	is_again("k1", rows, false, ERR_OK, true, "the same key");
	store(903, "\"k@x.org\"", NULL);
	is_again("k1", rows, false, ERR_OK, true,
	    "the same key when the rows are stored");
	is_again("k1", "name,email\r\n\r\n\"K\",k@x.org", false, ERR_OK, true,
	    "the same values written otherwise");
	is_again("k1", "{\"name\":\"K\",\"email\":\"k@x.org\"}", false, ERR_OK,
	    true, "the same values as JSON");
	is_again("k1", "email,name\nk@x.org,L\n", false, ERR_CONFLICT, true,
	    "another value");
	is_again("k1", rows, true, ERR_CONFLICT, true, "another option");
	is_again(
	    "k1", "email,name\n,K\n", false, ERR_INVALID, true, "a wrong row");
	is_again("k2", rows, false, ERR_INVALID, true,
	    "another key: the values are taken");
	is_again("k3", "email\nk3@x.org\n", true, ERR_OK, false,
	    "a key with validate_only");
	is_again("k3", "email\nk3@x.org\n", true, ERR_OK, true,
	    "the same key with validate_only");
}

static void
test_completed(void)
{
	struct upload u = {.again = {.key = "c1"}};
	struct customer made = {.key_version = 1, .layout = 1, .n = 2};
	struct buf profile = {0};
	struct uuid id;

	is_int(told(run(&u, "email\nc1@x.org\n"), &e), ERR_OK, "a key");
	rand_uuid(&id);
	made.uuid = id;
	made.seq = u.job.first_seq;
	buf_adds(&profile, "{}");
	is_int(customer_insert(site.db, &one, &made, 1, &profile, 1, &e),
	    ERR_OK, "its customer");
	buf_free(&profile);
	is_int(told(upload_completed(&site, &one, &u, &id, 1, arena, &e), &e),
	    ERR_OK, "completed within the request");
	is_int(u.status, 200, "is 200");
	ok(strstr(u.answer.data, "\"status\":\"completed\",\"rows\":1,"
	                         "\"customer_ids\":[\""),
	    "with the customers' ids");
	buf_reset(&first);
	buf_add(&first, u.answer.data, u.answer.len);
	job_chunk_retry(&site, &one, &u.claim);
	upload_free(&u);
	is_again("c1", "email\nc1@x.org\n", false, ERR_OK, true,
	    "that is what the key keeps");
}

int
main(void)
{
	static const uint8_t seed[32] = {3, 1, 2, 3};

	json_setup(seed);
	tenant_begin();
	arena = arena_new(16384);
	make_schema();
	test_small();
	test_chunks();
	test_invalid();
	test_truncated();
	test_refused();
	test_existing();
	test_validate_only();
	test_again();
	test_completed();
	buf_free(&first);
	schema_release(&schema);
	arena_free(&arena);
	return tenant_end();
}
