/* Sessions: opened, found, used, over, closed, swept, gone with customers
 * (S10). Time passes by moving the rows' own times back. */
#include "model/customer_delete.h"
#include "model/erase.h"
#include "model/session.h"
#include "tenant.h"

#define IDLE 1800
#define ABSOLUTE 43200
#define SESSIONS "SELECT COUNT(*) FROM session"

static struct uuid ann, bob, key;

static void
customer(const struct db_context *ctx, int seq, const struct uuid *id)
{
	char sql[400], hex[33];

	hex_encode(id->b, UUID_LEN, hex);
	snprintf(sql, sizeof(sql),
	    "INSERT INTO customer (workspace_id, seq, uuid, revision,"
	    " key_version, profile, created_at, updated_at) VALUES"
	    " (%u, %d, X'%s', 1, 1, '{}', 1, 1)",
	    ctx->workspace_id, seq, hex);
	tenant_sql(sql);
}

static struct session
opened(const struct uuid *who, char id[SESSION_ID_TEXT])
{
	struct session s;

	must(session_open(&site, &one, who, &key, id, &s, &e), "open");
	return s;
}

static void
pass(int64_t seconds)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "UPDATE session SET seen_at = seen_at - %lld,"
	    " expires_at = expires_at - %lld",
	    (long long)seconds * 1000, (long long)seconds * 1000);
	tenant_sql(sql);
}

/* A number that SQL gives. */
static long
number(const char *sql)
{
	char command[600], line[40] = "";
	FILE *out;

	snprintf(command, sizeof(command),
	    "mariadb --defaults-file='%s/owner.cnf' -N '%s' -e \"%s\"",
	    server.dir, server.name, sql);
	out = popen(command, "r");
	if (!out || !fgets(line, sizeof(line), out) || pclose(out))
		must(err_set(&e, ERR_DATABASE, NULL), sql);
	return strtol(line, NULL, 10);
}

