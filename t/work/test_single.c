/* One customer without a job: created, changed, merged; conflicts; a COMMIT in
 * doubt. */
#include "db/internal.h"

/* Transactions of src/work/single.c come by here. */
static enum err_code losing_transaction(
    struct db *db, db_body *work, db_body *ask, void *arg, struct err *err);
#define db_transaction_deferred losing_transaction
#include "work/single.c"
#undef db_transaction_deferred

#include "model/customer_open.h"
#include "model/event.h"
#include "t/model/batch.h"

/* They may lose their connection at their first COMMIT: after it took place,
 * or before; or before, and somebody else has made a customer of the id. */
static enum { SOUND, LOST_AFTER, LOST_BEFORE, LOST_TO_OTHERS } loss;
static unsigned runs;

struct inner {
	db_body *work, *ask;
	void *arg;
};

static enum err_code
losing_body(struct db *db, void *arg, struct err *err)
{
	const struct inner *in = arg;
	enum err_code rc = in->work(db, in->arg, err);
	char sql[64];
	bool undone;

	if (runs++ || rc || loss == SOUND)
		return rc;
	if (loss != LOST_BEFORE && db->deferral.on)
		rc = deferral_commit(db, &undone, err);
	else if (loss != LOST_BEFORE)
		rc = conn_run(db, "COMMIT", err);
	if (loss == LOST_TO_OTHERS)
		tenant_sql("UPDATE customer SET updated_at = updated_at - 1");
	snprintf(sql, sizeof(sql), "KILL %lu", mysql_thread_id(db->mysql));
	tenant_sql(sql);
	usleep(100000);
	return rc;
}

static enum err_code
losing_ask(struct db *db, void *arg, struct err *err)
{
	const struct inner *in = arg;

	return in->ask(db, in->arg, err);
}

static enum err_code
losing_transaction(
    struct db *db, db_body *work, db_body *ask, void *arg, struct err *err)
{
	struct inner in = {work, ask, arg};

	runs = 0;
	return db_transaction_deferred(db, losing_body, losing_ask, &in, err);
}

static struct single last;
static bool wrong[FIELDS_MAX];

/* Runs a row (batch_record) over a customer. */
static enum err_code
single(enum single_mode mode, const struct uuid *id, const char *row,
    const struct precondition *condition)
{
	static struct record r;

	r = batch_record(row, 1);
	last = (struct single){.mode = mode,
	    .schema = &schema,
	    .record = &r,
	    .condition = condition,
	    .wrong = wrong};
	if (id)
		last.id = *id;
	return work_single(&site, &one, &last, &e);
}

/* The names of the fields whose values were refused. */
static const char *
refused(void)
{
	static char names[200];
	unsigned i;

	*names = '\0';
	for (i = 0; i < schema.n; i++)
		if (wrong[i])
			snprintf(names + strlen(names),
			    sizeof(names) - strlen(names), "%s ",
			    schema.fields[i].name);
	return names;
}

static char found[4000];
static uint32_t found_revision;

static enum err_code
take_found(void *arg, const struct open_customer *c, struct err *err)
{
	struct buf out = {0}, *list = arg;
	unsigned i;

	(void)err;
	found_revision = c->revision;
	for (i = 0; i < schema.n; i++)
		if (c->values[i].json)
			buf_addf(&out, "%s=%.*s ", schema.fields[i].name,
			    (int)c->values[i].n, c->values[i].json);
	buf_addf(&out, "events=%u", event_count(c->events, c->nevents));
	snprintf(found, sizeof(found), "%s", out.data);
	if (list)
		buf_addf(list, "%llu ", (unsigned long long)c->seq);
	buf_free(&out);
	return ERR_OK;
}

static struct customer_wish
wish(void)
{
	static bool all[FIELDS_MAX];
	struct customer_wish w = {
	    .schema = &schema, .fields = all, .events = true};

	memset(all, true, sizeof(all));
	must(site_keyring(&site, &one, &w.ring, &e), "keyring");
	return w;
}

