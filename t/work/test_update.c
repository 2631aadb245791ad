/* Applying the chunks of updates: whom they find, what they change, what
 * fails with what. */
#include "model/customer.h"
#include "model/event.h"
#include "t/work/chunks.h"
#include "vault/keyring.h"

/* A row of an update: its customer by number (see `make`), what it gives. */
struct change {
	unsigned customer;
	const char *row;
	uint32_t revision;
	const char *matched;
	bool erased;
};

#define MADE_MAX 500
static struct uuid made[MADE_MAX];

static struct job job;

struct plan {
	const struct change *list;
	unsigned n;
	uint32_t segment_id;
};

static enum err_code
queue_body(struct db *db, void *arg, struct err *err)
{
	const struct plan *p = arg;
	struct buf packed = {0}, subjects = {0};
	enum err_code rc;
	unsigned i;

	(void)db;
	for (i = 0; i < p->n; i++) {
		const struct change *c = &p->list[i];
		struct record r = batch_record(c->row, i + 1);

		r.has_customer = !c->erased;
		r.customer = made[c->customer];
		r.revision = c->revision;
		r.erased = c->erased;
		if (c->matched)
			r.matched =
			    schema_find(&schema, c->matched, strlen(c->matched))
			        ->id;
		record_pack(&packed, &schema, &r);
	}
	rc = job_chunk_put(
	    &site, &one, &job.uuid, 0, p->n, &packed, &subjects, err);
	buf_free(&packed);
	return rc ? rc : job_enqueue(&site, &one, &job, 1, NULL, err);
}

/* Queues an update of one chunk. */
static void
queue(const struct change *list, unsigned n, uint32_t segment_id)
{
	struct plan p = {list, n, segment_id};

	memset(&job, 0, sizeof(job));
	rand_uuid(&job.uuid);
	job.kind = JOB_KIND_UPDATE;
	job.segment_id = segment_id;
	job.columns = "[\"customer_id\",\"email\",\"username\",\"name\"]";
	job.rows = n;
	job.schema_version = schema.version;
	must(db_transaction(site.db, queue_body, NULL, &p, &e), "queue");
}

/* Queues and applies; what came of it is in `done`. */
static enum err_code
run(const struct change *list, unsigned n)
{
	struct claim c;

	queue(list, n, group.id);
	must(job_claim(&site, "w", &c, NULL, &e), "claim");
	return work_apply(&site, &c, &done, &e);
}

#define RUN(list) run(list, sizeof(list) / sizeof((list)[0]))

/* Makes n customers: made[0] and so on, mail<i>@x.org, user<i>. */
static void
make(unsigned n)
{
	static char text[MADE_MAX][60];
	static const char *rows[MADE_MAX];
	struct batch b = {.rows = rows, .n = n, .per_chunk = n};
	struct claim c;
	unsigned i;

	for (i = 0; i < n; i++) {
		snprintf(text[i], sizeof(text[i]), "mail%u@x.org|user%u|N%u|",
		    i, i, i);
		rows[i] = text[i];
	}
	batch_queue(&b, group.id, EXISTING_ERROR);
	must(job_claim(&site, "w", &c, NULL, &e), "claim");
	must(work_apply(&site, &c, &done, &e), "make");
	memcpy(made, done.ids, n * sizeof(*made));
}

/* Who has a value of a unique field: its number, or -1. */
static int
owner(const char *name, const char *json)
{
	struct field *f = schema_find(&schema, name, strlen(name));
	uint8_t digest[1][INDEX_LEN];
	struct uuid id;
	struct keyring *k;
	uint64_t seq;
	bool found;
	int i;

	must(site_keyring(&site, &one, &k, &e), "keyring");
	field_digest(
	    f, arena, k, &workspace_one, json, strlen(json), digest[0]);
	must(customer_lookup(site.db, &one, field_unique_id(f),
	         (const uint8_t(*)[INDEX_LEN])digest, 1, &seq, arena, &e),
	    "lookup");
	if (seq == CUSTOMER_NONE)
		return -1;
	must(customer_uuids(site.db, &one, &seq, 1, &id, &found, arena, &e),
	    "uuid");
	for (i = 0; i < MADE_MAX; i++)
		if (found && !memcmp(&id, &made[i], sizeof(id)))
			return i;
	return -2;
}

