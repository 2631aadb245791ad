/* Deferred transactions: what is sent when, its order, errors, bounds; the same
 * with [database] compound = off. */
#include "deferred.h"

static struct conf hasty; /* waits for locks no longer than a second */

/* Order, and one look in the middle that sees all before it. */

static enum err_code
ordered(struct db *on, void *arg, struct err *err)
{
	int64_t *seen = arg, id = *seen;
	struct db_val list[] = {db_int(900), db_int(901), db_int(902)};
	struct db_val cells[2][4];
	struct uuid u[2] = {{{9}}, {{8}}};
	char text[8] = "first";
	enum err_code rc = add_segment(on, id, err);
	int i;

	runs++;
	for (i = 0; i < 2; i++) {
		cells[i][0] = db_int(900 + i);
		cells[i][1] = db_uuid(&u[i]);
		cells[i][2] = db_bytes(text, i ? 5 : 0);
		cells[i][3] = i ? db_int(INT64_MIN) : db_int(7);
	}
	if (!rc)
		rc = move(on, id, 5, err);
	if (!rc)
		rc = db_bulk(on, &ctx, SQL_CUSTOMER_PUT, cells[0], 2, 4, err);
	memcpy(text, "other", 5);
	if (!rc)
		rc = look(on, id, seen, err);
	if (!rc)
		rc = db_exec_list(on, &ctx, SQL_CUSTOMER_DELETE, DB_NOARGS,
		    (struct db_args){list, 3}, NULL, err);
	if (!rc)
		rc =
		    db_bulk(on, &ctx, SQL_CUSTOMER_INSERT, cells[1], 1, 4, err);
	memset(cells, 0, sizeof(cells));
	memset(text, 'x', sizeof(text));
	return rc ? rc : move(on, id, 30, err);
}

static void
test_order(int64_t id)
{
	struct db_rows *r;
	int64_t seen = id, before = asked("Questions"), used;
	size_t n;

	is_int(told(run(ordered, NULL, &seen), &e), ERR_OK, "%s: a transaction",
	    form);
	used = asked("Questions") - before - 1;
	is_int(seen, 5, "%s: a query sees what came before it", form);
	is_int(position(id), 35, "%s: all is there", form);
	is_str(ends, "C", "%s: the owner is told", form);
	must(db_query(other, &ctx, SQL_CUSTOMER_ALL, DB_NOARGS, &r, &e));
	ok(db_next(r) && db_get_int(r, 0) == 901 &&
	        db_get_int(r, 3) == INT64_MIN &&
	        !strcmp(db_get_bytes(r, 2, &n), "other") && n == 5,
	    "%s: in its order, with the values of the call", form);
	ok(!db_next(r), "%s: and nothing else", form);
	must(db_done(&r, &e));
	is_int(
	    (int)used, db->compound ? 3 : 9, "%s: waits for the server", form);
}

/* Errors */

enum spoil { SPOIL_MIDDLE, SPOIL_LAST, SPOIL_BODY, SPOIL_NULL, SPOIL_CONTEXT };
struct faulty {
	enum spoil how;
	bool asks, swallows;
};

static enum err_code
faulty(struct db *on, void *arg, struct err *err)
{
	const struct faulty *f = arg;
	enum err_code rc = move(on, 1, 1, err);
	int64_t n;

	runs++;
	if (!rc && f->how == SPOIL_CONTEXT)
		rc = db_exec(on, NULL, SQL_SEGMENT_MOVE,
		    DB_ARGS(db_int(1), db_int(1)), NULL, NULL, err);
	if (!rc && f->how == SPOIL_MIDDLE)
		rc = add_segment(on, 1, err);
	if (!rc)
		rc = move(on, 1, 1, err);
	if (!rc && f->how == SPOIL_LAST)
		rc = add_segment(on, 1, err);
	if (!rc && f->how == SPOIL_NULL)
		rc = db_exec(on, &ctx, SQL_SEGMENT_SPOIL, DB_ARGS(db_int(1)),
		    NULL, NULL, err);
	if (!rc && f->asks)
		rc = look(on, 1, &n, err);
	if (f->swallows)
		rc = look(on, 1, &n, err) ? ERR_OK : rc;
	return rc || f->how != SPOIL_BODY ? rc
	                                  : err_set(err, ERR_CONFLICT, NULL);
}

