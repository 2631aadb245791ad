/* Applying chunks: once only, in order, with conflicts, joining, updating. */
#include "model/customer.h"
#include "t/work/chunks.h"
#include "vault/keyring.h"

static enum err_code
no_flush(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	return ERR_OK;
}

/* The customers of a group from member `first` on; the caller's. */
static json_t *
page(uint32_t segment_id, uint64_t first, uint64_t *total_out)
{
	struct segment_page p;
	struct buf out = {0};
	json_t *v;

	must(segment_seek(site.db, &one, segment_id, first, 1000, &p, &e),
	    "seek");
	buf_addc(&out, '[');
	must(customer_page_write(
	         &site, &one, segment_id, &p, 1000, &out, no_flush, NULL, &e),
	    "page");
	buf_addc(&out, ']');
	must(json_read_mem(out.data, out.len, &v, &e), "parse");
	buf_free(&out);
	if (total_out)
		*total_out = p.total;
	return v;
}

/* What a member of a customer's profile opens to (PII) or is; "" if it has
 * none. */
static const char *
value(const json_t *customer, const char *name)
{
	const json_t *v = json_object_get(
	    json_object_get(customer, "extended_profile"), name);
	const char *id =
	    json_string_value(json_object_get(customer, "customer_id"));
	const char *text = json_string_value(v);
	char workspace[UUID_TEXT];
	struct buf out = {0};
	struct keyring *k;
	int64_t version;

	if (!text || !schema_find(&schema, name, strlen(name))->pii)
		return text ? text : "";
	must(site_keyring(&site, &one, &k, &e), "keyring");
	uuid_format(&workspace_one, workspace);
	jv_int(json_object_get(customer, "key_version"), &version);
	must(value_open(k, (uint32_t)version, workspace, id, name, text,
	         strlen(text), &out, &e),
	    "open");
	text = arena_strdup(arena, out.data);
	buf_free(&out);
	return text;
}

static bool
is_time(const json_t *customer, const char *name)
{
	const char *s = json_string_value(json_object_get(customer, name));

	return s && strlen(s) == 24 && s[23] == 'Z';
}

static const char *const first_rows[] = {"ann@x.org|ann|Ann|gold",
    "bea@x.org|bea|Bea|tin", "cy@x.org|cy|Cy|", "dan@x.org||Dan|tin",
    "eve@x.org|||"};

static void
test_store(void)
{
	struct batch b;
	uint64_t total;
	json_t *v;

	queue_new(&b, first_rows, 5, 2, EXISTING_ERROR);
	apply_all();
	batch_read(&b);
	is_str(job_state_name(b.job.state), "completed", "the job completes");
	is_int(b.job.succeeded, 5, "every row");
	v = page(group.id, 0, &total);
	is_int((int)total, 5, "five members are counted");
	is_int((int)json_array_size(v), 5, "and are there");
	is_str(value(json_array_get(v, 0), "email"), "\"ann@x.org\"",
	    "in the order of the rows: first");
	is_str(value(json_array_get(v, 4), "email"), "\"eve@x.org\"", "last");
	is_str(value(json_array_get(v, 1), "tier"), "tin", "plain value");
	ok(is_time(json_array_get(v, 0), "created_at") &&
	        is_time(json_array_get(v, 0), "updated_at"),
	    "times");
	json_decref(v);
	v = page(SEGMENT_ALL, 2, &total);
	is_int((int)total, 5, "all are in `all`");
	is_int((int)json_array_size(v), 3, "from the third on: three");
	is_str(value(json_array_get(v, 0), "email"), "\"cy@x.org\"",
	    "in the same order");
	json_decref(v);
	v = page(group.id, 3, NULL);
	is_str(value(json_array_get(v, 0), "email"), "\"dan@x.org\"",
	    "the group from the fourth on");
	json_decref(v);
}

static void
test_once(void)
{
	static const char *const rows[] = {"once@x.org|||", "twice@x.org|||"};
	struct batch b;
	struct claim c, late;
	uint64_t before, after;

	json_decref(page(SEGMENT_ALL, 0, &before));
	queue_new(&b, rows, 2, 2, EXISTING_ERROR);
	must(job_claim(&site, "w", &c, NULL, &e), "claim");
	late = c;
	late.attempt = 0;
	is_int(work_apply(&site, &late, &done, &e), ERR_SUPERSEDED,
	    "S39: a claim that is not ours changes nothing");
	must(work_apply(&site, &c, &done, &e), "apply");
	is_int(done.created, 2, "two are new");
	ok(memcmp(&done.ids[0], &done.ids[1], UUID_LEN) < 0,
	    "ids are handed out in ascending order");
	is_int(work_apply(&site, &c, &done, &e), ERR_SUPERSEDED,
	    "S39: a chunk is not applied twice");
	json_decref(page(SEGMENT_ALL, 0, &after));
	is_int((int)(after - before), 2, "stored once");
}