/* Reads a customer as a chunk does; `events` is what became of it. */
static struct buf events;

static enum err_code
read_body(struct db *db, void *arg, struct err *err)
{
	struct customer *c = arg;
	uint64_t seq = c->seq;
	struct buf text = {0};
	unsigned found;
	enum err_code rc =
	    customer_read(db, &one, &seq, 1, c, &found, &text, err);

	buf_reset(&events);
	if (!rc && found)
		event_write(&events, text.data + c->events_at, c->nevents,
		    c->created_at, &schema);
	buf_free(&text);
	return rc;
}

static struct customer
look(unsigned i)
{
	struct customer c = {0};

	must(customer_seqs(site.db, &one, &made[i], 1, &c.seq, arena, &e),
	    "seq");
	must(db_transaction(site.db, read_body, NULL, &c, &e), "read");
	return c;
}

static void
test_change(void)
{
	static const struct change list[] = {
	    {.customer = 0, .row = "new0@x.org||New|gold"},
	    {.customer = 1, .row = "|user1|N1|"},
	    {.customer = 2, .row = "MAIL2@x.org||Two|", .matched = "email"},
	    {.customer = 3, .row = "|null||"}};
	struct customer before = look(0), after;

	is_int(told(RUN(list), &e), ERR_OK, "an update");
	is_int(done.succeeded, 4, "four rows succeed");
	is_int(done.created, 3, "three of them change somebody");
	after = look(0);
	is_int(after.revision, 2, "the revision rises");
	ok(after.created_at == before.created_at &&
	        after.updated_at >= before.updated_at,
	    "created_at stays");
	ok(strstr(events.data, "\"event\":\"changed\",\"attributes\":"
	                       "[\"email\",\"name\",\"tier\"]},{\"at\":\"") &&
	        strstr(events.data, "\"event\":\"created\""),
	    "an event names the fields, and no value");
	is_int(look(1).revision, 1, "who has these values is not rewritten");
	is_int((int)look(1).nevents, 0, "and has no event");
	is_int(look(2).revision, 2, "what names a customer is no change");
	ok(strstr(events.data, "\"attributes\":[\"name\"]}") != NULL,
	    "nor in its event");
	is_int(owner("email", "\"new0@x.org\""), 0, "a new e-mail is taken");
	is_int(owner("email", "\"mail0@x.org\""), -1, "the old one is free");
	is_int(owner("username", "\"user3\""), -1, "so is a cleared one");
	is_int(owner("email", "\"mail2@x.org\""), 2, "others stay");
}

static void
test_handover(void)
{
	static const struct change swap[] = {
	    {.customer = 10, .row = "mail11@x.org|||"},
	    {.customer = 11, .row = "mail10@x.org|||"}};
	static const struct change chain[] = {
	    {.customer = 12, .row = "mail13@x.org|||"},
	    {.customer = 13, .row = "mail14@x.org|||"},
	    {.customer = 14, .row = "free@x.org|user15||"},
	    {.customer = 15, .row = "|null||"}};

	is_int(told(RUN(swap), &e), ERR_OK, "a swap");
	is_int(done.succeeded, 2, "both succeed");
	is_int(owner("email", "\"mail10@x.org\""), 11, "they have");
	is_int(owner("email", "\"mail11@x.org\""), 10, "swapped");
	is_int(told(RUN(chain), &e), ERR_OK, "a chain");
	is_int(done.succeeded, 4, "of four");
	is_int(owner("email", "\"mail13@x.org\""), 12, "each");
	is_int(owner("email", "\"mail14@x.org\""), 13, "has what");
	is_int(owner("username", "\"user15\""), 14, "another gave");
}