static void
test_errors(void)
{
	static const struct {
		struct faulty f;
		enum err_code want;
		const char *what;
	} cases[] = {
	    {{SPOIL_MIDDLE, false, false}, ERR_DUPLICATE, "in the middle"},
	    {{SPOIL_MIDDLE, true, false}, ERR_DUPLICATE, "before a query"},
	    {{SPOIL_LAST, false, false}, ERR_DUPLICATE, "with COMMIT"},
	    {{SPOIL_NULL, false, false}, ERR_DATABASE, "of another kind"},
	    {{SPOIL_BODY, false, false}, ERR_CONFLICT, "of the body"},
	    {{SPOIL_BODY, true, false}, ERR_CONFLICT, "of the body, late"},
	    {{SPOIL_CONTEXT, false, false}, ERR_NO_CONTEXT, "S16: no context"},
	};
	int64_t before = position(1);
	unsigned i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct faulty f = cases[i].f;

		place = position(2);
		is_int(run(faulty, done, &f), cases[i].want, "%s: an error %s",
		    form, cases[i].what);
		is_int(runs + probes * 10, 1, "%s: is that of one run", form);
		is_str(ends, "R", "%s: which is rolled back", form);
		ok(!strstr(e.cause, "s1"), "%s: no value in %s", form, e.cause);
		is_int(position(1), before, "%s: and leaves nothing", form);
	}
	if (db->compound) {
		struct faulty f = {SPOIL_MIDDLE, true, true};

		is_int(run(faulty, done, &f), ERR_DUPLICATE,
		    "an error is not forgotten by the body");
		is_int(position(1), before, "which goes on in vain");
	}
}

/* Requirements */

struct wish {
	int64_t at;
	bool asks, fails;
	struct db *rival; /* tries to move what is required */
	enum err_code rivals;
};

static enum err_code
wishing(struct db *on, void *arg, struct err *err)
{
	struct wish *w = arg;
	struct err his;
	int64_t n;
	enum err_code rc = db_require(on, &ctx, SQL_SEGMENT_IS_AT,
	    DB_ARGS(db_int(3), db_int(w->at)), ERR_SUPERSEDED, err);

	runs++;
	if (!rc)
		rc = move(on, 4, 1, err);
	if (!rc && w->asks)
		rc = look(on, 4, &n, err);
	if (!rc && w->rival)
		w->rivals = move(w->rival, 3, 1, &his);
	return rc || !w->fails ? rc : err_set(err, ERR_CONFLICT, NULL);
}

static void
test_require(void)
{
	struct wish w = {.at = position(3)};
	int64_t before = position(4);

	is_int(
	    told(run(wishing, NULL, &w), &e), ERR_OK, "%s: what is so", form);
	is_int(position(4), before + 1, "%s: is no hindrance", form);
	w.at++;
	is_int(run(wishing, NULL, &w), ERR_SUPERSEDED, "%s: what is not", form);
	is_str(ends, "R", "%s: undoes", form);
	ok(strstr(e.cause, "SEGMENT_IS_AT"), "%s: %s", form, e.cause);
	w.asks = true;
	is_int(run(wishing, NULL, &w), ERR_SUPERSEDED, "%s: at a query", form);
	w.fails = true;
	w.asks = false;
	is_int(run(wishing, NULL, &w), ERR_SUPERSEDED,
	    "%s: it goes before an error of the body", form);
	w.at--;
	is_int(run(wishing, NULL, &w), ERR_CONFLICT,
	    "%s: which counts otherwise", form);
	is_int(position(4), before + 1, "%s: nothing of these is there", form);
	is_int(db_require(db, &ctx, SQL_SEGMENT_IS_AT,
	           DB_ARGS(db_int(3), db_int(w.at)), ERR_GONE, &e),
	    ERR_OK, "%s: outside of transactions", form);
	is_int(db_require(db, &ctx, SQL_SEGMENT_IS_AT,
	           DB_ARGS(db_int(3), db_int(w.at + 1)), ERR_GONE, &e),
	    ERR_GONE, "%s: too", form);
	is_int(db_require(db, NULL, SQL_SEGMENT_IS_AT,
	           DB_ARGS(db_int(3), db_int(w.at)), ERR_GONE, &e),
	    ERR_NO_CONTEXT, "S16: %s: not without a context", form);
	w = (struct wish){.at = w.at, .asks = true};
	w.rival = db_new(&hasty, DB_APP);
	is_int(
	    told(run(wishing, NULL, &w), &e), ERR_OK, "%s: with a rival", form);
	is_int(w.rivals, ERR_RETRY, "%s: what is required is locked", form);
	is_int(told(move(w.rival, 3, 0, &e), &e), ERR_OK, "%s: until the end",
	    form);
	db_free(&w.rival);
}