static void
test_conflict(void)
{
	static const char *const rows[] = {"new1@x.org|||",
	    "ANN@x.org |other|Wrong|", "new2@x.org|cy|Wrong too|",
	    "new3@x.org|new3||"};
	struct batch b;
	struct buf out = {0};
	uint64_t before, after;
	json_t *v;

	json_decref(page(group.id, 0, &before));
	queue_new(&b, rows, 4, 4, EXISTING_ERROR);
	apply_all();
	batch_read(&b);
	is_str(job_state_name(b.job.state), "completed_with_errors",
	    "taken values make wrong rows");
	is_int(done.created, 2, "the others are stored");
	is_int(done.failed, 2, "two fail");
	is_int(b.job.failed, 2, "and are counted");
	must(job_errors_csv(
	         &site, &one, &b.job, arena, &out, no_flush, NULL, &e),
	    "csv");
	ok(strstr(out.data, "\"ANN@x.org \",other,Wrong,,2,email,unique\r\n") !=
	        NULL,
	    "by a folded e-mail");
	ok(strstr(out.data, "new2@x.org,cy,Wrong too,,3,username,unique\r\n") !=
	        NULL,
	    "by a user name");
	buf_free(&out);
	v = page(group.id, before, &after);
	is_int((int)(after - before), 2, "two more members");
	is_str(value(json_array_get(v, 0), "email"), "\"new1@x.org\"",
	    "the first");
	is_str(value(json_array_get(v, 1), "email"), "\"new3@x.org\"",
	    "and the last");
	json_decref(v);
}

static void
test_twins(void)
{
	static const char *const rows[] = {"twin@x.org|||", "Twin@X.org|||"};
	struct batch b;

	queue_new(&b, rows, 2, 2, EXISTING_ERROR);
	apply_all();
	is_int(done.created, 1, "of two rows with a value one is stored");
	is_int(done.failed, 1, "the other is wrong");
}

static void
test_join(void)
{
	static const char *const rows[] = {"ann@x.org||Changed?|",
	    "join@x.org||Jo|", "ann@x.org|ann||", "|bea||", "ann@x.org|cy||"};
	struct segment other;
	struct batch b;
	uint64_t all, total;
	json_t *v;

	must(segment_create(site.db, &one, "other", "O", NULL, &other, &e),
	    "group");
	json_decref(page(SEGMENT_ALL, 0, &all));
	memset(&b, 0, sizeof(b));
	b.rows = rows;
	b.n = b.per_chunk = 5;
	batch_queue(&b, other.id, EXISTING_JOIN);
	apply_all();
	is_int(done.created, 1, "one is new");
	is_int(done.succeeded, 3, "two join");
	is_int(done.failed, 2, "a repeated value and two customers are wrong");
	v = page(other.id, 0, &total);
	is_int((int)total, 3, "three members");
	is_str(value(json_array_get(v, 0), "name"), "\"Ann\"", "unchanged");
	is_str(value(json_array_get(v, 1), "name"), "\"Jo\"", "new");
	is_str(value(json_array_get(v, 2), "name"), "\"Bea\"", "by user name");
	json_decref(v);
	batch_queue(&b, other.id, EXISTING_JOIN);
	apply_all();
	is_int(done.succeeded, 3, "who is in the group already succeeds");
	is_int(done.created, 0, "nobody is new");
	json_decref(page(other.id, 0, &total));
	is_int((int)total, 3, "no member twice");
	json_decref(page(SEGMENT_ALL, 0, &total));
	is_int((int)(total - all), 1, "`all` counts the new one alone");
}

static bool
taken(uint32_t field, const char *json)
{
	uint8_t digest[1][INDEX_LEN];
	struct field *f = &schema.fields[field];
	struct keyring *k;
	uint64_t seq;

	must(site_keyring(&site, &one, &k, &e), "keyring");
	field_digest(
	    f, arena, k, &workspace_one, json, strlen(json), digest[0]);
	must(customer_lookup(site.db, &one, field_unique_id(f),
	         (const uint8_t(*)[INDEX_LEN])digest, 1, &seq, arena, &e),
	    "lookup");
	return seq != CUSTOMER_NONE;
}

