/* The audit log: chains in transactions, anchors, tampering. */
#include <unistd.h>

#include "audit.h"

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
	ok(run((struct steps){.n = 1, .doubt = true}) != ERR_OK,
	    "a connection lost before COMMIT");
	is_int(run((struct steps){.n = 1}), ERR_OK, "and another transaction");
	is_int(verify(), ERR_OK, "whole: %s", wrong.data);
	memcpy(old, c->head.chain, AUDIT_CHAIN);
	n = stored(old);
	ok(run((struct steps){.n = 1, .commit = true, .doubt = true}) != ERR_OK,
	    "a COMMIT that came through, of which nobody knows");
	is_int(stored(old), n + 1, "its entry is there");
	is_int(run((struct steps){.n = 1}), ERR_OK, "and another transaction");
	ok(memcmp(old, c->head.chain, AUDIT_CHAIN) && c->head.n == 1,
	    "begins another chain");
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

#define QUICK 100

/* How many of QUICK movements, each followed by two calls in a row, were
 * anchored by the first. */
static int
anchored_at_once(struct audit_anchors *a)
{
	unsigned n;
	int i, good = 0;

	for (i = 0; i < QUICK; i++) {
		must(run((struct steps){.n = 1}), "move");
		must(audit_anchor(a, 60000, &n, &e), "anchor");
		good += n == 1;
		must(audit_anchor(a, 60000, &n, &e), "anchor again");
	}
	return good;
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
	is_int(anchored_at_once(a), QUICK,
	    "and so when there is hardly a time "
	    "between");
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

int
main(void)
{
	struct audit_import *im;

	audit_begin();
	test_transactions();
	test_doubt();
	test_fork();
	note(100);
	im = audit_import_new(&site);
	import(im);
	audit_import_free(&im);
	test_anchors();
	test_tampering();
	return audit_end();
}