/* Bounds */

struct many {
	int n;
	size_t bytes;
};

static enum err_code
many(struct db *on, void *arg, struct err *err)
{
	const struct many *m = arg;
	struct uuid u = {{7}};
	char *text = calloc(m->bytes + 1, 1);
	enum err_code rc = ERR_OK;
	int i;

	for (i = 0; i < m->n && !rc; i++)
		rc = move(on, 7, 1, err);
	memset(text, 'y', m->bytes);
	if (!rc && m->bytes)
		rc = db_exec(on, &ctx, SQL_CUSTOMER_PUT,
		    DB_ARGS(db_int(990), db_uuid(&u), db_bytes(text, m->bytes),
		        db_int(1)),
		    NULL, NULL, err);
	free(text);
	return rc ? rc : move(on, 7, 1, err);
}

static void
test_bounds(void)
{
	struct many m;
	int64_t before = position(7), prepared;

	for (m = (struct many){.n = 0}; m.n < 2 * HELD_MAX + 3; m.n++)
		must(run(many, NULL, &m));
	is_int(position(7), before + m.n * (m.n + 1) / 2,
	    "%s: as many as there are", form);
	m = (struct many){.n = 2};
	must(run(many, NULL, &m));
	prepared = asked("Com_stmt_prepare");
	must(run(many, NULL, &m));
	is_int(asked("Com_stmt_prepare"), prepared,
	    "%s: what is known is not prepared again", form);
	if (db->compound)
		ok(asked("Com_stmt_close") > HELD_MAX,
		    "blocks that are not used are closed");
	before = position(7);
	m = (struct many){.n = 1, .bytes = 3 * (size_t)HELD_BYTES};
	is_int(told(run(many, NULL, &m), &e), ERR_OK, "%s: large values", form);
	m.bytes = HELD_BYTES - 500;
	is_int(told(run(many, NULL, &m), &e), ERR_OK, "%s: less large", form);
	is_int(position(7), before + 4, "%s: between others", form);
}

/* A table that is altered under blocks that are prepared. */
static void
test_altered(void)
{
	struct db *owner = db_new(&server.conf, DB_OWNER);
	struct many m = {.n = 3, .bytes = 10};
	struct wish w = {.at = position(3)};

	must(run(many, NULL, &m));
	must(run(wishing, NULL, &w));
	must(conn_ready(owner, &e));
	must(conn_run(owner,
	    "ALTER TABLE segment ADD COLUMN first_of_all INT NULL FIRST", &e));
	is_int(told(run(many, NULL, &m), &e), ERR_OK, "%s: altered", form);
	is_int(told(run(wishing, NULL, &w), &e), ERR_OK, "%s: for both", form);
	must(conn_run(
	    owner, "ALTER TABLE segment DROP COLUMN first_of_all", &e));
	is_int(told(run(many, NULL, &m), &e), ERR_OK, "%s: and back", form);
	db_free(&owner);
}

static enum err_code
nothing(struct db *on, void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	return db_in_transaction(on) ? ERR_OK : ERR_INTERNAL;
}

/* All cases, in the form of `db`. */
static void
cases(void)
{
	test_order(db->compound ? 50 : 60);
	test_errors();
	test_require();
	test_bounds();
	test_altered();
	is_int(told(run(nothing, NULL, NULL), &e), ERR_OK, "%s: nothing", form);
	must(db_exec_list(db, &ctx, SQL_CUSTOMER_DELETE, DB_NOARGS,
	    DB_ARGS(db_int(901), db_int(990)), NULL, &e));
}

int
main(void)
{
	deferred_begin();
	hasty = server.conf;
	hasty.database_statement_timeout = 2;
	return deferred_end(cases);
}