/* What is stored of a customer, as text; "" if it is not there. */
static const char *
stored(const struct uuid *id)
{
	struct customer_wish w = wish();

	*found = '\0';
	if (customer_open(&site, &one, &w, id, take_found, NULL, &e))
		*found = '\0';
	return found;
}

static struct segment_extent
extent(void)
{
	struct segment_extent x;

	must(segment_extent(site.db, &one, SEGMENT_ALL, &x, &e), "extent");
	return x;
}

static void
test_create(void)
{
	struct uuid ann;

	is_int(single(SINGLE_CREATE, NULL, "ann@x.org|ann|Ann|", NULL), ERR_OK,
	    "a customer is created");
	ann = last.id;
	ok(last.created && last.revision == 1, "revision 1");
	is_str(stored(&ann),
	    "email=\"ann@x.org\" name=\"Ann\" username=\"ann\" events=0",
	    "it is there");
	is_int((int)extent().members, 1, "and counted in `all`");
	is_int(single(SINGLE_CREATE, NULL, "ANN@x.org|||", NULL), ERR_CONFLICT,
	    "its e-mail is taken");
	is_str(refused(), "email ", "which is named");
	is_int(single(SINGLE_CREATE, NULL, "ANN@x.org|Ann|Bo|", NULL),
	    ERR_CONFLICT, "two values are taken");
	is_str(refused(), "email username ", "both are named");
	is_int(single(SINGLE_CREATE, NULL, "|||", NULL), ERR_OK, "one of none");
	is_str(stored(&last.id), "events=0", "has no values");
	is_int((int)extent().members, 2, "two are counted");
	is_int(single(SINGLE_UPDATE, &ann, "null|ann2||tin", NULL), ERR_OK,
	    "it is changed");
	ok(!last.created && last.revision == 2, "revision 2");
	is_str(stored(&ann),
	    "name=\"Ann\" tier=\"tin\" username=\"ann2\" events=1",
	    "as it was said");
	is_int(single(SINGLE_UPDATE, &ann, "|ann2||", NULL), ERR_OK, "again");
	is_int((int)last.revision, 2, "changes nothing");
	is_int(single(SINGLE_CREATE, NULL, "ann@x.org|ann||", NULL), ERR_OK,
	    "what it gave up is free");
}

static void
test_merge(void)
{
	struct precondition first = {.n = 1, .list = {1}}, any = {.any = true},
	                    none = {.none = true};
	struct uuid id, foreign;

	rand_uuid(&id);
	is_int(single(SINGLE_UPDATE, &id, "|||tin", NULL), ERR_NOT_FOUND,
	    "an unknown one is not updated");
	is_int(single(SINGLE_MERGE, &id, "|||tin", &any), ERR_PRECONDITION,
	    "nor merged under If-Match");
	is_int(single(SINGLE_MERGE, &id, "|mia||tin", &none), ERR_OK,
	    "but under If-None-Match");
	ok(last.created && !memcmp(&last.id, &id, sizeof(id)),
	    "into a new one of that id");
	is_int(single(SINGLE_MERGE, &id, "|||gold", &first), ERR_OK,
	    "then into itself");
	ok(!last.created && last.revision == 2, "which is an update");
	is_int(single(SINGLE_MERGE, &id, "|||tin", &first), ERR_PRECONDITION,
	    "not under a revision that has passed");
	is_int(single(SINGLE_MERGE, &id, "|||tin", &none), ERR_PRECONDITION,
	    "nor where there is to be none");
	is_int(single(SINGLE_MERGE, &id, "|||tin", &any), ERR_OK, "under *");
	rand_uuid(&foreign);
	is_int(single(SINGLE_MERGE, &foreign, "|mia||", NULL), ERR_CONFLICT,
	    "not with another's value");
	is_str(stored(&foreign), "", "and then not at all");
}

