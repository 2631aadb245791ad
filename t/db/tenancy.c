#include "tenancy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sqltok.h"

#define REFS_MAX 16
#define FACTS_MAX 64

/* What is known of a table's rows: they are of :account, of :workspace. */
enum { ACC = 1, WS = 2 };

/* A table as a statement names it. */
struct ref {
	const struct table_row *table;
	const char *alias;
	int at, scope;
	bool left;   /* of a LEFT JOIN: its ON binds nothing but it */
	bool target; /* after INTO: no condition is about it */
	int known;
};

/* ref's column of a kind equals that of another ref. */
struct fact {
	struct ref *a, *b;
	int kind;
};

struct checker {
	struct sql q;
	struct ref refs[REFS_MAX];
	struct fact facts[FACTS_MAX];
	int nrefs, nfacts;
	char *why;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static bool
fail(struct checker *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(k->why, k->size, fmt, ap);
	va_end(ap);
	return false;
}

static const struct table_row *
find_table(const char *name)
{
	unsigned i;

	for (i = 0; i < tables_count; i++)
		if (!strcasecmp(tables[i].name, name))
			return &tables[i];
	return NULL;
}

/* Adds the table at token i; *next_out is the token after it and its alias. */
static bool
add_ref(struct checker *k, int i, int *next_out)
{
	struct ref *r = &k->refs[k->nrefs];

	*next_out = i;
	if (sql_is(&k->q, i, "("))
		return true;
	if (k->nrefs == REFS_MAX || sql_is(&k->q, i + 1, "."))
		return fail(k, "too many tables, or one of another database");
	r->table = find_table(k->q.t[i].text);
	if (!r->table)
		return fail(k, "unknown table %s", k->q.t[i].text);
	r->alias = k->q.t[i].text;
	r->at = i;
	r->scope = k->q.t[i].scope;
	r->target = sql_is(&k->q, i - 1, "INTO");
	r->left =
	    sql_is(&k->q, i - 1, "JOIN") && sql_in(&k->q, i - 2, "LEFT OUTER");
	i += sql_is(&k->q, i + 1, "AS") ? 2 : 1;
	if (k->q.t[i].kind == 'w' &&
	    !sql_in(&k->q, i,
	        "WHERE JOIN ON SET ORDER GROUP LIMIT LEFT INNER "
	        "CROSS STRAIGHT_JOIN FOR LOCK SELECT VALUES HAVING FORCE USE"))
		r->alias = k->q.t[i++].text;
	k->nrefs++;
	*next_out = i;
	return true;
}

/* Collects the tables of all clauses. */
static bool
collect(struct checker *k)
{
	const struct sql *q = &k->q;
	int i, next;

	/* Or with one name before FROM, of a table that is proven like all. */
	if (sql_is(q, 0, "DELETE") && !sql_is(q, 1, "FROM") &&
	    !(q->n > 2 && q->t[1].kind == 'w' && sql_is(q, 2, "FROM")))
		return fail(k, "DELETE without FROM");
	if (sql_in(q, 0, "INSERT REPLACE") && !sql_is(q, 1, "INTO") &&
	    !sql_is(q, 2, "INTO"))
		return fail(k, "INSERT without INTO");
	for (i = 0; i < q->n; i++) {
		if (sql_in(q, i,
		        "UNION INTERSECT EXCEPT WITH RIGHT NATURAL "
		        "USING CALL BETWEEN CASE"))
			return fail(k, "%s is not understood", q->t[i].text);
		if (!sql_in(q, i, "FROM JOIN STRAIGHT_JOIN INTO") &&
		    !(i == 0 && sql_is(q, i, "UPDATE")))
			continue;
		if (!add_ref(k, i + 1, &next))
			return false;
		while (sql_is(q, next, ",") && q->t[next].clause == IN_FROM)
			if (!add_ref(k, next + 1, &next))
				return false;
	}
	return true;
}

/* What a column of a table says, or 0. */
static int
column_kind(const struct table_row *table, const char *column)
{
	if (!strcasecmp(column, "account_id"))
		return ACC;
	if (!strcasecmp(column, "workspace_id"))
		return WS;
	if (!strcasecmp(column, "id") && !strcmp(table->name, "account"))
		return ACC;
	if (!strcasecmp(column, "id") && !strcmp(table->name, "workspace"))
		return WS;
	return 0;
}

static struct ref *
find_alias(struct checker *k, const char *alias, int scope)
{
	int i;

	for (;; scope = k->q.g[k->q.g[scope].parent].scope) {
		for (i = 0; i < k->nrefs; i++)
			if (k->refs[i].scope == scope && !k->refs[i].target &&
			    !strcasecmp(k->refs[i].alias, alias))
				return &k->refs[i];
		if (scope == 0)
			return NULL;
	}
}

/* The table of a column without a name before it: the only one there is. */
static struct ref *
find_only(struct checker *k, int scope)
{
	struct ref *r = NULL;
	int i;

	for (i = 0; i < k->nrefs; i++) {
		if (k->refs[i].scope != scope || k->refs[i].target)
			continue;
		if (r)
			return NULL;
		r = &k->refs[i];
	}
	return r;
}

/* The table of the column whose name is token i. */
static struct ref *
resolve(struct checker *k, int i)
{
	int scope = k->q.t[i].scope;

	return sql_is(&k->q, i - 1, ".")
	           ? find_alias(k, k->q.t[i - 2].text, scope)
	           : find_only(k, scope);
}

/* Whether a condition may end before token i. */
static bool
ends_before(const struct sql *q, int i)
{
	return i >= q->n || sql_in(q, i,
	                        ") AND WHERE SET ORDER GROUP LIMIT FOR "
	                        "LOCK JOIN LEFT INNER STRAIGHT_JOIN");
}

/* Whether a condition at token i always holds: no OR or NOT about it, and no
 * parentheses but those of conditions. */
static bool
always_holds(const struct checker *k, int i)
{
	const struct sql *q = &k->q;
	int g = q->t[i].group;

	for (;; g = q->g[g].parent) {
		if (q->g[g].has_or)
			return false;
		if (g == q->t[i].scope)
			return true;
		if (!sql_in(q, q->g[g].open - 1, "WHERE ON AND (") ||
		    !ends_before(q, q->g[g].close + 1))
			return false;
	}
}

/* The newest table before token i in its scope: what an ON is about. */
static struct ref *
joined(struct checker *k, int i)
{
	struct ref *r = NULL;
	int j;

	for (j = 0; j < k->nrefs; j++)
		if (k->refs[j].scope == k->q.t[i].scope && k->refs[j].at < i)
			r = &k->refs[j];
	return r;
}

static bool
may_bind(struct checker *k, const struct ref *r, int i)
{
	struct ref *j;

	if (r->scope != k->q.t[i].scope)
		return false;
	if (k->q.t[i].clause != IN_ON)
		return true;
	j = joined(k, i);
	return j && (!j->left || j == r);
}

static void
add_fact(struct checker *k, struct ref *a, struct ref *b, int kind, int i)
{
	if (k->nfacts < FACTS_MAX && may_bind(k, a, i))
		k->facts[k->nfacts++] = (struct fact){a, b, kind};
}

/* Takes what "left = right" says, the sign being token i. */
static void
learn(struct checker *k, int i)
{
	const struct sql *q = &k->q;
	int before = sql_is(q, i - 2, ".") ? i - 4 : i - 2;
	int last = sql_is(q, i + 2, ".") ? i + 3 : i + 1;
	struct ref *a, *b;
	int kind;

	if ((q->t[i].clause != IN_WHERE && q->t[i].clause != IN_ON) ||
	    !always_holds(k, i) || !sql_in(q, before, "WHERE ON AND (") ||
	    !ends_before(q, last + 1))
		return;
	a = resolve(k, i - 1);
	kind = a ? column_kind(a->table, q->t[i - 1].text) : 0;
	if (!kind)
		return;
	if (q->t[i + 1].kind == 'm') {
		if (sql_is(q, i + 1, kind == ACC ? ":account" : ":workspace") &&
		    may_bind(k, a, i))
			a->known |= kind;
		return;
	}
	b = q->t[last].kind == 'w' ? resolve(k, last) : NULL;
	if (!b || column_kind(b->table, q->t[last].text) != kind)
		return;
	add_fact(k, a, b, kind, i);
	add_fact(k, b, a, kind, i);
}

/* Draws conclusions until there is nothing new. */
static void
conclude(struct checker *k)
{
	bool more = true;
	int i;

	while (more) {
		more = false;
		for (i = 0; i < k->nrefs; i++) {
			struct ref *r = &k->refs[i];

			if (!strcmp(r->table->name, "workspace") &&
			    r->known == ACC)
				r->known |= WS;
		}
		for (i = 0; i < k->nfacts; i++) {
			struct fact *f = &k->facts[i];

			if ((f->b->known & f->kind) & ~f->a->known) {
				f->a->known |= f->kind;
				more = true;
			}
		}
	}
}

/* The token that begins element n of the group opened by token `open`, if
 * the element is that token alone; -1 otherwise. */
static int
element(const struct sql *q, int open, int n)
{
	int i, group = q->t[open].group;

	for (i = open + 1; i < q->n && n > 0; i++)
		if (sql_is(q, i, ",") && q->t[i].group == group)
			n--;
	return n == 0 && sql_in(q, i + 1, ", )") ? i : -1;
}

/* The place of a column in the list opened by token `open`; -1 if missing. */
static int
column_place(const struct sql *q, int open, const char *column)
{
	int i, place = 0;

	for (i = open + 1; i < q->n && !sql_is(q, i, ")"); i++) {
		if (sql_is(q, i, column))
			return place;
		place += sql_is(q, i, ",");
	}
	return -1;
}

/* Finds what an INSERT puts into its table's column of a kind. */
static void
learn_insert(struct checker *k, struct ref *r, const char *column, int kind)
{
	const char *marker = kind == ACC ? ":account" : ":workspace";
	const struct sql *q = &k->q;
	int open = r->at + 1, place, i, end;

	if (!sql_is(q, open, "(") ||
	    (place = column_place(q, open, column)) < 0)
		return;
	for (i = open; i < q->n && !sql_is(q, i, ")"); i++)
		;
	if (!sql_is(q, i + 1, "VALUES") || !sql_is(q, i + 2, "("))
		return;
	for (end = i + 3;
	     end < q->n &&
	     !(sql_is(q, end, ")") && q->t[end].group == q->t[i + 2].group);
	     end++)
		;
	if (end + 1 < q->n && !sql_is(q, end + 1, "ON"))
		return;
	if (sql_is(q, element(q, i + 2, place), marker))
		r->known |= kind;
}

/* An assignment to a column that says whose a row is: SET or what follows ON
 * DUPLICATE KEY UPDATE. */
static bool
moves_row(const struct sql *q, int i)
{
	int before = sql_is(q, i - 2, ".") ? i - 4 : i - 2;

	return q->t[i].clause == IN_SET && sql_in(q, before, "SET UPDATE ,") &&
	       sql_in(q, i - 1, "account_id workspace_id");
}

/* Whether a statement reads, of all workspaces, the one that a row of a SERVER
 * table names. */
static bool
is_named(struct checker *k, const struct ref *r)
{
	int i;

	if (strcmp(r->table->name, "workspace") != 0 ||
	    !sql_is(&k->q, 0, "SELECT"))
		return false;
	for (i = 0; i < k->nfacts; i++) {
		const struct fact *f = &k->facts[i];

		if (f->a == r && f->kind == WS &&
		    f->b->table->owner == TABLE_SERVER)
			return true;
	}
	return false;
}

static bool
judge(struct checker *k, enum stmt_scope scope)
{
	int i;

	for (i = 0; i < k->nrefs; i++) {
		struct ref *r = &k->refs[i];
		enum table_owner owner = r->table->owner;

		if (owner == TABLE_SERVER)
			continue;
		if (scope == STMT_SERVER && is_named(k, r))
			continue;
		if (scope == STMT_SERVER)
			return fail(
			    k, "SERVER statement on %s", r->table->name);
		if (owner == TABLE_ACCOUNT && !(r->known & ACC))
			return fail(k, "account_id of %s (%s) is not :account",
			    r->table->name, r->alias);
		if (owner == TABLE_WORKSPACE && !(r->known & WS))
			return fail(k,
			    "workspace_id of %s (%s) is not "
			    ":workspace",
			    r->table->name, r->alias);
	}
	return true;
}

static bool
check(struct checker *k, const struct stmt_row *row)
{
	int i;

	if (!sql_cut(&k->q, row->sql))
		return fail(k, "too long, or unbalanced");
	if (!sql_in(&k->q, 0, "SELECT INSERT UPDATE DELETE REPLACE"))
		return fail(k, "%s is not understood", k->q.t[0].text);
	if (!collect(k))
		return false;
	for (i = 1; i < k->q.n; i++) {
		if (!sql_is(&k->q, i, "="))
			continue;
		if (moves_row(&k->q, i))
			return fail(k, "%s is assigned to", k->q.t[i - 1].text);
		learn(k, i);
	}
	for (i = 0; i < k->nrefs; i++) {
		if (!k->refs[i].target)
			continue;
		learn_insert(k, &k->refs[i], "account_id", ACC);
		learn_insert(k, &k->refs[i], "workspace_id", WS);
	}
	conclude(k);
	return judge(k, row->scope);
}

bool
tenancy_check(const struct stmt_row *row, char *why, size_t n)
{
	struct checker *k = calloc(1, sizeof(*k));
	bool good;

	if (!k)
		abort();
	k->why = why;
	k->size = n;
	why[0] = '\0';
	good = check(k, row);
	free(k);
	return good;
}