static void
test_update(void)
{
	static const char *const rows[] = {"ann@x.org|anna|Anna|",
	    "|bea||silver", "cy@x.org|null||null", "eve@x.org|cy||",
	    "upd@x.org|upd|Up|", "dan@x.org|daniel|Dan|"};
	static const char *const again[] = {"dan@x.org|d1||", "|daniel||gold"};
	struct field *user = schema_find(&schema, "username", 8);
	uint32_t i = (uint32_t)(user - schema.fields);
	struct batch b;
	json_t *v;

	queue_new(&b, rows, 6, 6, EXISTING_UPDATE);
	apply_all();
	is_int(done.created, 1, "one is new");
	is_int(done.succeeded, 5, "four change a customer");
	is_int(done.failed, 1, "one that means two customers is wrong");
	v = page(group.id, 0, NULL);
	is_str(value(json_array_get(v, 0), "name"), "\"Anna\"", "merged");
	is_str(value(json_array_get(v, 0), "tier"), "gold",
	    "what is not given "
	    "stays");
	is_str(
	    value(json_array_get(v, 0), "email"), "\"ann@x.org\"", "PII too");
	is_str(value(json_array_get(v, 1), "tier"), "silver",
	    "found by another unique field");
	json_decref(v);
	ok(taken(i, "\"anna\"") && !taken(i, "\"ann\""),
	    "the new user name is taken, the old one is free");
	queue_new(&b, again, 2, 2, EXISTING_UPDATE);
	apply_all();
	is_int(done.succeeded, 1, "two rows of one customer: the first counts");
	is_int(done.failed, 1, "the second is wrong");
	ok(taken(i, "\"d1\"") && !taken(i, "\"daniel\""), "values moved");
}

static void
test_clear(void)
{
	static const char *const rows[] = {"bea@x.org|null||null"};
	struct field *user = schema_find(&schema, "username", 8);
	struct batch b;
	json_t *v;

	queue_new(&b, rows, 1, 1, EXISTING_UPDATE);
	apply_all();
	is_int(done.succeeded, 1, "a row that clears");
	ok(!taken((uint32_t)(user - schema.fields), "\"bea\""),
	    "frees the unique value");
	v = page(group.id, 1, NULL);
	is_str(value(json_array_get(v, 0), "username"), "", "which is gone");
	is_str(value(json_array_get(v, 0), "tier"), "", "like the other");
	json_decref(v);
}

static void
test_stopped(void)
{
	static const char *const rows[] = {"stop@x.org|||"};
	struct batch b;
	struct claim c;
	uint64_t before, after;

	json_decref(page(SEGMENT_ALL, 0, &before));
	one.user_id = 4711;
	queue_new(&b, rows, 1, 1, EXISTING_ERROR);
	one.user_id = 0;
	must(job_claim(&site, "w", &c, NULL, &e), "claim");
	is_int(work_apply(&site, &c, &done, &e), ERR_FORBIDDEN,
	    "S15: a job whose user is gone does not run");
	json_decref(page(SEGMENT_ALL, 0, &after));
	is_int((int)(after - before), 0, "and stores nothing");
	must(job_fail(&site, &one, &c, ERR_INTERNAL, &e), "fail");
	batch_read(&b);
	is_str(job_state_name(b.job.state), "failed", "it fails");
}

#define MANY 400

/* Four processes and one queue: nothing is lost, nothing is done twice. */
static void
test_many(void)
{
	static char text[MANY][40];
	static const char *rows[MANY];
	struct batch b;
	uint64_t before, after;
	unsigned i;

	json_decref(page(group.id, 0, &before));
	for (i = 0; i < MANY; i++) {
		snprintf(
		    text[i], sizeof(text[i]), "m%u@x.org|m%u|M %u|", i, i, i);
		rows[i] = text[i];
	}
	queue_new(&b, rows, MANY, 20, EXISTING_ERROR);
	is_int(apply_beside(4), 0, "four processes end well");
	batch_read(&b);
	is_int(b.job.succeeded, MANY, "all rows are stored");
	is_str(job_state_name(b.job.state), "completed", "the job completes");
	json_decref(page(group.id, before, &after));
	is_int((int)(after - before), MANY, "each once");
}

int
main(void)
{
	batch_begin();
	test_store();
	test_once();
	test_conflict();
	test_twins();
	test_join();
	test_update();
	test_clear();
	test_stopped();
	test_many();
	return batch_end();
}