static void
test_idempotency(void)
{
	static const char *rows[] = {
	    "idem@x.org|||", "idem@x.org|||", "other@x.org|||"};
	struct uuid key, first = {{0}};
	struct record r;
	unsigned i;

	rand_uuid(&key);
	for (i = 0; i < 3; i++) {
		r = batch_record(rows[i], 1);
		last = (struct single){.mode = SINGLE_CREATE,
		    .schema = &schema,
		    .record = &r,
		    .key = "k",
		    .route = "r",
		    .who = &key,
		    .wrong = wrong};
		is_int(work_single(&site, &one, &last, &e),
		    i < 2 ? ERR_OK : ERR_CONFLICT, "use %u of a key", i + 1);
		is_int(last.again, i == 1, "answered again: %s",
		    i == 1 ? "yes" : "no");
		if (!i)
			first = last.id;
	}
	r = batch_record(rows[0], 1);
	last.record = &r;
	must(work_single(&site, &one, &last, &e), "again");
	ok(!memcmp(&last.id, &first, sizeof(first)), "by the first customer");
}

/* mark: an e-mail that nobody has yet. */
static void
test_doubt(const char *mark)
{
	uint64_t before = extent().members;
	char row[80], want[80];
	struct uuid id;

	loss = LOST_AFTER;
	snprintf(row, sizeof(row), "%s@x.org|||", mark);
	is_int(single(SINGLE_CREATE, NULL, row, NULL), ERR_OK,
	    "a COMMIT that nobody answers, but took place");
	is_int((int)runs, 1, "is not done again");
	id = last.id;
	snprintf(want, sizeof(want), "email=\"%s@x.org\" events=0", mark);
	is_str(stored(&id), want, "it is there");
	is_int(single(SINGLE_UPDATE, &id, "|||tin", NULL), ERR_OK,
	    "the same for a change");
	is_int((int)runs, 1, "not again");
	loss = LOST_BEFORE;
	is_int(single(SINGLE_UPDATE, &id, "|||gold", NULL), ERR_OK,
	    "a change that was lost");
	is_int((int)runs, 2, "is done again");
	snprintf(want, sizeof(want),
	    "email=\"%s@x.org\" tier=\"gold\" events=2", mark);
	is_str(stored(&id), want, "each once");
	snprintf(row, sizeof(row), "%s2@x.org|||", mark);
	is_int(single(SINGLE_CREATE, NULL, row, NULL), ERR_OK,
	    "a customer that was lost");
	is_int((int)runs, 2, "is made again");
	loss = SOUND;
	is_int((int)(extent().members - before), 2, "two have come");
}

static void
test_doubt_of_id(void)
{
	struct precondition none = {.none = true};
	struct uuid id;

	rand_uuid(&id);
	loss = LOST_AFTER;
	is_int(single(SINGLE_MERGE, &id, "|||tin", &none), ERR_OK,
	    "a COMMIT of a new id that nobody answers");
	is_int((int)runs, 1, "is not done again");
	rand_uuid(&id);
	loss = LOST_TO_OTHERS;
	is_int(single(SINGLE_MERGE, &id, "|||tin", &none), ERR_PRECONDITION,
	    "one that somebody else has made meanwhile is told");
	is_int((int)runs, 2, "by looking again");
	loss = SOUND;
}

/* Statements that the connection has sent so far. */
static long
sent(void)
{
	MYSQL_RES *res;
	long n;

	if (mysql_query(site.db->mysql, "SHOW SESSION STATUS LIKE 'Questions'"))
		return -1;
	res = mysql_store_result(site.db->mysql);
	n = atol(mysql_fetch_row(res)[1]);
	mysql_free_result(res);
	return n;
}

