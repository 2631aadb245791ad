/* The audit log: chains, transactions, notes, import, anchors, tampering. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "db/internal.h"
#include "model/audit_anchor.h"
#include "model/audit_import.h"
#include "model/audit_own.h"
#include "model/audit_verify.h"
#include "model/job.h"
#include "tenant.h"

static struct buf wrong;

static void
tell(void *arg, const char *line)
{
	(void)arg;
	buf_addf(&wrong, "%s\n", line);
}

static struct audit_report report;

static enum err_code
verify(void)
{
	report = (struct audit_report){.wrong = tell};
	buf_reset(&wrong);
	buf_adds(&wrong, "");
	return audit_verify(&site, &report, &e);
}

/* Verification must fail by a line that has `part`. */
static void
finds(const char *part, const char *what)
{
	is_int(verify(), ERR_INVALID, "S35: %s is found", what);
	if (!ok(wrong.data && strstr(wrong.data, part), "as \"%s\"", part))
		printf("# %s\n", wrong.data ? wrong.data : "nothing");
}

static const struct audit_event event = {
    AUDIT_GROUP_READ, &workspace_one, "{\"a\":\"b\"}"};

struct steps {
	unsigned n;
	int runs, retry; /* ERR_RETRY in runs up to this */
	enum err_code rc;
	bool doubt;
};

static void
kill_own(struct db *db)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "KILL %lu", mysql_thread_id(db->mysql));
	tenant_sql(sql);
	usleep(100000);
}

static enum err_code
body(struct db *db, void *arg, struct err *err)
{
	struct steps *s = arg;
	enum err_code rc;
	unsigned i;

	for (i = 0; i < s->n; i++) {
		rc = audit_change(&site, &one, &event, 1, err);
		if (rc)
			return rc;
	}
	if (s->doubt)
		kill_own(db);
	if (s->runs++ < s->retry)
		return err_set(err, ERR_RETRY, NULL);
	return s->rc ? err_set(err, s->rc, NULL) : ERR_OK;
}

static enum err_code
run(struct steps s)
{
	return db_transaction(site.db, body, NULL, &s, &e);
}

static void
take_int(struct db_rows *r, void *arg)
{
	*(int64_t *)arg = db_get_int(r, 0);
}

/* How far the chain of changes is in the database. */
static int64_t
stored(const uint8_t *chain)
{
	int64_t n = 0;

	if (db_one(site.db, NULL, SQL_AUDIT_LAST,
	        DB_ARGS(db_bytes(chain, AUDIT_CHAIN)), take_int, &n, &e))
		return 0;
	return n;
}

static void
test_transactions(void)
{
	struct audit_chain *c = &site.audit->changes;
	uint8_t old[AUDIT_CHAIN];
	int64_t n;

	is_int(run((struct steps){.n = 3}), ERR_OK, "three entries");
	n = stored(c->head.chain);
	is_int((intmax_t)c->head.n, n, "the head is what is stored");
	is_int(run((struct steps){.n = 2, .rc = ERR_CONFLICT}), ERR_CONFLICT,
	    "a transaction that rolls back");
	is_int(stored(c->head.chain), n, "leaves no entry");
	is_int(run((struct steps){.n = 2, .retry = 2}), ERR_OK,
	    "a body that is run again");
	is_int(stored(c->head.chain), n + 2, "leaves those of its last run");
	is_int(verify(), ERR_OK, "and no gap: %s", wrong.data);
	memcpy(old, c->head.chain, AUDIT_CHAIN);
	ok(run((struct steps){.n = 1, .doubt = true}) != ERR_OK,
	    "a connection lost before COMMIT");
	is_int(run((struct steps){.n = 1}), ERR_OK, "and another transaction");
	ok(!memcmp(old, c->head.chain, AUDIT_CHAIN) || c->head.n == 1,
	    "goes on, or begins anew");
	is_int(verify(), ERR_OK, "whole: %s", wrong.data);
	is_int(audit_change(&site, &one, &event, 1, &e), ERR_OK,
	    "outside of a transaction it makes one");
	is_int(verify(), ERR_OK, "whole: %s", wrong.data);
}

/* What src/db tells when a COMMIT was sent and lost; the entry is there, or is
 * not. */