/* A row that relies on one that fails, fails. */
static void
test_fixpoint(void)
{
	static const struct change list[] = {
	    {.customer = 20, .row = "mail21@x.org|||"},
	    {.customer = 21, .row = "mail22@x.org|||"},
	    {.customer = 22, .row = "mail23@x.org|||"},
	    {.customer = 24, .row = "mail20@x.org|||"},
	    {.customer = 25, .row = "fine@x.org|||"}};

	is_int(told(RUN(list), &e), ERR_OK, "a chain whose end is taken");
	is_int(done.succeeded, 1, "one is fine");
	is_int(done.failed, 4, "all of the chain fail");
	is_int(owner("email", "\"mail20@x.org\""), 20, "who had a value");
	is_int(owner("email", "\"mail21@x.org\""), 21, "has it still");
	is_int(look(20).revision, 1, "and is not changed");
	is_int(owner("email", "\"fine@x.org\""), 25, "the other is");
}

static enum err_code
no_flush(void *arg, struct err *err)
{
	(void)arg, (void)err;
	return ERR_OK;
}

static void
is_errors(const char *want, const char *name)
{
	struct uuid id = job.uuid;
	struct buf out = {0};
	char *at, text[UUID_TEXT];
	unsigned i;

	must(job_find(site.db, &one, &id, arena, &job, &e), "job");
	must(job_errors_csv(&site, &one, &job, arena, &out, no_flush, NULL, &e),
	    "csv");
	for (i = 30; i < 40; i++) {
		uuid_format(&made[i], text);
		while ((at = strstr(out.data, text)))
			memcpy(at, "the UUID of one that was made once..",
			    UUID_TEXT - 1);
	}
	is_str(out.data, want, "%s", name);
	buf_free(&out);
}

#define ONE "the UUID of one that was made once.."
#define HEAD \
	"customer_id,email,username,name,error_row,error_field,error_code\r\n"

/* A row of cells, one of them of n characters. */
static const char *
wide(const char *before, size_t n, const char *after)
{
	char *fill = arena_alloc(arena, n + 1);

	memset(fill, 'w', n);
	return arena_printf(arena, "%s%s%s", before, fill, after);
}

/* As fields take long values that were given bit by bit. */
static void
widen(void)
{
	unsigned i;

	for (i = 0; i < schema.n; i++)
		schema.fields[i].max_length = 16u << 20;
}

/* Rows that would make a stored profile too long: they fail, and who relied on
 * them; the others of the chunk are stored. */
static void
test_long(void)
{
	const struct change first[] = {
	    {.customer = 60, .row = wide("|||", 5u << 20, "")}};
	const struct change list[] = {
	    {.customer = 60, .row = wide("new60@x.org||", 3u << 20, "|")},
	    {.customer = 61, .row = "mail60@x.org||Relies|"},
	    {.customer = 62, .row = "mail61@x.org||Relies too|"},
	    {.customer = 63, .row = "new63@x.org||Fine|"}};
	const char *rows[] = {
	    wide("vast@x.org|||", 9u << 20, ""), "small@x.org|||"};
	struct batch b = {.rows = rows, .n = 2, .per_chunk = 2};
	struct claim c;

	widen();
	is_int(told(RUN(first), &e), ERR_OK, "a large value");
	is_int(done.succeeded, 1, "fits");
	is_int(told(RUN(list), &e), ERR_OK, "another does not");
	is_int(done.failed, 3, "three fail");
	is_int(done.succeeded, 1, "one is stored");
	is_int(done.created, 1, "and told of");
	is_int(owner("email", "\"mail60@x.org\""), 60, "she keeps her value");
	is_int(owner("email", "\"mail61@x.org\""), 61, "so does who relied");
	is_int(owner("email", "\"mail62@x.org\""), 62, "and who relied on her");
	is_int(owner("email", "\"new63@x.org\""), 63, "the other has another");
	is_int(look(60).revision, 2, "nothing is changed");
	is_int(look(61).revision, 1, "by those that failed");
	is_int(told(run(list, 1), &e), ERR_OK, "alone");
	is_int(done.wrong, ROW_LENGTH, "the row is too long");
	b.job.schema_version = schema.version;
	batch_queue(&b, group.id, EXISTING_ERROR);
	must(job_claim(&site, "w", &c, NULL, &e), "claim");
	is_int(told(work_apply(&site, &c, &done, &e), &e), ERR_OK, "an upload");
	is_int(done.succeeded, 1, "of a small row");
	is_int(done.wrong, ROW_LENGTH, "and of one that is too long");
}

