/* S16 over the whole registry: no statement touches a tenant's table without
 * the context; and the proof itself is tested with statements that do. */
#include "db/internal.h"
#include "t/tap.h"
#include "generation.h"
#include "tenancy.h"

#define C "SELECT c.seq FROM customer c "
#define W "workspace_id = :workspace"

/* Statements that must not pass. */
static const struct stmt_row bad[] = {
    {"UPDATE of two tables, one bound", STMT_ACCOUNT,
        "UPDATE account LEFT JOIN workspace ON workspace.id = account.id"
        " SET key_epoch = 1 WHERE account.id = :account"},
    {"nothing bound", STMT_WORKSPACE, "SELECT seq FROM customer"},
    {"bound to a value", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE workspace_id = ?"},
    {"bound to the other marker", STMT_ACCOUNT,
        "SELECT n FROM job_chunk WHERE account_id = :workspace"},
    {"another column bound", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE seq = :workspace"},
    {"compared, not bound", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE workspace_id <> :workspace"},
    {"at least, not equal", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE workspace_id >= :workspace"},
    {"an expression", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE seq - workspace_id = :workspace"},
    {"compared again", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE workspace_id = :workspace = ?"},
    {"added to", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE workspace_id = :workspace + ?"},
    {"only selected", STMT_WORKSPACE,
        "SELECT workspace_id = :workspace FROM customer"},
    {"only ordered", STMT_WORKSPACE,
        "SELECT seq FROM customer ORDER BY workspace_id = :workspace"},
    {"OR", STMT_WORKSPACE, "SELECT seq FROM customer WHERE " W " OR seq = ?"},
    {"OR around", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE (" W " AND seq = ?) OR seq = ?"},
    {"OR as a sign", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE " W " || seq = ?"},
    {"NOT", STMT_WORKSPACE, "SELECT seq FROM customer WHERE NOT (" W ")"},
    {"denied after its parentheses", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE (" W ") = 0"},
    {"the end of BETWEEN", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE seq BETWEEN ? AND " W},
    {"inside CASE", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE CASE WHEN 1 AND " W
        " THEN 1 ELSE 1 END"},
    {"inside IF", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE IF(" W ", 1, 1)"},
    {"in a string", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE name = 'workspace_id = :workspace'"},
    {"second table unbound", STMT_WORKSPACE,
        C "JOIN customer_unique u ON u.seq = c.seq WHERE c." W},
    {"second table of a comma unbound", STMT_WORKSPACE,
        "SELECT 1 FROM customer c, segment s WHERE c." W},
    {"alias unbound", STMT_WORKSPACE,
        C "JOIN customer d ON d.seq = c.seq WHERE c." W},
    {"unknown alias", STMT_WORKSPACE, C "WHERE d." W},
    {"ambiguous column", STMT_WORKSPACE,
        C "JOIN customer_unique u ON u.seq = c.seq WHERE " W},
    {"joined to one that is unbound", STMT_WORKSPACE,
        C "JOIN segment s ON s.workspace_id = c.workspace_id "
          "JOIN field f ON f." W " WHERE c.seq = ?"},
    {"joined by another column", STMT_WORKSPACE,
        C "JOIN segment s ON s.id = c.workspace_id WHERE c." W},
    {"LEFT JOIN does not bind its left side", STMT_WORKSPACE,
        C "LEFT JOIN segment s ON s.workspace_id = c.workspace_id AND s." W},
    {"subquery unbound", STMT_WORKSPACE,
        C "WHERE c." W " AND c.seq IN (SELECT seq FROM segment_member)"},
    {"subquery binds only itself", STMT_WORKSPACE,
        C "WHERE EXISTS (SELECT 1 FROM segment s WHERE s." W
          " AND c.workspace_id = s.workspace_id)"},
    {"derived table unbound", STMT_WORKSPACE,
        "SELECT d.seq FROM (SELECT seq FROM customer) d"},
    {"UPDATE unbound", STMT_WORKSPACE, "UPDATE customer SET seq = ?"},
    {"UPDATE sets, does not bind", STMT_WORKSPACE,
        "UPDATE customer SET workspace_id = :workspace WHERE seq = ?"},
    {"UPDATE moves a row", STMT_WORKSPACE,
        "UPDATE customer SET workspace_id = ? WHERE " W},
    {"DELETE unbound", STMT_WORKSPACE, "DELETE FROM customer WHERE seq = ?"},
    {"INSERT of a value", STMT_WORKSPACE,
        "INSERT INTO segment_bucket (workspace_id, live) VALUES (?, ?)"},
    {"INSERT into the wrong place", STMT_WORKSPACE,
        "INSERT INTO segment_bucket (workspace_id, live) VALUES (?, "
        ":workspace)"},
    {"INSERT without the column", STMT_WORKSPACE,
        "INSERT INTO segment_bucket (live) VALUES (:workspace)"},
    {"INSERT without columns", STMT_WORKSPACE,
        "INSERT INTO segment_bucket VALUES (:workspace, ?, ?, ?)"},
    {"INSERT of an expression", STMT_WORKSPACE,
        "INSERT INTO segment_bucket (workspace_id) VALUES (:workspace + ?)"},
    {"INSERT of two rows", STMT_WORKSPACE,
        "INSERT INTO segment_bucket (workspace_id) VALUES (:workspace), (?)"},
    {"INSERT that moves a row", STMT_WORKSPACE,
        "INSERT INTO segment_bucket (workspace_id) VALUES (:workspace)"
        " ON DUPLICATE KEY UPDATE live = 1, workspace_id = ?"},
    {"INSERT from a table unbound", STMT_WORKSPACE,
        "INSERT INTO segment_bucket (workspace_id) SELECT :workspace"
        " FROM customer"},
    {"INSERT without INTO", STMT_WORKSPACE,
        "INSERT customer (workspace_id) VALUES (?)"},
    {"SERVER on a tenant's table", STMT_SERVER, "SELECT email FROM user"},
    {"SERVER on a tenant's table, joined", STMT_SERVER,
        "SELECT u.email FROM account a JOIN user u ON u.account_id = a.id"},
    {"SERVER on the workspaces of an account", STMT_SERVER,
        "SELECT w.uuid FROM account a JOIN workspace w ON w.account_id = a.id"},
    {"SERVER on workspaces by another column", STMT_SERVER,
        "SELECT w.uuid FROM session s JOIN workspace w"
        " ON w.id = s.workspace_id OR w.uuid = ?"},
    {"SERVER on what a session's workspace has", STMT_SERVER,
        "SELECT c.seq FROM session s JOIN customer c"
        " ON c.workspace_id = s.workspace_id"},
    {"SERVER changes a workspace", STMT_SERVER,
        "UPDATE workspace w JOIN session s ON w.id = s.workspace_id"
        " SET w.name = ?"},
    {"ACCOUNT on a workspace's table", STMT_ACCOUNT,
        "SELECT u.id FROM user u JOIN user_role r ON r.user_id = u.id"
        " WHERE u.account_id = :account"},
    {"unknown table", STMT_SERVER, "SELECT 1 FROM mysql_user"},
    {"another database", STMT_SERVER, "SELECT 1 FROM account.user"},
    {"UNION", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE " W " UNION SELECT seq FROM customer"},
    {"a statement of another kind", STMT_SERVER, "TRUNCATE TABLE customer"},
};

/* Statements that must pass. */
static const struct stmt_row good[] = {
    {"SERVER on SERVER tables", STMT_SERVER,
        "SELECT k.digest FROM api_key k JOIN account a ON a.id = k.account_id"},
    {"SERVER on a session's workspace", STMT_SERVER,
        "SELECT w.uuid FROM session s JOIN workspace w"
        " ON w.id = s.workspace_id WHERE s.digest = ?"},
    {"plain", STMT_WORKSPACE, "SELECT seq FROM customer WHERE " W},
    {"in parentheses", STMT_WORKSPACE,
        "SELECT seq FROM customer WHERE ((" W ") AND (seq = ? OR seq = ?))"},
    {"joined by the column", STMT_WORKSPACE,
        C "JOIN segment_member m ON m.workspace_id = c.workspace_id AND"
          " m.seq = c.seq WHERE c." W " ORDER BY c.seq FOR UPDATE"},
    {"bound from the other side", STMT_WORKSPACE,
        C "JOIN segment s ON s.workspace_id = c.workspace_id WHERE s." W},
    {"bound in ON", STMT_WORKSPACE,
        C "LEFT JOIN segment AS s ON s." W " WHERE c." W},
    {"subquery bound by the outer", STMT_WORKSPACE,
        C "WHERE c." W " AND EXISTS (SELECT 1 FROM segment s"
          " WHERE s.workspace_id = c.workspace_id)"},
    {"roles through the account's workspaces", STMT_ACCOUNT,
        "SELECT r.role FROM user_role r JOIN workspace w"
        " ON w.id = r.workspace_id WHERE w.account_id = :account"},
    {"INSERT", STMT_WORKSPACE,
        "INSERT INTO segment_bucket (live, workspace_id, bucket)"
        " VALUES (COALESCE(?, 1), :workspace, ?)"
        " ON DUPLICATE KEY UPDATE live = live + VALUES(live)"},
    {"UPDATE", STMT_ACCOUNT,
        "UPDATE job SET state = IF(failed = 0, ?, ?)"
        " WHERE account_id = :account AND uuid = ?"},
    {"DELETE", STMT_ACCOUNT,
        "DELETE FROM job_chunk WHERE account_id = :account LIMIT 10"},
    {"UPDATE of two tables", STMT_ACCOUNT,
        "UPDATE account LEFT JOIN workspace"
        " ON workspace.account_id = account.id"
        " SET key_epoch = 1 WHERE account.id = :account"},
    {"DELETE by the table's other name", STMT_ACCOUNT,
        "DELETE d FROM job_chunk d FORCE INDEX (PRIMARY)"
        " WHERE d.account_id = :account"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Statements that change what processes remember without saying so. */
static const struct stmt_row silent[] = {
    {"UPDATE of a workspace", STMT_WORKSPACE,
        "UPDATE workspace SET schema_version = schema_version + 1"},
    {"one column in order, another not", STMT_WORKSPACE,
        "UPDATE workspace SET next_field_id = 2, layout = 3"},
    {"generation is but read", STMT_WORKSPACE,
        "UPDATE workspace SET layout = generation WHERE generation = ?"},
    {"generation becomes a value", STMT_WORKSPACE,
        "UPDATE workspace SET layout = 3, generation = ?"},
    {"UPDATE of an account", STMT_SERVER,
        "UPDATE account SET key_epoch = 3 WHERE id = ?"},
    {"an account beside something else", STMT_SERVER,
        "UPDATE session JOIN account ON account.id = session.account_id"
        " SET code = ?, seen_at = 1"},
    {"UPDATE of an API key", STMT_SERVER, "UPDATE api_key SET revoked_at = ?"},
    {"by another name", STMT_SERVER, "UPDATE api_key k SET k.revoked_at = ?"},
    {"ON DUPLICATE KEY", STMT_SERVER,
        "INSERT INTO api_key (uuid) VALUES (?)"
        " ON DUPLICATE KEY UPDATE privileges = ?"},
    {"REPLACE", STMT_SERVER, "REPLACE INTO api_key (uuid) VALUES (?)"},
    {"DELETE", STMT_SERVER, "DELETE FROM api_key WHERE uuid = ?"},
    {"a workspace without a generation", STMT_ACCOUNT,
        "INSERT INTO workspace (uuid, name) VALUES (?, ?)"},
};

static const struct stmt_row telling[] = {
    {"what nobody remembers", STMT_WORKSPACE,
        "UPDATE workspace SET next_field_id = 2, next_segment_id = 3"},
    {"with the generation", STMT_WORKSPACE,
        "UPDATE workspace SET layout = 3, generation = " GENERATION_NEXT},
    {"before it", STMT_WORKSPACE,
        "UPDATE workspace w SET w.generation = " GENERATION_NEXT
        ", layout = 3"},
    {"a SELECT", STMT_SERVER, "SELECT code FROM account FOR UPDATE"},
    {"another table's", STMT_SERVER, "UPDATE account_key SET sealed = 1"},
    {"ERASE_x", STMT_SERVER, "DELETE FROM api_key WHERE uuid = ?"},
};

static void
test_generation(void)
{
	char why[200];
	unsigned i;

	for (i = 0; i < STMT_COUNT; i++) {
		const struct stmt_row *row = stmt_get((enum stmt)i);

		if (!ok(generation_check(row, why, sizeof(why)),
		        "S5: %s leaves nothing remembered that it changes",
		        row->name))
			printf("# %s\n", why);
	}
	for (i = 0; i < COUNT(silent); i++)
		ok(!generation_check(&silent[i], why, sizeof(why)),
		    "S5: the proof fails: %s", silent[i].name);
	for (i = 0; i < COUNT(telling); i++)
		ok(generation_check(&telling[i], why, sizeof(why)),
		    "S5: the proof holds: %s", telling[i].name);
}

/* Compiling asserts that the markers are those of the scope. */
static void
test_registry(void)
{
	struct plan plan;
	char why[200];
	unsigned st;

	for (st = 0; st < STMT_COUNT; st++) {
		const struct stmt_row *row = stmt_get((enum stmt)st);

		ok(tenancy_check(row, why, sizeof(why)), "S16: %s", row->name);
		if (why[0])
			printf("# %s: %s\n", row->name, why);
		plan_compile(row, 1, &plan);
		ok(plan.text.len && !strchr(plan.text.data, ':') &&
		        !strstr(plan.text.data, "..."),
		    "%s compiles", row->name);
		plan_free(&plan);
	}
}

static void
test_checker(void)
{
	char why[200];
	unsigned i;

	for (i = 0; i < COUNT(bad); i++) {
		ok(!tenancy_check(&bad[i], why, sizeof(why)),
		    "S16: the proof fails: %s", bad[i].name);
		printf("# %s\n", why);
	}
	for (i = 0; i < COUNT(good); i++)
		if (!ok(tenancy_check(&good[i], why, sizeof(why)),
		        "S16: the proof holds: %s", good[i].name))
			printf("# %s\n", why);
}

static void
is_plan(const char *sql, unsigned times, const char *text, const char *slots)
{
	struct stmt_row row = {"TEST", STMT_WORKSPACE, sql};
	struct plan plan;
	char got[64] = "";
	size_t i;

	plan_compile(&row, times, &plan);
	is_str(plan.text.data, text, "%s, %u times", sql, times);
	for (i = 0; i < plan.slots.len && i < sizeof(got) - 1; i++)
		got[i] = "?laW"[(unsigned char)plan.slots.data[i]];
	is_str(got, slots, "its slots");
	plan_free(&plan);
}

static void
test_compile(void)
{
	is_plan("a = ? AND w = :workspace AND :account = b", 1,
	    "a = ? AND w = ? AND ? = b", "?Wa");
	is_plan("w = :workspace AND c > ? AND x IN (?...) ORDER BY x", 3,
	    "w = ? AND c > ? AND x IN (?,?,?) ORDER BY x", "W?lll");
	is_plan(
	    "w = :workspace AND x IN (?...)", 1, "w = ? AND x IN (?)", "Wl");
	is_plan("INSERT INTO t (w, a, b) VALUES (:workspace, ?, F(?, 1))"
	        " ON DUPLICATE KEY UPDATE a = VALUES(a)",
	    2,
	    "INSERT INTO t (w, a, b) VALUES (?, ?, F(?, 1)),(?, ?, F(?, 1))"
	    " ON DUPLICATE KEY UPDATE a = VALUES(a)",
	    "W??W??");
}

int
main(void)
{
	test_compile();
	test_checker();
	test_registry();
	test_generation();
	return done_testing();
}