static void
test_doubt(void)
{
	struct audit_chain *c = &site.audit->changes;
	uint8_t old[AUDIT_CHAIN];
	int i;

	for (i = 0; i < 2; i++) {
		memcpy(old, c->head.chain, AUDIT_CHAIN);
		is_int(run((struct steps){
		           .n = 1, .rc = i ? ERR_CONFLICT : ERR_OK}),
		    i ? ERR_CONFLICT : ERR_OK, "a transaction");
		c->moved = true;
		site.db->ended(site.db->owner, DB_IN_DOUBT);
		ok(memcmp(old, c->head.chain, AUDIT_CHAIN) && !c->head.n,
		    "a COMMIT in doubt ends the chain");
		is_int(run((struct steps){.n = 2}), ERR_OK, "another begins");
		is_int(verify(), ERR_OK, "all is whole: %s", wrong.data);
	}
}

static void
in_child(void (*what)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		what();
		site_close(&site);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "a child does its part");
}

static void
child_writes(void)
{
	db_close(site.db);
	must(run((struct steps){.n = 2}), "child");
	audit_note(&site, &one, &event);
	audit_note(&site, &one, &event);
}

static void
test_fork(void)
{
	uint64_t chains;

	must(verify(), "before");
	chains = report.chains;
	in_child(child_writes);
	is_int(run((struct steps){.n = 1}), ERR_OK, "the parent goes on");
	is_int(verify(), ERR_OK, "whole: %s", wrong.data);
	is_int((intmax_t)report.chains, (intmax_t)chains + 1,
	    "the child had a chain of its own");
}

static unsigned
count_files(const char *tail)
{
	DIR *d = opendir(audit_dir);
	uint8_t chain[AUDIT_CHAIN];
	struct dirent *f;
	unsigned n = 0;

	while (d && (f = readdir(d)))
		n += tail ? strlen(f->d_name) > strlen(tail) &&
		                !strcmp(f->d_name + strlen(f->d_name) -
		                            strlen(tail),
		                    tail)
		          : audit_part_parse(f->d_name, chain) > 0;
	if (d)
		closedir(d);
	return n;
}

static uint64_t
import(struct audit_import *im)
{
	uint64_t n = 0;
	bool ours;

	must(audit_import_run(im, &ours, &n, &e), "import");
	ok(ours, "the import is ours");
	return n;
}

static void
note(unsigned n)
{
	while (n--)
		audit_note(&site, &one, &event);
}

/* Appends to the file of this process. */
static void
append(const char *text)
{
	char owner[JOB_OWNER_MAX], name[AUDIT_NAME_MAX], path[300];
	FILE *f;

	job_owner(owner);
	audit_part_name(name, owner, site.audit->file.head.chain, 1);
	snprintf(path, sizeof(path), "%s/%s", audit_dir, name);
	f = fopen(path, "a");
	if (!f || fputs(text, f) < 0 || fclose(f))
		must(err_set(&e, ERR_INTERNAL, NULL), "append");
}

static void
child_tears(void)
{
	note(3);
	append("{\"chain\":\"torn");
}

static void
child_writes_nonsense(void)
{
	note(1);
	append("nonsense\n");
}

static void
test_import(void)
{
	struct audit_import *im = audit_import_new(&site);
	struct audit_import *other = audit_import_new(&site);
	uint64_t n;
	bool ours;

	is_int((intmax_t)import(im), 2, "S39: the notes of a dead process");
	is_int(count_files(NULL), 0, "whose file goes");
	must(audit_import_run(other, &ours, &n, &e), "second");
	ok(!ours, "one process imports at a time");
	audit_import_free(&other);
	note(5);
	is_int((intmax_t)import(im), 5, "notes of a live one");
	is_int((intmax_t)import(im), 0, "once");
	note(2);
	is_int((intmax_t)import(im), 2, "and what comes after");
	is_int(count_files(NULL), 1, "its file stays");
	audit_import_free(&im);
	im = audit_import_new(&site);
	is_int((intmax_t)import(im), 0, "read again it changes nothing");
	in_child(child_tears);
	is_int((intmax_t)import(im), 3, "a torn last line is passed over");
	in_child(child_writes_nonsense);
	is_int((intmax_t)import(im), 1, "a line that is none of ours");
	is_int(count_files(".bad"), 1, "puts the file aside");
	is_int(verify(), ERR_OK, "all is whole: %s", wrong.data);
	audit_import_free(&im);
}

static void
test_parts(void)
{
	struct audit_import *im = audit_import_new(&site);

	server.conf.audit_part_bytes = 4096;
	note(100);
	ok(count_files(NULL) > 3, "S35: files are followed by the next");
	is_int((intmax_t)import(im), 100, "all are imported");
	is_int(count_files(NULL), 1, "the last stays");
	is_int(verify(), ERR_OK, "whole: %s", wrong.data);
	server.conf.audit_part_bytes = 4194304;
	audit_import_free(&im);
}