static bool
same(const struct uuid *a, const struct uuid *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static enum err_code
find(const char *id)
{
	struct session s;

	return session_find(&site, id, &s, &e);
}

static void
test_open(void)
{
	char id[SESSION_ID_TEXT], other[SESSION_ID_TEXT];
	struct session s = opened(&ann, id), got;
	struct uuid nobody;

	is_int(strlen(id), 43, "S10: 256 bits in base64url");
	opened(&ann, other);
	ok(strcmp(id, other) != 0, "another session has another id");
	must(session_find(&site, id, &got, &e), "find");
	ok(same(&got.customer, &ann), "its customer");
	ok(same(&got.handle, &s.handle), "its handle");
	ok(same(&got.state.workspace, &workspace_one), "its workspace");
	is_int(got.account_id, one.account_id, "its account");
	is_int(got.workspace_id, one.workspace_id, "and workspace");
	ok(!strcmp(got.account_code, "one"), "and the account's code");
	is_int(got.expires_at, s.expires_at, "and its end");
	rand_uuid(&nobody);
	is_int(session_open(&site, &one, &nobody, NULL, id, &s, &e),
	    ERR_NOT_FOUND, "an unknown customer");
	ok(!id[0], "leaves no id");
	is_int(session_open(&site, &two, &ann, NULL, id, &s, &e), ERR_NOT_FOUND,
	    "S12: a customer of another account is unknown");
}

static void
test_stored(void)
{
	char id[SESSION_ID_TEXT], command[600];

	opened(&ann, id);
	snprintf(command, sizeof(command),
	    "mariadb --defaults-file='%s/owner.cnf' -N '%s' -e"
	    " 'SELECT * FROM session' | grep -qF -- '%s'",
	    server.dir, server.name, id);
	ok(system(command) != 0, "S10: the id is not in the database");
	must(find(id), "but opens the session");
}

static void
test_wrong(void)
{
	char id[SESSION_ID_TEXT], wrong[SESSION_ID_TEXT];
	char text[UUID_TEXT];
	struct session s = opened(&ann, id);

	memcpy(wrong, id, sizeof(wrong));
	wrong[3] = wrong[3] == 'A' ? 'B' : 'A';
	is_int(find(wrong), ERR_AUTH, "an id that is off by a character");
	is_int(find(""), ERR_AUTH, "no id");
	uuid_format(&s.handle, text);
	is_int(find(text), ERR_AUTH, "the handle opens nothing");
	id[42] = '\0';
	is_int(find(id), ERR_AUTH, "a part of an id");
}

static void
test_over(void)
{
	char id[SESSION_ID_TEXT];

	opened(&ann, id);
	pass(IDLE - 10);
	must(find(id), "used before its idle time is over");
	pass(IDLE - 100);
	is_int(find(id), ERR_OK, "S10: which begins anew with each use");
	pass(IDLE + 1);
	is_int(find(id), ERR_AUTH, "S10: an idle session is over");
	opened(&ann, id);
	for (int64_t gone = 0; gone + IDLE < ABSOLUTE; gone += IDLE - 100) {
		must(find(id), "in use");
		pass(IDLE - 100);
	}
	must(find(id), "in use");
	pass(IDLE - 1);
	is_int(
	    find(id), ERR_AUTH, "S10: one in use ends after its absolute time");
}

#define SECONDS_UNSEEN \
	"SELECT (UNIX_TIMESTAMP() * 1000 - seen_at) DIV 1000 FROM session"

static void
test_seldom(void)
{
	char id[SESSION_ID_TEXT];

	tenant_sql("DELETE FROM session");
	opened(&ann, id);
	pass(40);
	must(find(id), "find");
	ok(number(SECONDS_UNSEEN) > 35, "a use is not written down at once");
	pass(30);
	must(find(id), "find");
	ok(number(SECONDS_UNSEEN) < 35, "but after a minute it is");
}

static void
test_close(void)
{
	char id[SESSION_ID_TEXT], other[SESSION_ID_TEXT];
	struct session s = opened(&ann, id);

	opened(&ann, other);
	is_int(session_close(&site, &two, &s.handle, &e), ERR_NOT_FOUND,
	    "S12: another account cannot close it");
	must(find(id), "it lives");
	must(session_close(&site, &one, &s.handle, &e), "close");
	is_int(find(id), ERR_AUTH, "S10: closed");
	is_int(find(other), ERR_OK, "the customer's other session lives");
	is_int(session_close(&site, &one, &s.handle, &e), ERR_NOT_FOUND,
	    "closing it again");
}

static void
test_sweep(void)
{
	char id[SESSION_ID_TEXT], late[SESSION_ID_TEXT];

	tenant_sql("DELETE FROM session");
	opened(&ann, late);
	pass(IDLE + 1);
	opened(&ann, id);
	must(session_sweep(site.db, &e), "sweep");
	must(find(id), "a live one stays");
	is_int(number(SESSIONS), 1, "an idle one is swept");
	pass(ABSOLUTE);
	tenant_sql("UPDATE session SET seen_at = UNIX_TIMESTAMP() * 1000");
	must(session_sweep(site.db, &e), "sweep");
	is_int(number(SESSIONS), 0, "so is an old one that is in use");
}

/* The customers are in `all` alone; their counts do not matter here. */
static void
test_customer_gone(void)
{
	char id[SESSION_ID_TEXT], other[SESSION_ID_TEXT];
	struct segment all = {.id = SEGMENT_ALL};
	struct arena *a = arena_new(4096);
	bool gone[1];
	struct deletion d = {
	    .group = &all, .ids = &ann, .n = 1, .gone_out = gone};

	opened(&ann, id);
	opened(&bob, other);
	must(customer_delete(&site, &one, &d, a, &e), "delete");
	ok(gone[0], "a customer is deleted");
	is_int(find(id), ERR_AUTH, "S10: its session goes with it");
	is_int(number(SESSIONS), 1, "from the table, too");
	is_int(find(other), ERR_OK, "another customer's stays");
	arena_free(&a);
}

static void
forget(void *arg, const char *table, uint64_t n)
{
	(void)arg, (void)table, (void)n;
}

static void
test_account_gone(void)
{
	char id[SESSION_ID_TEXT];
	struct erasure x;

	opened(&bob, id);
	must(erase_look(&site, "one", &x, &e), "look");
	must(erase_begin(&site, &x, &e), "begin");
	is_int(find(id), ERR_AUTH, "an account's erasure ends its sessions");
	must(erase_rest(&site, &x, forget, NULL, &e), "rest");
	is_int(number(SESSIONS), 0, "and deletes them");
}

int
main(void)
{
	tenant_begin();
	server.conf.session_idle = IDLE;
	server.conf.session_absolute = ABSOLUTE;
	rand_uuid(&ann);
	rand_uuid(&bob);
	rand_uuid(&key);
	customer(&one, 1, &ann);
	customer(&one, 2, &bob);
	test_open();
	test_stored();
	test_wrong();
	test_over();
	test_seldom();
	test_close();
	test_sweep();
	test_customer_gone();
	test_account_gone();
	return tenant_end();
}