/* Customers that went since the rows were taken in. */
static void
test_gone(void)
{
	static const struct change list[] = {{.customer = 30, .row = "|||x"},
	    {.customer = 31, .row = "MAIL31@x.org||M|", .matched = "email"},
	    {.customer = 0, .row = "", .erased = true},
	    {.customer = 32, .row = "mail30@x.org|||"}};
	char sql[300], hex[2][2 * UUID_LEN + 1];
	struct uuid kept = made[30];

	hex_encode(made[30].b, UUID_LEN, hex[0]);
	hex_encode(made[31].b, UUID_LEN, hex[1]);
	snprintf(sql, sizeof(sql),
	    "DELETE FROM customer WHERE uuid IN (0x%s, 0x%s)", hex[0], hex[1]);
	tenant_sql(sql);
	is_int(told(RUN(list), &e), ERR_OK, "customers that are gone");
	is_int(done.failed, 4, "all rows fail");
	made[30] = kept;
	is_errors(HEAD ",,,,1,customer_id,unknown\r\n"
	               ",,,,2,email,unknown\r\n"
	               ",,,,3,customer_id,unknown\r\n" ONE
	               ",mail30@x.org,,,4,email,unique\r\n",
	    "as unknown; nothing is kept of one that is gone");
}

static void
test_group(void)
{
	static const struct change list[] = {
	    {.customer = 40, .row = "||Other|"}};
	struct segment other;
	struct claim c;

	must(segment_create(site.db, &one, "og", "O", NULL, &other, &e), "g");
	queue(list, 1, other.id);
	must(job_claim(&site, "w", &c, NULL, &e), "claim");
	must(work_apply(&site, &c, &done, &e), "apply");
	is_int(done.failed, 1, "a customer of another group");
	is_int(done.wrong, ROW_UNKNOWN, "is unknown");
	queue(list, 1, SEGMENT_ALL);
	must(job_claim(&site, "w", &c, NULL, &e), "claim");
	must(work_apply(&site, &c, &done, &e), "apply");
	is_int(done.succeeded, 1, "`all` has everyone");
	is_int(done.revision, 2, "the revision of the one row is told");
}

static void
test_revision(void)
{
	static const struct change right[] = {
	    {.customer = 50, .row = "||One|", .revision = 1}};
	static const struct change late[] = {
	    {.customer = 50, .row = "||Two|", .revision = 1}};
	struct claim c;

	is_int(told(RUN(right), &e), ERR_OK, "the revision that is asked for");
	queue(late, 1, group.id);
	must(job_claim(&site, "w", &c, NULL, &e), "claim");
	is_int(work_apply(&site, &c, &done, &e), ERR_PRECONDITION, "another");
	is_int(look(50).revision, 2, "changes nothing");
	must(job_fail(&site, &one, &c, ERR_PRECONDITION, &e), "fail");
}

#define CROWD 60
#define TURNS 6

/* Processes that change the same customers, in all orders of their rows: no
 * change is lost, none is done twice. */
static void
test_crowd(void)
{
	static struct change list[CROWD];
	static char rows[TURNS][CROWD][40];
	int bad = 0;
	unsigned i, t;

	for (t = 0; t < TURNS; t++) {
		for (i = 0; i < CROWD; i++) {
			unsigned who = (i * 7 + t * 11) % CROWD;

			snprintf(rows[t][i], sizeof(rows[t][i]), "|t%u.%u||g%u",
			    t, who, t);
			list[i] = (struct change){
			    .customer = 100 + who, .row = rows[t][i]};
		}
		queue(list, CROWD, group.id);
	}
	is_int(apply_beside(3), 0, "three processes end well");
	for (i = 0; i < CROWD; i++) {
		struct customer m = look(100 + i);

		bad += m.revision != 1 + TURNS;
		for (t = 0; t < TURNS; t++)
			bad += strstr(events.data, "username") == NULL;
	}
	is_int(bad, 0, "every customer was changed by every update, once");
}

int
main(void)
{
	batch_begin();
	make(200);
	test_change();
	test_handover();
	test_fixpoint();
	test_long();
	test_gone();
	test_group();
	test_revision();
	test_crowd();
	buf_free(&events);
	return batch_end();
}