static void
test_bound(void)
{
	struct audit_import *im = audit_import_new(&site);
	static const struct audit_event refused = {AUDIT_REFUSED, NULL, "{}"};
	struct db_context nobody = {.account_id = 1};
	struct db_context somebody = {.account_id = 1, .user_id = 1};
	int i;

	site.audit->bound.since = 0;
	for (i = 0; i < 200; i++)
		audit_note(&site, &nobody, &refused);
	is_int((intmax_t)import(im), AUDIT_ANONYMOUS,
	    "refusals of nobody are bounded");
	for (i = 0; i < 200; i++)
		audit_note(&site, &somebody, &refused);
	is_int((intmax_t)import(im), 200, "those of users are not");
	site.audit->bound.since = 1;
	note(1);
	is_int((intmax_t)import(im), 2, "what was left out is told");
	is_int((intmax_t)site.audit->bound.left_out, 0, "once");
	audit_import_free(&im);
}

static void
test_anchors(void)
{
	struct audit_anchors *a = audit_anchors_new(&site);
	struct audit_anchors *b = audit_anchors_new(&site);
	struct audit_head head;
	unsigned n;

	must(audit_anchor(a, 60000, &n, &e), "anchor");
	ok(n > 3, "all chains are anchored: %u", n);
	must(audit_anchor(a, 60000, &n, &e), "anchor");
	is_int(n, 0, "once");
	must(run((struct steps){.n = 1}), "move");
	must(audit_anchor(a, 60000, &n, &e), "anchor");
	is_int(n, 1, "one that has moved again");
	is_int(verify(), ERR_OK, "whole: %s", wrong.data);
	is_int(audit_anchor_file(audit_dir, &head, &e), ERR_OK,
	    "the newest is kept outside");
	is_int((intmax_t)head.n, stored(head.chain), "with its place");
	tenant_sql("UPDATE audit_lease SET owner = 'x:1:1'");
	must(run((struct steps){.n = 1}), "move");
	must(audit_anchor(b, 60000, &n, &e), "anchor");
	is_int(n, 0, "while another has the lease nothing is anchored");
	tenant_sql("UPDATE audit_lease SET until = 0");
	must(audit_anchor(b, 60000, &n, &e), "anchor");
	ok(n > 0, "then it is");
	audit_anchors_free(&a);
	audit_anchors_free(&b);
}

/* Each tampering on a copy, which is then put back. */
static void
tamper(const char *sql, const char *part, const char *what)
{
	tenant_sql("CREATE TABLE kept AS SELECT * FROM audit");
	tenant_sql(sql);
	finds(part, what);
	tenant_sql("DELETE FROM audit; INSERT INTO audit SELECT * FROM kept;"
	           " DROP TABLE kept");
}

static void
test_tampering(void)
{
	tamper("UPDATE audit SET user_id = 9 WHERE n = 2",
	    "entry 2: was altered", "an altered actor");
	tamper("UPDATE audit SET detail = '{}' WHERE n = 3",
	    "entry 3: was altered", "an altered detail");
	tamper("UPDATE audit SET at = at + 1 WHERE n = 1",
	    "entry 1: was altered", "an altered time");
	tamper("DELETE FROM audit WHERE n = 2", "entry 2: is missing",
	    "a removed entry");
	tamper("DELETE FROM audit WHERE n BETWEEN 2 AND 4",
	    "entries 2 to 4: are missing", "removed entries");
	tamper("DELETE FROM audit WHERE n = 1", "entry 1: is missing",
	    "a removed beginning");
	tamper("UPDATE audit SET n = 9999 WHERE n = 1;"
	       " UPDATE audit SET n = 1 WHERE n = 2;"
	       " UPDATE audit SET n = 2 WHERE n = 9999",
	    "entry 1: was altered", "a changed order");
	tamper("DELETE a FROM audit a JOIN (SELECT chain, MAX(n) AS m FROM"
	       " audit GROUP BY chain HAVING m > 90) x ON a.chain = x.chain"
	       " AND a.n = x.m",
	    "from its end: an anchor names", "a removed end");
	tamper("DELETE a FROM audit a JOIN (SELECT chain FROM audit WHERE"
	       " action = 'group.read' LIMIT 1) x ON a.chain = x.chain",
	    "is gone", "a chain that is gone");
	tamper("DELETE FROM audit WHERE action = 'audit.anchor'",
	    "the file of the newest anchor names", "the loss of all anchors");
	tamper("DELETE FROM audit", "the file of the newest anchor names",
	    "the loss of everything");
	is_int(verify(), ERR_OK, "put back, all is whole: %s", wrong.data);
}