/* How often a create, and a change, wait for the server. */
static void
test_waits(const char *mark, long create, long update)
{
	long before = 0, used[2] = {0};
	struct uuid id;
	char row[80];
	unsigned i;

	for (i = 0; i < 2; i++) {
		snprintf(row, sizeof(row), "%s%u@x.org|||", mark, i);
		before = sent();
		is_int(single(SINGLE_CREATE, NULL, row, NULL), ERR_OK,
		    "%s: a customer", mark);
		used[0] = sent() - before - 1;
		id = last.id;
		snprintf(row, sizeof(row), "|||tier%u", i);
		before = sent();
		is_int(single(SINGLE_UPDATE, &id, row, NULL), ERR_OK,
		    "%s: its change", mark);
		used[1] = sent() - before - 1;
	}
	ok(used[0] <= create, "%s: a create waits %ld times", mark, used[0]);
	ok(used[1] <= update, "%s: a change waits %ld times", mark, used[1]);
}

static void
test_superseded(void)
{
	static const char text[] =
	    "{\"field_name\":\"extra\",\"field_type\":\"string\"}";
	struct schema old = schema;
	struct field f;
	json_t *v;

	must(json_read_mem(text, sizeof(text) - 1, &v, &e), "parse");
	must(field_from_definition(v, arena, &f, &e), "define");
	json_decref(v);
	must(field_create(site.db, &one, &f, &e), "field");
	is_int(single(SINGLE_CREATE, NULL, "sup@x.org|||", NULL),
	    ERR_SUPERSEDED, "fields have changed: the record is read anew");
	must(schema_load(site.db, &one, arena, &schema, &e), "schema");
	is_int(single(SINGLE_CREATE, NULL, "sup@x.org|||", NULL), ERR_OK,
	    "and then stored");
	schema_release(&old);
}

/* Newer keys are no reason to read the record anew; what is gone is told. */
static void
test_required(const char *mark)
{
	struct db_context gone = one, kept = one;
	uint64_t before = extent().members;
	char row[80];

	snprintf(row, sizeof(row), "%s@x.org|||", mark);
	tenant_sql("UPDATE account SET key_epoch = key_epoch + 1");
	is_int(told(single(SINGLE_CREATE, NULL, row, NULL), &e), ERR_OK,
	    "keys have changed: created all the same");
	is_int((int)runs, 1, "by one more run");
	is_int((int)(extent().members - before), 1, "once");
	gone.workspace_id = 999999;
	one = gone;
	is_int(single(SINGLE_CREATE, NULL, "gone@x.org|||", NULL),
	    ERR_NO_WORKSPACE, "a workspace that is not there");
	one = kept;
	is_int((int)(extent().members - before), 1, "takes nobody");
}

/* Many in any order, with some that are gone. */
static void
test_list(void)
{
	struct customer_wish w = wish();
	uint64_t seqs[1300];
	struct buf got = {0}, want = {0};
	unsigned i, n = 0;

	for (i = 0; i < 1300; i++)
		seqs[i] = 1299 - i;
	must(customer_open_list(
	         &site, &one, &w, seqs, 1300, take_found, &got, &e),
	    "list");
	for (i = 0; i < 1300; i++) {
		struct uuid id;
		bool there;

		must(customer_uuids(
		         site.db, &one, &seqs[i], 1, &id, &there, arena, &e),
		    "uuids");
		n += there;
		if (there)
			buf_addf(&want, "%llu ", (unsigned long long)seqs[i]);
	}
	is_int((int)n, (int)extent().members, "all are found");
	is_str(got.data, want.data, "in the order of the list");
	w.fields = NULL;
	must(customer_open_list(
	         &site, &one, &w, seqs, 1300, take_found, NULL, &e),
	    "bare");
	ok(!strchr(found, '"'), "and without values, if none are wanted");
	buf_free(&got);
	buf_free(&want);
}

int
main(void)
{
	batch_begin();
	test_create();
	test_merge();
	test_idempotency();
	test_doubt("late");
	test_doubt_of_id();
	test_superseded();
	test_required("epoch");
	test_waits("blocks", 3, 4);
	db_close(site.db);
	server.conf.database_compound = false;
	test_doubt("single");
	test_doubt_of_id();
	test_required("moved");
	test_waits("one by one", 8, 7);
	test_list();
	return batch_end();
}