struct export
{
	struct buf b;
	FILE *f;
};

static enum err_code
put(void *arg, struct err *err)
{
	struct export *x = arg;

	(void)err;
	fwrite(x->b.data, 1, x->b.len, x->f);
	buf_reset(&x->b);
	return ERR_OK;
}

/* An export in a file, and the file changed by a command. */
static enum err_code
exported(int64_t since, bool part, const char *command)
{
	struct export out = {.f = NULL};
	char path[120], line[400];
	enum err_code rc;

	snprintf(path, sizeof(path), "%s/export", keys_dir);
	out.f = fopen(path, "w+");
	must(audit_export(&site, since, &out.b, put, &out, &e), "export");
	fclose(out.f);
	buf_free(&out.b);
	snprintf(line, sizeof(line), "cd '%s' && %s", keys_dir, command);
	if (system(line))
		must(err_set(&e, ERR_INTERNAL, NULL), command);
	out.f = fopen(path, "r");
	report = (struct audit_report){.wrong = tell};
	buf_reset(&wrong);
	buf_adds(&wrong, "");
	rc = audit_verify_file(site.audit->key, out.f, part, &report, &e);
	fclose(out.f);
	return rc;
}

static void
test_export(void)
{
	uint64_t all;
	int64_t now;

	must(verify(), "verify");
	all = report.entries;
	is_int(exported(0, false, "true"), ERR_OK, "an export verifies: %s",
	    wrong.data);
	is_int((intmax_t)report.entries, (intmax_t)all, "with every entry");
	is_int(exported(0, false,
	           "sed -i 's/\"user_id\":0/\"user_id\":7/' "
	           "export"),
	    ERR_INVALID, "S35: an altered one does not");
	is_int(exported(0, false, "sed -i 5d export"), ERR_INVALID,
	    "nor one that lacks a line");
	is_int(exported(0, false,
	           "sed -i '/^.[^,]*,\"n\":[23][0-9][0-9],/d' export"),
	    ERR_INVALID, "nor one of which a chain lacks its end");
	ok(strstr(wrong.data, "from its end"), "which is told");
	usleep(5000);
	now = clock_now_ms();
	must(run((struct steps){.n = 2}), "two more");
	is_int(exported(now, true, "true"), ERR_OK,
	    "a part verifies as a part: %s", wrong.data);
	is_int((intmax_t)report.entries, 2, "of what came since");
	is_int(exported(now, false, "true"), ERR_INVALID, "not as the whole");
	is_int(exported(now, true,
	           "sed -i 's/\\\\\"b\\\\\"/\\\\\"c\\\\\"/;"
	           "s/:\"b\"/:\"c\"/' export"),
	    ERR_INVALID, "an altered part does not");
}

/* For the founder's eyes: what an entry costs. */
static void
test_cost(void)
{
	static struct audit_event list[10000];
	struct timespec t0, t1;
	struct audit_event e1 = event;
	unsigned i;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	note(2000);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	printf(
	    "# %.1f us a note\n", ((double)(t1.tv_sec - t0.tv_sec) * 1e6 +
	                              (double)(t1.tv_nsec - t0.tv_nsec) / 1e3) /
	                              2000);
	e1.action = AUDIT_CUSTOMER_DELETE;
	for (i = 0; i < 10000; i++)
		list[i] = e1;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	is_int(run((struct steps){.n = 1000}), ERR_OK,
	    "a thousand calls in a transaction");
	clock_gettime(CLOCK_MONOTONIC, &t1);
	printf("# %.1f us a call of one entry\n",
	    ((double)(t1.tv_sec - t0.tv_sec) * 1e6 +
	        (double)(t1.tv_nsec - t0.tv_nsec) / 1e3) /
	        1000);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	is_int(audit_change(&site, &one, list, 10000, &e), ERR_OK,
	    "ten thousand entries in a transaction");
	clock_gettime(CLOCK_MONOTONIC, &t1);
	printf("# %.1f us an entry of 10000\n",
	    ((double)(t1.tv_sec - t0.tv_sec) * 1e6 +
	        (double)(t1.tv_nsec - t0.tv_nsec) / 1e3) /
	        10000);
	is_int(verify(), ERR_OK, "whole: %s", wrong.data);
}

int
main(void)
{
	static const uint8_t seed[32] = {7};

	json_setup(seed);
	tenant_begin();
	log_request("request-1");
	test_transactions();
	test_doubt();
	test_fork();
	test_import();
	test_parts();
	test_bound();
	test_anchors();
	test_tampering();
	test_export();
	test_cost();
	buf_free(&wrong);
	return tenant_end();
}
